// A watcher's memory goes when both libuv has closed its handle and JavaScript has let go of the object.
#include "watch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <uv.h>

#include "arguments.h"

struct watcher {
  uv_poll_t poll;
  napi_env env;
  napi_ref callback;
  napi_ref self; // one that nobody mentions any more must still call back
  napi_async_context context;
  napi_async_cleanup_hook_handle hook;
  bool closing, released, closed;
};

static void free_when_unused(struct watcher *watcher) {
  if (watcher->released && watcher->closed) free(watcher);
}

static void on_closed(uv_handle_t *handle) {
  struct watcher *watcher = handle->data;
  if (watcher->hook != NULL) napi_remove_async_cleanup_hook(watcher->hook);
  watcher->closed = true;
  free_when_unused(watcher);
}

static void begin_close(struct watcher *watcher) {
  if (watcher->closing) return;
  watcher->closing = true;
  if (watcher->self != NULL) napi_delete_reference(watcher->env, watcher->self);
  if (watcher->callback != NULL) napi_delete_reference(watcher->env, watcher->callback);
  if (watcher->context != NULL) napi_async_destroy(watcher->env, watcher->context);
  uv_close((uv_handle_t *)&watcher->poll, on_closed);
}

static void on_cleanup(napi_async_cleanup_hook_handle hook, void *data) {
  (void)hook;
  begin_close(data);
}

static void on_release(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  struct watcher *watcher = data;
  begin_close(watcher);
  watcher->released = true;
  free_when_unused(watcher);
}

static void on_readable(uv_poll_t *poll, int status, int events) {
  (void)status; // an error on the descriptor shows when it is read
  (void)events;
  struct watcher *watcher = poll->data;
  napi_env env = watcher->env;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_value receiver, callback, ignored, error;
  if (napi_get_global(env, &receiver) == napi_ok &&
      napi_get_reference_value(env, watcher->callback, &callback) == napi_ok &&
      napi_make_callback(env, watcher->context, receiver, callback, 0, NULL, &ignored) == napi_pending_exception &&
      napi_get_and_clear_last_exception(env, &error) == napi_ok) {
    napi_fatal_exception(env, error); // as an exception in a timer: 'uncaughtException'
  }
  napi_close_handle_scope(env, scope);
}

// watch(fd, callback): calls back while the descriptor has something to read, or an error.
napi_value watch(napi_env env, napi_callback_info info) {
  napi_value values[2], name, external;
  int32_t fd;
  uv_loop_t *loop;
  if (!arguments(env, info, 2, values) || !integer_value(env, values[0], &fd) ||
      napi_get_uv_event_loop(env, &loop) != napi_ok) {
    return throw_errno(env, EINVAL, "watching a socket");
  }
  struct watcher *watcher = calloc(1, sizeof *watcher);
  if (watcher == NULL) return throw_errno(env, ENOMEM, "watching a socket");
  watcher->env = env;
  watcher->poll.data = watcher;
  int error = uv_poll_init(loop, &watcher->poll, fd);
  if (error != 0) {
    free(watcher);
    return throw_errno(env, -error, "watching a socket");
  }
  // From here on the handle is the loop's: whatever fails is undone by closing it.
  if (napi_add_async_cleanup_hook(env, on_cleanup, watcher, &watcher->hook) != napi_ok ||
      napi_create_reference(env, values[1], 1, &watcher->callback) != napi_ok ||
      napi_create_string_utf8(env, "sluice.dhcpd.watch", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_async_init(env, NULL, name, &watcher->context) != napi_ok ||
      napi_create_external(env, watcher, on_release, NULL, &external) != napi_ok) {
    watcher->released = true; // there is no object to let go
    begin_close(watcher);
    return throw_errno(env, ENOMEM, "watching a socket");
  }
  error = napi_create_reference(env, external, 1, &watcher->self) == napi_ok
              ? -uv_poll_start(&watcher->poll, UV_READABLE, on_readable)
              : ENOMEM;
  if (error == 0) return external;
  begin_close(watcher);
  return throw_errno(env, error, "watching a socket");
}

napi_value unwatch(napi_env env, napi_callback_info info) {
  napi_value value;
  void *data = NULL;
  if (arguments(env, info, 1, &value) && napi_get_value_external(env, value, &data) == napi_ok) begin_close(data);
  return NULL;
}
