// A netlink socket of the program, carried by a Unix stream connection that may go and come back.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct channel;

// Finds the C library's own functions and the bridge's path. Called before anything else here; runs once.
void channel_setup(void);

// True when SLUICE_XFRM_SOCKET names a bridge.
bool channel_enabled(void);

// The channel behind a file descriptor, or NULL when the descriptor is none of ours.
struct channel *channel_find(int fd);

// A new channel. Returns its file descriptor, which stays the same for as long as the channel lives, or
// -1 with errno. Nothing is connected before channel_bind.
int channel_open(int type);

// Binds to multicast groups and connects, now or as soon as the bridge is there.
void channel_bind(struct channel *channel, uint32_t groups);

// Sends one netlink message. Returns its length, or -1 with errno EINVAL or ENOBUFS. When the bridge is
// away, the message is kept and sent once it is back.
ssize_t channel_send(struct channel *channel, const void *message, size_t length);

// Receives one netlink message, as recv() would on a netlink socket; MSG_DONTWAIT and MSG_TRUNC are
// honoured. While the bridge is away the answer is EAGAIN (or a wait); a request that has had no answer
// for too long is answered by NLMSG_ERROR with ETIMEDOUT.
ssize_t channel_receive(struct channel *channel, void *buffer, size_t size, int flags);

int channel_close(struct channel *channel);

// The C library's functions, for what is not ours.
struct real_calls {
  int (*socket)(int, int, int);
  int (*bind)(int, const void *, unsigned);
  int (*close)(int);
  int (*setsockopt)(int, int, int, const void *, unsigned);
  ssize_t (*send)(int, const void *, size_t, int);
  ssize_t (*sendto)(int, const void *, size_t, int, const void *, unsigned);
  ssize_t (*recv)(int, void *, size_t, int);
  ssize_t (*recvfrom)(int, void *, size_t, int, void *, unsigned *);
};
extern struct real_calls real;
