#include "watch.h"

#include <errno.h>

#include "arguments.h"
#include "errors.h"
#include "watcher.h"

// watch(fd, callback): calls back while the descriptor has something to read, or an error.
napi_value watch(napi_env env, napi_callback_info info) {
  napi_value values[2], object;
  int32_t fd;
  if (!arguments(env, info, 2, values) || !integer_value(env, values[0], &fd)) {
    return throw_errno(env, EINVAL, "watching a socket");
  }
  int error = watcher_open(env, "sluice.dhcpd.watch", fd, values[1], false, &object);
  if (error != 0) return throw_errno(env, error, "watching a socket");
  struct watcher *watcher = watcher_of(env, object);
  error = watcher_start(watcher);
  if (error == 0) return object;
  watcher_close(watcher);
  return throw_errno(env, error, "watching a socket");
}

// unwatch(object): never again, by what watch() returned.
napi_value unwatch(napi_env env, napi_callback_info info) {
  napi_value value;
  struct watcher *watcher = arguments(env, info, 1, &value) ? watcher_of(env, value) : NULL;
  if (watcher != NULL) watcher_close(watcher);
  return NULL;
}
