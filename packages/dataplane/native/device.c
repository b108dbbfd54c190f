#include "device.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"

int device_ioctl(unsigned long request, struct ifreq *ifreq) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  int error = ioctl(fd, request, ifreq) >= 0 ? 0 : -errno; // ETHTOOL_SFEATURES answers above 0 too
  close(fd);
  return error;
}

static struct ifreq request_for(const char *name) {
  struct ifreq ifreq = {0};
  snprintf(ifreq.ifr_name, sizeof ifreq.ifr_name, "%s", name);
  return ifreq;
}

int device_ethtool(const char *name, void *command) {
  struct ifreq ifreq = request_for(name);
  ifreq.ifr_data = command;
  return device_ioctl(SIOCETHTOOL, &ifreq);
}

int device_is_ethernet(const char *name) {
  struct ifreq ifreq = request_for(name);
  int error = device_ioctl(SIOCGIFHWADDR, &ifreq);
  if (error != 0) return error;
  return ifreq.ifr_hwaddr.sa_family == ARPHRD_ETHER || ifreq.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK;
}

// Queues that the driver uses. A driver that cannot say (ETHTOOL_GCHANNELS is optional) has one.
static void count_queues(const char *name, int32_t *rx, int32_t *tx) {
  struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
  *rx = *tx = 1;
  if (device_ethtool(name, &channels) != 0) return;
  if (channels.rx_count + channels.combined_count > 0) *rx = (int32_t)(channels.rx_count + channels.combined_count);
  if (channels.tx_count + channels.combined_count > 0) *tx = (int32_t)(channels.tx_count + channels.combined_count);
}

napi_value device_info(napi_env env, napi_callback_info info) {
  napi_value value;
  char name[IFNAMSIZ];
  if (!arguments(env, info, 1, &value) || !string_value(env, value, name, sizeof name)) {
    return throw_errno(env, EINVAL, "deviceInfo", "a device name is 1 to %d characters", IFNAMSIZ - 1);
  }
  struct ifreq index = request_for(name), address = index, mtu = index, flags = index;
  int error = device_ioctl(SIOCGIFINDEX, &index);
  if (error != 0) return throw_errno(env, -error, "ioctl SIOCGIFINDEX", "looking up device %s", name);
  error = device_ioctl(SIOCGIFHWADDR, &address);
  if (error != 0) return throw_errno(env, -error, "ioctl SIOCGIFHWADDR", "reading the MAC address of %s", name);
  error = device_ioctl(SIOCGIFMTU, &mtu);
  if (error != 0) return throw_errno(env, -error, "ioctl SIOCGIFMTU", "reading the MTU of %s", name);
  error = device_ioctl(SIOCGIFFLAGS, &flags);
  if (error != 0) return throw_errno(env, -error, "ioctl SIOCGIFFLAGS", "reading the flags of %s", name);

  const uint8_t *bytes = (const uint8_t *)address.ifr_hwaddr.sa_data;
  char mac[18];
  snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4],
           bytes[5]);
  int32_t rx_queues, tx_queues;
  count_queues(name, &rx_queues, &tx_queues);
  bool ethernet =
      address.ifr_hwaddr.sa_family == ARPHRD_ETHER || address.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK;

  napi_value result;
  if (napi_create_object(env, &result) != napi_ok) return NULL;
  set_integer(env, result, "index", index.ifr_ifindex);
  set_string(env, result, "mac", ethernet ? mac : "");
  set_integer(env, result, "mtu", mtu.ifr_mtu);
  set_boolean(env, result, "up", (flags.ifr_flags & IFF_UP) != 0);
  set_boolean(env, result, "running", (flags.ifr_flags & IFF_RUNNING) != 0);
  set_integer(env, result, "rxQueues", rx_queues);
  set_integer(env, result, "txQueues", tx_queues);
  return result;
}

static void change_flag(struct ifreq *ifreq, short flag, bool on) {
  ifreq->ifr_flags = (short)(on ? ifreq->ifr_flags | flag : ifreq->ifr_flags & ~flag);
}

napi_value device_set(napi_env env, napi_callback_info info) {
  napi_value values[2];
  char name[IFNAMSIZ];
  if (!arguments(env, info, 2, values) || !string_value(env, values[0], name, sizeof name)) {
    return throw_errno(env, EINVAL, "deviceSet", "a device name is 1 to %d characters", IFNAMSIZ - 1);
  }

  int32_t mtu;
  if (integer_property(env, values[1], "mtu", &mtu)) {
    struct ifreq ifreq = request_for(name);
    ifreq.ifr_mtu = mtu;
    int error = device_ioctl(SIOCSIFMTU, &ifreq);
    if (error != 0) return throw_errno(env, -error, "ioctl SIOCSIFMTU", "setting the MTU of %s to %d", name, mtu);
  }

  bool up, arp, promiscuous;
  bool set_up = boolean_property(env, values[1], "up", &up);
  bool set_arp = boolean_property(env, values[1], "arp", &arp);
  bool set_promiscuous = boolean_property(env, values[1], "promiscuous", &promiscuous);
  if (!set_up && !set_arp && !set_promiscuous) return NULL;
  struct ifreq flags = request_for(name);
  int error = device_ioctl(SIOCGIFFLAGS, &flags);
  if (error != 0) return throw_errno(env, -error, "ioctl SIOCGIFFLAGS", "reading the flags of %s", name);
  if (set_up) change_flag(&flags, IFF_UP, up);
  if (set_arp) change_flag(&flags, IFF_NOARP, !arp);
  if (set_promiscuous) change_flag(&flags, IFF_PROMISC, promiscuous);
  error = device_ioctl(SIOCSIFFLAGS, &flags);
  if (error != 0) return throw_errno(env, -error, "ioctl SIOCSIFFLAGS", "setting the flags of %s", name);
  return NULL;
}
