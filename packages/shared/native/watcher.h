// A descriptor watched by the event loop of the thread: a JavaScript function is called when it has something to read.
//
// Its memory goes when both libuv has closed its handle and JavaScript has let go of the object that stands for it. One
// that nobody mentions any more still calls back, until it is closed or the environment ends.
#pragma once

#include <node_api.h>
#include <stdbool.h>

struct watcher;

// Makes one, which does not watch yet, and the object that stands for it. `name` is for async hooks. With `once`, it
// stops watching at each call. Returns 0 or an errno.
int watcher_open(napi_env env, const char *name, int fd, napi_value callback, bool once, napi_value *object);

// What an object stands for; NULL when it stands for none.
struct watcher *watcher_of(napi_env env, napi_value object);

// Watches from now on. Returns 0 or an errno: EBADF when it is closed.
int watcher_start(struct watcher *watcher);

void watcher_stop(struct watcher *watcher);
void watcher_close(struct watcher *watcher);
