// Requests that have been sent and not answered: what is sent again on a new connection.
#pragma once

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pending {
  struct pending *next;
  size_t length;
  int64_t since_ms; // when the program sent it, on the monotonic clock
  unsigned char message[]; // a whole netlink message; may hold keys
};

// Appends a copy. False when memory is out.
bool pending_add(struct pending **list, const void *message, size_t length, int64_t now_ms);

// Forgets the request that this message answers for good: an error, the end of a dump, or a reply that
// is not part of one.
void pending_settle(struct pending **list, const struct nlmsghdr *answer);

// Forgets the oldest.
void pending_drop_first(struct pending **list);
void pending_drop_all(struct pending **list);
