// AES-GCM by Intel's ipsec-mb, a packet a call.
//
// The library's burst and job calls were measured against it: its GCM works on one packet at a time either way,
// and the rest of them costs more than it saves. ns per packet with 8 bytes of AAD, ipsec-mb 1.3, AVX-512, one
// Zen 4 core:
//
//              64 bytes          512 bytes         1400 bytes
//              direct burst job  direct burst job  direct burst job
//   AES-128    45     54    66   80     93    98   175    190   187
//   AES-256    53     61    69   88     110   102  183    193   204
//
// The direct calls keep no state in the manager, so that one manager serves all threads; a context is on the stack.
#include <intel-ipsec-mb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esp-crypto.h"

#define CACHE_LINE 64

struct mb_key {
  struct esp_key common;
  aes_gcm_enc_dec_t encrypt;
  aes_gcm_enc_dec_t decrypt;
  struct gcm_key_data schedule __attribute__((aligned(CACHE_LINE)));
};

static IMB_MGR *manager;
static char name[32];

static struct esp_key *make(const uint8_t *bytes, size_t length) {
  struct mb_key *key = aligned_alloc(CACHE_LINE, sizeof *key);
  if (key == NULL) return NULL;
  memset(key, 0, sizeof *key);
  if (length == 16) {
    key->encrypt = manager->gcm128_enc;
    key->decrypt = manager->gcm128_dec;
    manager->gcm128_pre(bytes, &key->schedule);
  } else if (length == 24) {
    key->encrypt = manager->gcm192_enc;
    key->decrypt = manager->gcm192_dec;
    manager->gcm192_pre(bytes, &key->schedule);
  } else {
    key->encrypt = manager->gcm256_enc;
    key->decrypt = manager->gcm256_dec;
    manager->gcm256_pre(bytes, &key->schedule);
  }
  return &key->common;
}

static void wipe(struct esp_key *key) {
  explicit_bzero(key, sizeof(struct mb_key));
  free(key);
}

static bool seal(struct esp_key *common, const struct esp_packet *packet, uint8_t *icv) {
  const struct mb_key *key = (const struct mb_key *)common;
  struct gcm_context_data context;
  key->encrypt(&key->schedule, &context, packet->data, packet->data, packet->length, packet->nonce, packet->aad,
               packet->aad_length, icv, common->icv);
  return true;
}

// In a time that does not tell where the first difference is.
static bool equal(const uint8_t *a, const uint8_t *b, uint32_t length) {
  uint8_t difference = 0;
  for (uint32_t i = 0; i < length; i++) difference |= a[i] ^ b[i];
  return difference == 0;
}

static bool open(struct esp_key *common, const struct esp_packet *packet, const uint8_t *icv) {
  const struct mb_key *key = (const struct mb_key *)common;
  struct gcm_context_data context;
  uint8_t computed[16];
  key->decrypt(&key->schedule, &context, packet->data, packet->data, packet->length, packet->nonce, packet->aad,
               packet->aad_length, computed, common->icv);
  return equal(computed, icv, common->icv);
}

static const struct esp_backend ipsec_mb = {.name = name, .make = make, .wipe = wipe, .seal = seal, .open = open};
static bool usable;

static void initialise(void) {
  manager = alloc_mb_mgr(0);
  if (manager == NULL) return;
  IMB_ARCH architecture = IMB_ARCH_NONE;
  init_mb_mgr_auto(manager, &architecture);
  const char *instructions = architecture == IMB_ARCH_SSE      ? "sse"
                             : architecture == IMB_ARCH_AVX    ? "avx"
                             : architecture == IMB_ARCH_AVX2   ? "avx2"
                             : architecture == IMB_ARCH_AVX512 ? "avx512"
                                                               : NULL; // IMB_ARCH_NOAESNI: slower than OpenSSL
  snprintf(name, sizeof name, "ipsec-mb %s", instructions == NULL ? "without AES-NI" : instructions);
  usable = instructions != NULL && (manager->features & IMB_FEATURE_AESNI) != 0 && esp_self_test(&ipsec_mb);
}

const struct esp_backend *esp_ipsec_mb(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, initialise);
  return usable ? &ipsec_mb : NULL;
}
