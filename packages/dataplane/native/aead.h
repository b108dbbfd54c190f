// AES-GCM for ESP (RFC 4106): keys in slots, batches of jobs over the packet pool.
#pragma once

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AEAD_NONCE 12
#define AEAD_SALT 4
#define AEAD_IV 8

struct aead_backend;

// What every key has, whichever backend made it; it is the first member of the backend's own structure.
struct aead_key {
  const struct aead_backend *backend;
  uint8_t salt[AEAD_SALT];
  uint32_t icv; // bytes of the integrity check value
};

// One packet. The data is changed in place; the ICV follows it.
struct aead_packet {
  uint8_t *data;
  uint32_t length;
  const uint8_t *aad;
  uint32_t aad_length;
  uint8_t nonce[AEAD_NONCE];
};

struct aead_backend {
  const char *name;
  // NULL when memory is short. `length` is 16, 24 or 32.
  struct aead_key *(*make)(const uint8_t *key, size_t length);
  void (*wipe)(struct aead_key *key);
  // Of key->icv bytes; false when the library refuses.
  bool (*seal)(struct aead_key *key, const struct aead_packet *packet, uint8_t *icv);
  // False when `icv` is not that of the packet; the data is then undefined.
  bool (*open)(struct aead_key *key, const struct aead_packet *packet, const uint8_t *icv);
};

// NULL when this CPU cannot run it, or its self-test fails.
const struct aead_backend *aead_ipsec_mb(void);
const struct aead_backend *aead_openssl(void);

// Known answers for all three key lengths, both ways.
bool aead_self_test(const struct aead_backend *backend);

napi_value aead_key_set(napi_env env, napi_callback_info info);
napi_value aead_key_wipe(napi_env env, napi_callback_info info);
napi_value aead_seal(napi_env env, napi_callback_info info);
napi_value aead_open(napi_env env, napi_callback_info info);
napi_value aead_choose_backend(napi_env env, napi_callback_info info);
