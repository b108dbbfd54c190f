// AES-GCM for ESP (RFC 4106): keys in slots, batches of jobs over the packet pool.
#pragma once

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ESP_NONCE 12
#define ESP_SALT 4
#define ESP_IV 8

struct esp_backend;

// What every key has, whichever backend made it; it is the first member of the backend's own structure.
struct esp_key {
  const struct esp_backend *backend;
  uint8_t salt[ESP_SALT];
  uint32_t icv; // bytes of the integrity check value
};

// One packet. The data is changed in place; the ICV follows it.
struct esp_packet {
  uint8_t *data;
  uint32_t length;
  const uint8_t *aad;
  uint32_t aad_length;
  uint8_t nonce[ESP_NONCE];
};

struct esp_backend {
  const char *name;
  // NULL when memory is short. `length` is 16, 24 or 32.
  struct esp_key *(*make)(const uint8_t *key, size_t length);
  void (*wipe)(struct esp_key *key);
  // Of key->icv bytes; false when the library refuses.
  bool (*seal)(struct esp_key *key, const struct esp_packet *packet, uint8_t *icv);
  // False when `icv` is not that of the packet; the data is then undefined.
  bool (*open)(struct esp_key *key, const struct esp_packet *packet, const uint8_t *icv);
};

// NULL when this CPU cannot run it, or its self-test fails.
const struct esp_backend *esp_ipsec_mb(void);
const struct esp_backend *esp_openssl(void);

// Known answers for all three key lengths, both ways.
bool esp_self_test(const struct esp_backend *backend);

napi_value esp_key_set(napi_env env, napi_callback_info info);
napi_value esp_key_wipe(napi_env env, napi_callback_info info);
napi_value esp_seal_jobs(napi_env env, napi_callback_info info);
napi_value esp_open_jobs(napi_env env, napi_callback_info info);
napi_value esp_choose_backend(napi_env env, napi_callback_info info);
