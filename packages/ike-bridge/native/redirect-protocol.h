// What the preloaded library says to the bridge beside XFRM netlink itself. Shared with the tests,
// which compare it with the constants of src/xfrm/constants.ts.
#pragma once

#include <stdint.h>

// Type of the first message on every connection, outside the range of XFRM's own types. Its payload is
// the 32-bit mask of multicast groups that the socket was bound to; zero for a socket of requests.
// nlmsg_pid of its header is the process that owns the socket.
#define REDIRECT_MSG_BIND 0xfff0

// Octets. Longer messages end the connection, at either end.
#define REDIRECT_MESSAGE_MAX 65536

struct redirect_bind {
  uint32_t groups;
};
