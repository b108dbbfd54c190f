// The addon's functions, by their names in JavaScript. Loaded once a process, initialised once a thread.
#include "af-packet.h"
#include "af-xdp.h"
#include "device.h"
#include "errors.h"
#include "esp-crypto.h"
#include "functions.h"
#include "host-guard.h"
#include "poller.h"
#include "pool.h"
#include "tap.h"
#include "thread.h"
#include "udp.h"

static const struct function functions[] = {
    {"errorClass", error_class},

    {"poolRegister", pool_register},
    {"poolUnregister", pool_unregister},

    {"pinThread", pin_thread},
    {"threadId", thread_id},
    {"allowedCpus", allowed_cpus},
    {"adviseHugePages", advise_huge_pages},

    {"deviceInfo", device_info},
    {"deviceSet", device_set},
    {"deviceOffloadsOff", device_offloads_off},

    {"pollerOpen", poller_open},
    {"pollerAdd", poller_add},
    {"pollerRemove", poller_remove},
    {"pollerReady", poller_ready},
    {"eventOpen", event_open},
    {"eventSignal", event_signal},
    {"eventClear", event_clear},
    {"closeFd", close_fd},
    {"waiterOpen", waiter_open},
    {"waiterArm", waiter_arm},
    {"waiterDisarm", waiter_disarm},
    {"waiterClose", waiter_close},

    {"xdpOpen", xdp_open},
    {"xdpClose", xdp_close},
    {"xdpInfo", xdp_info},
    {"xdpFill", xdp_fill},
    {"xdpReceive", xdp_receive},
    {"xdpSend", xdp_send},
    {"xdpComplete", xdp_complete},
    {"xdpKick", xdp_kick},
    {"xdpStatistics", xdp_statistics},

    {"packetOpen", packet_open},
    {"packetClose", packet_close},
    {"packetFd", packet_fd},
    {"packetReceive", packet_receive},
    {"packetSend", packet_send},
    {"packetKick", packet_kick},
    {"packetStatistics", packet_statistics},

    {"hostGuardAttach", host_guard_attach},
    {"hostGuardClose", host_guard_close},

    {"tapOpen", tap_open},
    {"tapRemove", tap_remove},
    {"tapRead", tap_read},
    {"tapWrite", tap_write},
    {"tapStatistics", tap_statistics},

    {"udpOpen", udp_open},
    {"udpSend", udp_send},

    {"espKeySet", esp_key_set},
    {"espKeyWipe", esp_key_wipe},
    {"espSealJobs", esp_seal_jobs},
    {"espOpenJobs", esp_open_jobs},
    {"espBackend", esp_choose_backend},
};

NAPI_MODULE_INIT() { return with_functions(env, exports, functions, sizeof functions / sizeof *functions); }
