#define _GNU_SOURCE
#include "pending.h"

#include <stdlib.h>
#include <string.h>

static void drop(struct pending **link) {
  struct pending *request = *link;
  *link = request->next;
  explicit_bzero(request->message, request->length);
  free(request);
}

bool pending_add(struct pending **list, const void *message, size_t length, int64_t now_ms) {
  struct pending *request = malloc(sizeof *request + length);
  if (request == NULL) return false;
  request->next = NULL;
  request->length = length;
  request->since_ms = now_ms;
  memcpy(request->message, message, length);
  while (*list != NULL) list = &(*list)->next;
  *list = request;
  return true;
}

void pending_settle(struct pending **list, const struct nlmsghdr *answer) {
  bool last = answer->nlmsg_type == NLMSG_ERROR || answer->nlmsg_type == NLMSG_DONE ||
              !(answer->nlmsg_flags & NLM_F_MULTI);
  if (!last) return;
  for (; *list != NULL; list = &(*list)->next) {
    const struct nlmsghdr *request = (const void *)(*list)->message;
    if (request->nlmsg_seq == answer->nlmsg_seq) {
      drop(list);
      return;
    }
  }
}

void pending_drop_first(struct pending **list) {
  if (*list != NULL) drop(list);
}

void pending_drop_all(struct pending **list) {
  while (*list != NULL) drop(list);
}
