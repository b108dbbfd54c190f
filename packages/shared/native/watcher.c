#include "watcher.h"

#include <errno.h>
#include <stdlib.h>
#include <uv.h>

struct watcher {
  uv_poll_t poll;
  napi_env env;
  napi_ref callback;
  napi_ref self; // keeps the object
  napi_async_context context;
  napi_async_cleanup_hook_handle hook;
  bool once;
  bool closing;  // uv_close has been called
  bool released; // JavaScript has let go
  bool closed;   // libuv has let go
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

void watcher_close(struct watcher *watcher) {
  if (watcher->closing) return;
  watcher->closing = true;
  if (watcher->self != NULL) napi_delete_reference(watcher->env, watcher->self);
  if (watcher->callback != NULL) napi_delete_reference(watcher->env, watcher->callback);
  if (watcher->context != NULL) napi_async_destroy(watcher->env, watcher->context);
  uv_close((uv_handle_t *)&watcher->poll, on_closed);
}

// The environment ends (worker.terminate(), process.exit()): its loop must not end with our handle in it.
static void on_cleanup(napi_async_cleanup_hook_handle hook, void *data) {
  (void)hook;
  watcher_close(data);
}

static void on_release(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  struct watcher *watcher = data;
  watcher_close(watcher);
  watcher->released = true;
  free_when_unused(watcher);
}

static void on_readable(uv_poll_t *poll, int status, int events) {
  (void)status; // an error on the descriptor shows when it is read
  (void)events;
  struct watcher *watcher = poll->data;
  napi_env env = watcher->env;
  if (watcher->once) uv_poll_stop(poll);

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

int watcher_open(napi_env env, const char *name, int fd, napi_value callback, bool once, napi_value *object) {
  uv_loop_t *loop;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return EINVAL;
  struct watcher *watcher = calloc(1, sizeof *watcher);
  if (watcher == NULL) return ENOMEM;
  watcher->env = env;
  watcher->once = once;
  watcher->poll.data = watcher;
  int error = -uv_poll_init(loop, &watcher->poll, fd);
  if (error != 0) {
    free(watcher);
    return error;
  }

  // From here on the handle is the loop's: whatever fails is undone by closing it.
  napi_value resource;
  if (napi_add_async_cleanup_hook(env, on_cleanup, watcher, &watcher->hook) != napi_ok ||
      napi_create_reference(env, callback, 1, &watcher->callback) != napi_ok ||
      napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &resource) != napi_ok ||
      napi_async_init(env, NULL, resource, &watcher->context) != napi_ok ||
      napi_create_external(env, watcher, on_release, NULL, object) != napi_ok) {
    watcher->released = true; // there is no object to let go
    watcher_close(watcher);
    return ENOMEM;
  }
  if (napi_create_reference(env, *object, 1, &watcher->self) == napi_ok) return 0;
  watcher_close(watcher);
  return ENOMEM;
}

struct watcher *watcher_of(napi_env env, napi_value object) {
  void *data = NULL;
  return napi_get_value_external(env, object, &data) == napi_ok ? data : NULL;
}

int watcher_start(struct watcher *watcher) {
  return watcher->closing ? EBADF : -uv_poll_start(&watcher->poll, UV_READABLE, on_readable);
}

void watcher_stop(struct watcher *watcher) {
  if (!watcher->closing) uv_poll_stop(&watcher->poll);
}
