// Waiter: a poller (epoll descriptor) watched by the event loop of the thread that made it, once per arm.
//
// A worker sleeps this way instead of in a blocking wait, so that its event loop goes on with control calls.
#include <errno.h>

#include "args.h"
#include "errors.h"
#include "poller.h"
#include "watcher.h"

static struct watcher *waiter_argument(napi_env env, napi_callback_info info) {
  napi_value value;
  return arguments(env, info, 1, &value) ? watcher_of(env, value) : NULL;
}

napi_value waiter_open(napi_env env, napi_callback_info info) {
  napi_value values[2], object;
  int32_t fd;
  napi_valuetype type;
  if (!arguments(env, info, 2, values) || !integer_value(env, values[0], &fd) ||
      napi_typeof(env, values[1], &type) != napi_ok || type != napi_function) {
    return throw_errno(env, EINVAL, "Waiter", "a waiter needs a poller and a function");
  }
  int error = watcher_open(env, "sluice.Waiter", fd, values[1], true, &object);
  if (error != 0) return throw_errno(env, error, "uv_poll_init", "watching poller %d", fd);
  return object;
}

napi_value waiter_arm(napi_env env, napi_callback_info info) {
  struct watcher *waiter = waiter_argument(env, info);
  int error = waiter == NULL ? EBADF : watcher_start(waiter);
  if (error != 0) return throw_errno(env, error, "uv_poll_start", "arming a waiter");
  return NULL;
}

napi_value waiter_disarm(napi_env env, napi_callback_info info) {
  struct watcher *waiter = waiter_argument(env, info);
  if (waiter != NULL) watcher_stop(waiter);
  return NULL;
}

napi_value waiter_close(napi_env env, napi_callback_info info) {
  struct watcher *waiter = waiter_argument(env, info);
  if (waiter != NULL) watcher_close(waiter);
  return NULL;
}
