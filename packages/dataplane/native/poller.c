#include "poller.h"

#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "tap.h"

// Of one call; the kernel has the others next time, because it puts those that it has told to the end of its list.
#define READY_MAX 64

napi_value poller_open(napi_env env, napi_callback_info info) {
  (void)info;
  int fd = epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) return throw_errno(env, errno, "epoll_create1", "opening a poller");
  return integer(env, fd);
}

static napi_value control(napi_env env, napi_callback_info info, int operation, const char *what) {
  napi_value values[2];
  int32_t poller, fd;
  if (!arguments(env, info, 2, values) || !integer_value(env, values[0], &poller) ||
      !integer_value(env, values[1], &fd)) {
    return throw_errno(env, EINVAL, "epoll_ctl", "%s a poller needs two descriptors", what);
  }
  // Level-triggered: what was not drained when the callback ran makes the next wait end at once.
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  if (epoll_ctl(poller, operation, fd, &event) != 0) {
    return throw_errno(env, errno, "epoll_ctl", "%s poller %d: descriptor %d", what, poller, fd);
  }
  return NULL;
}

napi_value poller_add(napi_env env, napi_callback_info info) {
  return control(env, info, EPOLL_CTL_ADD, "adding to");
}

napi_value poller_remove(napi_env env, napi_callback_info info) {
  return control(env, info, EPOLL_CTL_DEL, "removing from");
}

napi_value poller_ready(napi_env env, napi_callback_info info) {
  struct batch batch;
  if (!batch_arguments(env, info, &batch)) return integer(env, -EINVAL);
  if (batch.count == 0) return integer(env, 0);
  struct epoll_event events[READY_MAX];
  int count = epoll_wait(batch.handle, events, batch.count < READY_MAX ? batch.count : READY_MAX, 0);
  if (count < 0) return integer(env, errno == EINTR ? 0 : -errno);
  for (int i = 0; i < count; i++) batch.items[i] = events[i].data.fd;
  return integer(env, count);
}

napi_value event_open(napi_env env, napi_callback_info info) {
  (void)info;
  int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) return throw_errno(env, errno, "eventfd", "opening an event");
  return integer(env, fd);
}

napi_value event_signal(napi_env env, napi_callback_info info) {
  uint64_t one = 1;
  if (write(integer_argument(env, info, -1), &one, sizeof one) == sizeof one) return integer(env, 0);
  return integer(env, errno == EAGAIN ? 0 : -errno); // EAGAIN: the counter is full, so it is signalled
}

napi_value event_clear(napi_env env, napi_callback_info info) {
  uint64_t count;
  if (read(integer_argument(env, info, -1), &count, sizeof count) == sizeof count) return integer(env, 0);
  return integer(env, errno == EAGAIN ? 0 : -errno); // EAGAIN: nothing was signalled
}

napi_value close_fd(napi_env env, napi_callback_info info) {
  int32_t fd = integer_argument(env, info, -1);
  tap_forget(fd);
  // After EINTR the descriptor is closed all the same (close(2)).
  if (close(fd) != 0 && errno != EINTR) return throw_errno(env, errno, "close", "closing descriptor %d", fd);
  return NULL;
}
