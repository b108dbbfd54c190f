// The XDP program of a device: packets of a queue that has a socket go to it, all others to Linux.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum xdp_mode { XDP_MODE_NATIVE, XDP_MODE_GENERIC, XDP_MODE_AUTO };

struct xdp_device;

// The device's program, attached if this process has not done so yet. NULL with errno set, and the call that
// failed in *call. The callers hold one lock around all of this header.
struct xdp_device *xdp_device_hold(uint32_t index, enum xdp_mode mode, const char **call);
// Detaches with the last socket.
void xdp_device_release(struct xdp_device *device);

bool xdp_device_is_generic(const struct xdp_device *device);

// Leads a queue to a socket. 0 or -errno.
int xdp_device_lead(struct xdp_device *device, uint32_t queue, int fd);
void xdp_device_unlead(struct xdp_device *device, uint32_t queue);

// Calls `attempt` until it gives something else than -EBUSY, for half a second at most: what an AF_XDP socket or
// program held is freed by the kernel some 30 ms after it was closed.
int xdp_retry_busy(int (*attempt)(void *), void *argument);
