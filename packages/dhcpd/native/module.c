// The addon's functions, by their names in JavaScript.
#include "functions.h"
#include "sockets.h"
#include "transfer.h"
#include "watch.h"

static const struct function functions[] = {
    {"openLink", open_link},   {"openUdp", open_udp},           {"openIcmp", open_icmp},
    {"linkIndex", link_index}, {"closeFd", close_fd},           {"receive", receive},
    {"sendFrame", send_frame}, {"sendDatagram", send_datagram}, {"watch", watch},
    {"openUdp6", open_udp6},   {"joinGroup6", join_group6},     {"sendDatagram6", send_datagram6},
    {"unwatch", unwatch},      {"linkAddress", link_address},
    {"openDatagram", open_datagram}, {"openDatagram6", open_datagram6}, {"openStream", open_stream},
    {"openStream6", open_stream6},   {"beginConnect", begin_connect}, {"bindTo", bind_to},
};

NAPI_MODULE_INIT() { return with_functions(env, exports, functions, sizeof functions / sizeof *functions); }
