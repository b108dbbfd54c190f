#include "af-xdp-program.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define MAX_QUEUES 256

#define RETRY_TIMES 50
#define RETRY_PAUSE_NS (10 * 1000 * 1000)

struct xdp_device {
  struct xdp_device *next;
  uint32_t index;
  uint32_t sockets;
  bool generic;
  int map_fd;
  int link_fd;
};

static struct xdp_device *devices;

int xdp_retry_busy(int (*attempt)(void *), void *argument) {
  int result = attempt(argument);
  for (int i = 0; result == -EBUSY && i < RETRY_TIMES; i++) {
    nanosleep(&(struct timespec){.tv_nsec = RETRY_PAUSE_NS}, NULL);
    result = attempt(argument);
  }
  return result;
}

// return bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_PASS): XDP_PASS when the queue has no socket.
static int load_program(int map_fd) {
  const struct bpf_insn program[] = {
      {.code = BPF_LDX | BPF_MEM | BPF_W,
       .dst_reg = BPF_REG_2,
       .src_reg = BPF_REG_1,
       .off = offsetof(struct xdp_md, rx_queue_index)},
      {.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = BPF_REG_1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = map_fd},
      {0}, // the upper half of the 64-bit immediate
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = XDP_PASS},
      {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map},
      {.code = BPF_JMP | BPF_EXIT},
  };
  return bpf_prog_load(BPF_PROG_TYPE_XDP, "sluice_xdp", "Apache-2.0", program, sizeof program / sizeof *program,
                       NULL);
}

struct attachment {
  int program_fd;
  uint32_t index;
  uint32_t flags;
};

// A link, not a netlink attachment: it ends with its descriptor, so a process that dies leaves no program.
static int attach(void *argument) {
  const struct attachment *attachment = argument;
  LIBBPF_OPTS(bpf_link_create_opts, options, .flags = attachment->flags);
  int link = bpf_link_create(attachment->program_fd, (int)attachment->index, BPF_XDP, &options);
  return link < 0 ? -errno : link;
}

static int attach_in_mode(struct xdp_device *device, int program_fd, enum xdp_mode mode) {
  struct attachment attachment = {.program_fd = program_fd, .index = device->index, .flags = XDP_FLAGS_DRV_MODE};
  int link = -EOPNOTSUPP;
  if (mode != XDP_MODE_GENERIC) {
    link = xdp_retry_busy(attach, &attachment);
    // Somebody else's program, or no right: another mode would not help.
    if (link >= 0 || mode == XDP_MODE_NATIVE || link == -EBUSY || link == -EPERM) return link;
  }
  attachment.flags = XDP_FLAGS_SKB_MODE;
  device->generic = true;
  return xdp_retry_busy(attach, &attachment);
}

static struct xdp_device *fail(struct xdp_device *device, int error) {
  if (device->map_fd >= 0) close(device->map_fd);
  free(device);
  errno = error;
  return NULL;
}

struct xdp_device *xdp_device_hold(uint32_t index, enum xdp_mode mode, const char **call) {
  for (struct xdp_device *device = devices; device != NULL; device = device->next) {
    if (device->index != index) continue;
    if (mode != XDP_MODE_AUTO && device->generic != (mode == XDP_MODE_GENERIC)) {
      *call = "bpf BPF_LINK_CREATE"; // a device has its program in one mode
      errno = EEXIST;
      return NULL;
    }
    device->sockets++;
    return device;
  }

  struct xdp_device *device = calloc(1, sizeof *device);
  *call = "calloc";
  if (device == NULL) return NULL;
  device->index = index;
  device->sockets = 1;
  *call = "bpf BPF_MAP_CREATE";
  device->map_fd = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "sluice_queues", sizeof(uint32_t), sizeof(int), MAX_QUEUES, NULL);
  if (device->map_fd < 0) return fail(device, errno);
  *call = "bpf BPF_PROG_LOAD";
  int program_fd = load_program(device->map_fd);
  if (program_fd < 0) return fail(device, errno);
  *call = "bpf BPF_LINK_CREATE";
  device->link_fd = attach_in_mode(device, program_fd, mode);
  close(program_fd); // the link holds it
  if (device->link_fd < 0) return fail(device, -device->link_fd);

  device->next = devices;
  devices = device;
  return device;
}

void xdp_device_release(struct xdp_device *device) {
  if (--device->sockets > 0) return;
  struct xdp_device **at = &devices;
  while (*at != device) at = &(*at)->next;
  *at = device->next;
  close(device->link_fd);
  close(device->map_fd);
  free(device);
}

bool xdp_device_is_generic(const struct xdp_device *device) {
  return device->generic;
}

int xdp_device_lead(struct xdp_device *device, uint32_t queue, int fd) {
  return bpf_map_update_elem(device->map_fd, &queue, &fd, BPF_ANY) == 0 ? 0 : -errno;
}

void xdp_device_unlead(struct xdp_device *device, uint32_t queue) {
  bpf_map_delete_elem(device->map_fd, &queue); // fails when the socket's device is gone, and the entry with it
}
