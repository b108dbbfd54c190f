// The addon's functions, by their names in JavaScript.
#include "sockets.h"
#include "transfer.h"
#include "watch.h"

static const struct {
  const char *name;
  napi_callback call;
} functions[] = {
    {"openLink", open_link},   {"openUdp", open_udp},           {"openIcmp", open_icmp},
    {"linkIndex", link_index}, {"closeFd", close_fd},           {"receive", receive},
    {"sendFrame", send_frame}, {"sendDatagram", send_datagram}, {"watch", watch},
    {"unwatch", unwatch},      {"linkAddress", link_address},
};

NAPI_MODULE_INIT() {
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    if (napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].call, NULL, &function) !=
            napi_ok ||
        napi_set_named_property(env, exports, functions[i].name, function) != napi_ok) {
      return NULL; // an exception is pending, and require() throws it
    }
  }
  return exports;
}
