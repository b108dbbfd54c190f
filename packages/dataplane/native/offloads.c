// Receive offloads that make one packet of several, take bytes off a packet, or keep VLANs out that Linux itself has not
// got: a device that the data plane captures must have them off. By feature name, as in `ethtool -k`, because the names are the kernel's interface
// (net/ethtool/common.c) and the bit numbers are not.
#include <errno.h>
#include <linux/ethtool.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "device.h"
#include "errors.h"

static const char *const unwanted[] = {
    "rx-gro", "rx-gro-hw", "rx-gro-list", "rx-udp-gro-forwarding", "rx-lro", "rx-vlan-hw-parse",
    "rx-vlan-stag-hw-parse", "rx-vlan-filter", "rx-vlan-stag-filter",
};

static bool is_unwanted(const char *feature) {
  for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++) {
    if (strncmp(feature, unwanted[i], ETH_GSTRING_LEN) == 0) return true;
  }
  return false;
}

// The names of all features, in the order of their bits; NULL, with errno in *error, when they cannot be had.
static struct ethtool_gstrings *feature_names(const char *device, int *error) {
  struct {
    struct ethtool_sset_info info;
    uint32_t length;
  } set = {.info = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_FEATURES}};
  *error = -device_ethtool(device, &set);
  if (*error != 0) return NULL;
  uint32_t length = set.info.sset_mask == 0 ? 0 : set.length;
  struct ethtool_gstrings *names = calloc(1, sizeof *names + (size_t)length * ETH_GSTRING_LEN);
  if (names == NULL) {
    *error = ENOMEM;
    return NULL;
  }
  names->cmd = ETHTOOL_GSTRINGS;
  names->string_set = ETH_SS_FEATURES;
  names->len = length;
  *error = -device_ethtool(device, names);
  if (*error == 0) return names;
  free(names);
  return NULL;
}

// Switches off what is on and can be changed; the names of it go into `list`. 0 or errno.
static int switch_off(napi_env env, const char *device, const struct ethtool_gstrings *names, napi_value list) {
  size_t blocks = (names->len + 31) / 32;
  struct ethtool_gfeatures *now = calloc(1, sizeof *now + blocks * sizeof *now->features);
  struct ethtool_sfeatures *change = calloc(1, sizeof *change + blocks * sizeof *change->features);
  int error = now == NULL || change == NULL ? ENOMEM : 0;
  uint32_t changed = 0;
  if (error == 0) {
    now->cmd = ETHTOOL_GFEATURES;
    change->cmd = ETHTOOL_SFEATURES;
    now->size = change->size = (uint32_t)blocks;
    error = -device_ethtool(device, now);
  }
  for (uint32_t bit = 0; error == 0 && bit < names->len; bit++) {
    const struct ethtool_get_features_block *block = &now->features[bit / 32];
    uint32_t mask = 1U << bit % 32;
    char name[ETH_GSTRING_LEN + 1] = {0};
    memcpy(name, names->data + (size_t)bit * ETH_GSTRING_LEN, ETH_GSTRING_LEN);
    bool changeable = (block->available & mask) != 0 && (block->never_changed & mask) == 0;
    if (!changeable || (block->active & mask) == 0 || !is_unwanted(name)) continue;
    change->features[bit / 32].valid |= mask;
    napi_value text;
    if (napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &text) == napi_ok) {
      napi_set_element(env, list, changed, text);
    }
    changed++;
  }
  if (error == 0 && changed > 0) error = -device_ethtool(device, change);
  free(now);
  free(change);
  return error;
}

napi_value device_offloads_off(napi_env env, napi_callback_info info) {
  napi_value value, list;
  char name[IFNAMSIZ];
  if (!arguments(env, info, 1, &value) || !string_value(env, value, name, sizeof name)) {
    return throw_errno(env, EINVAL, "deviceOffloadsOff", "a device name is 1 to %d characters", IFNAMSIZ - 1);
  }
  if (napi_create_array(env, &list) != napi_ok) return NULL;
  int error;
  struct ethtool_gstrings *names = feature_names(name, &error);
  if (names == NULL) return throw_errno(env, error, "ioctl SIOCETHTOOL", "reading the offloads of %s", name);
  error = switch_off(env, name, names, list);
  free(names);
  if (error != 0) return throw_errno(env, error, "ioctl SIOCETHTOOL", "switching off receive offloads of %s", name);
  return list;
}
