// Waiter: a poller (epoll descriptor) watched by the libuv loop of the thread that made it, once per arm.
//
// A worker sleeps this way instead of in a blocking wait, so that its event loop goes on with control calls.
// Its memory goes when both libuv has closed the handle and JavaScript has let go of the object.
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <uv.h>

#include "args.h"
#include "errors.h"
#include "poller.h"

struct waiter {
  uv_poll_t poll;
  napi_env env;
  napi_ref callback;
  napi_ref self; // the JavaScript object: a waiter that nobody mentions any more must still call back
  napi_async_context context;
  napi_async_cleanup_hook_handle hook;
  bool closing;  // uv_close has been called
  bool released; // JavaScript has let go
  bool closed;   // libuv has let go
};

static void free_when_unused(struct waiter *waiter) {
  if (waiter->released && waiter->closed) free(waiter);
}

static void on_closed(uv_handle_t *handle) {
  struct waiter *waiter = handle->data;
  if (waiter->hook != NULL) napi_remove_async_cleanup_hook(waiter->hook);
  waiter->closed = true;
  free_when_unused(waiter);
}

static void begin_close(struct waiter *waiter) {
  if (waiter->closing) return;
  waiter->closing = true;
  if (waiter->self != NULL) napi_delete_reference(waiter->env, waiter->self);
  if (waiter->callback != NULL) napi_delete_reference(waiter->env, waiter->callback);
  if (waiter->context != NULL) napi_async_destroy(waiter->env, waiter->context);
  uv_close((uv_handle_t *)&waiter->poll, on_closed);
}

// The environment ends (worker.terminate(), process.exit()): its loop must not end with our handle in it.
static void on_cleanup(napi_async_cleanup_hook_handle hook, void *data) {
  (void)hook;
  begin_close(data);
}

static void on_release(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  struct waiter *waiter = data;
  begin_close(waiter);
  waiter->released = true;
  free_when_unused(waiter);
}

static void on_readable(uv_poll_t *poll, int status, int events) {
  (void)status; // an error on the descriptor shows when it is read
  (void)events;
  struct waiter *waiter = poll->data;
  napi_env env = waiter->env;
  uv_poll_stop(poll);

  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_value receiver, callback, ignored, error;
  if (napi_get_global(env, &receiver) == napi_ok &&
      napi_get_reference_value(env, waiter->callback, &callback) == napi_ok &&
      napi_make_callback(env, waiter->context, receiver, callback, 0, NULL, &ignored) == napi_pending_exception &&
      napi_get_and_clear_last_exception(env, &error) == napi_ok) {
    napi_fatal_exception(env, error); // as an exception in a timer: 'uncaughtException'
  }
  napi_close_handle_scope(env, scope);
}

static struct waiter *waiter_argument(napi_env env, napi_callback_info info) {
  napi_value value;
  void *data = NULL;
  if (!arguments(env, info, 1, &value) || napi_get_value_external(env, value, &data) != napi_ok) return NULL;
  return data;
}

napi_value waiter_open(napi_env env, napi_callback_info info) {
  napi_value values[2], name, external;
  int32_t fd;
  napi_valuetype type;
  if (!arguments(env, info, 2, values) || !integer_value(env, values[0], &fd) ||
      napi_typeof(env, values[1], &type) != napi_ok || type != napi_function) {
    return throw_errno(env, EINVAL, "Waiter", "a waiter needs a poller and a function");
  }
  uv_loop_t *loop;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) {
    return throw_errno(env, EINVAL, "napi_get_uv_event_loop", "finding the event loop of this thread");
  }
  struct waiter *waiter = calloc(1, sizeof *waiter);
  if (waiter == NULL) return throw_errno(env, ENOMEM, "calloc", "memory for a waiter");
  waiter->env = env;
  waiter->poll.data = waiter;
  int error = uv_poll_init(loop, &waiter->poll, fd);
  if (error != 0) {
    free(waiter);
    return throw_errno(env, -error, "uv_poll_init", "watching poller %d", fd);
  }

  // From here on the handle is the loop's: whatever fails is undone by closing it.
  if (napi_add_async_cleanup_hook(env, on_cleanup, waiter, &waiter->hook) != napi_ok ||
      napi_create_reference(env, values[1], 1, &waiter->callback) != napi_ok ||
      napi_create_string_utf8(env, "sluice.Waiter", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_async_init(env, NULL, name, &waiter->context) != napi_ok ||
      napi_create_external(env, waiter, on_release, NULL, &external) != napi_ok) {
    waiter->released = true; // there is no object to let go
    begin_close(waiter);
    return throw_errno(env, ENOMEM, "Waiter", "making a waiter for poller %d", fd);
  }
  if (napi_create_reference(env, external, 1, &waiter->self) != napi_ok) {
    begin_close(waiter);
    return throw_errno(env, ENOMEM, "Waiter", "making a waiter for poller %d", fd);
  }
  return external;
}

napi_value waiter_arm(napi_env env, napi_callback_info info) {
  struct waiter *waiter = waiter_argument(env, info);
  int error = waiter == NULL || waiter->closing ? EBADF : -uv_poll_start(&waiter->poll, UV_READABLE, on_readable);
  if (error != 0) return throw_errno(env, error, "uv_poll_start", "arming a waiter");
  return NULL;
}

napi_value waiter_disarm(napi_env env, napi_callback_info info) {
  struct waiter *waiter = waiter_argument(env, info);
  if (waiter != NULL && !waiter->closing) uv_poll_stop(&waiter->poll);
  return NULL;
}

napi_value waiter_close(napi_env env, napi_callback_info info) {
  struct waiter *waiter = waiter_argument(env, info);
  if (waiter != NULL) begin_close(waiter);
  return NULL;
}
