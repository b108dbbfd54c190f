// The crypto of ESP by Intel's ipsec-mb: AEADs a packet a call here, what gains from lanes in esp-ipsec-mb-lanes.c.
//
// The library's burst and job calls were measured against its direct ones for GCM: that works on one packet at a time
// either way, and the rest of them costs more than it saves. ns per packet with 8 bytes of AAD, ipsec-mb 1.3, AVX-512,
// one Zen 4 core:
//
//              64 bytes          512 bytes         1400 bytes
//              direct burst job  direct burst job  direct burst job
//   AES-128    45     54    66   80     93    98   175    190   187
//   AES-256    53     61    69   88     110   102  183    193   204
//
// ChaCha20-Poly1305 is the other way round: 289 and 647 ns for 64 and 1400 bytes by direct calls, 178 and 540 by jobs.
// GMAC is GCM of nothing, with 28 and 84 ns; its own calls take 39 and 100, but take the AAD in parts.
#include "esp-ipsec-mb.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// For what keeps no state in the manager: set-up of keys, and GCM, whose context is on the stack.
static IMB_MGR *manager;
static char name[32];

static IMB_MGR *make_manager(IMB_ARCH *architecture) {
  size_t size = (imb_get_mb_mgr_size() + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
  void *memory = aligned_alloc(CACHE_LINE, size);
  if (memory == NULL) return NULL;
  IMB_MGR *made = imb_set_pointers_mb_mgr(memory, 0, 1);
  if (made == NULL) free(memory);
  else init_mb_mgr_auto(made, architecture);
  return made;
}

static pthread_key_t thread_key;

static void end_thread(void *state) {
  struct mb_thread *thread = state;
  explicit_bzero(thread->manager, imb_get_mb_mgr_size());
  free(thread->manager);
  explicit_bzero(thread, sizeof *thread);
  free(thread);
}

// This thread's own manager; NULL when memory is short.
static struct mb_thread *this_thread(void) {
  static __thread struct mb_thread *mine;
  if (mine != NULL) return mine;
  struct mb_thread *made = aligned_alloc(CACHE_LINE, (sizeof *made + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1));
  if (made == NULL) return NULL;
  memset(made, 0, sizeof *made);
  IMB_ARCH architecture;
  made->manager = make_manager(&architecture);
  if (made->manager == NULL || pthread_setspecific(thread_key, made) != 0) {
    free(made->manager);
    free(made);
    return NULL;
  }
  mine = made;
  return mine;
}

static void make_gcm(struct mb_key *key, const struct esp_key_spec *spec) {
  if (spec->key_length == 16) {
    key->encrypt = manager->gcm128_enc;
    key->decrypt = manager->gcm128_dec;
    key->gmac_init = manager->gmac128_init;
    key->gmac_update = manager->gmac128_update;
    key->gmac_finalize = manager->gmac128_finalize;
    manager->gcm128_pre(spec->key, &key->schedule.gcm);
  } else if (spec->key_length == 24) {
    key->encrypt = manager->gcm192_enc;
    key->decrypt = manager->gcm192_dec;
    key->gmac_init = manager->gmac192_init;
    key->gmac_update = manager->gmac192_update;
    key->gmac_finalize = manager->gmac192_finalize;
    manager->gcm192_pre(spec->key, &key->schedule.gcm);
  } else {
    key->encrypt = manager->gcm256_enc;
    key->decrypt = manager->gcm256_dec;
    key->gmac_init = manager->gmac256_init;
    key->gmac_update = manager->gmac256_update;
    key->gmac_finalize = manager->gmac256_finalize;
    manager->gcm256_pre(spec->key, &key->schedule.gcm);
  }
}

static void make_hmac(struct mb_key *key, const struct esp_key_spec *spec) {
  hash_one_block_t hash = spec->integrity == ESP_HMAC_SHA1       ? manager->sha1_one_block
                          : spec->integrity == ESP_HMAC_SHA2_256 ? manager->sha256_one_block
                          : spec->integrity == ESP_HMAC_SHA2_384 ? manager->sha384_one_block
                                                                 : manager->sha512_one_block;
  uint8_t block[IMB_SHA_512_BLOCK_SIZE]; // the others read the first half
  for (size_t i = 0; i < sizeof block; i++) {
    block[i] = (i < spec->integrity_length ? spec->integrity_key[i] : 0) ^ 0x36;
  }
  hash(block, key->inner);
  for (size_t i = 0; i < sizeof block; i++) block[i] ^= 0x36 ^ 0x5c;
  hash(block, key->outer);
  explicit_bzero(block, sizeof block);
}

static struct esp_key *make(const struct esp_key_spec *spec) {
  struct mb_key *key = esp_key_alloc(sizeof *key);
  if (key == NULL) return NULL;
  keyexp_t expand = spec->key_length == 16   ? manager->keyexp_128
                    : spec->key_length == 24 ? manager->keyexp_192
                                             : manager->keyexp_256;
  switch (spec->cipher) {
  case ESP_AES_GCM:
  case ESP_AES_GMAC: make_gcm(key, spec); break;
  case ESP_AES_CBC:
  case ESP_AES_CTR: expand(spec->key, key->schedule.aes.encrypt, key->schedule.aes.decrypt); break;
  case ESP_CHACHA20_POLY1305: memcpy(key->schedule.chacha20, spec->key, ESP_KEY_MAX); break;
  default: break;
  }
  if (spec->integrity != ESP_NONE) make_hmac(key, spec);
  return &key->common;
}

static void wipe(struct esp_key *key) {
  esp_key_free(key, sizeof(struct mb_key));
}

// Packets ahead of the one in hand whose key is called for. Tuning: 1, 3 and 6 differ by less than 15 ns with 10,000 keys.
#define AHEAD 3

// Calls for what GCM of a packet reads of its key: the round keys, and one power of the hash key for each block, up to
// 48, of which the lowest stand last. Inlined, because GCC drops calls of functions that do nothing but prefetch.
static inline __attribute__((always_inline)) void call_for(const struct esp_packet *packet) {
  const struct mb_key *key = (const struct mb_key *)packet->key;
  if (key->common.cipher != ESP_AES_GCM) return;
  const char *schedule = (const char *)&key->schedule.gcm;
  for (size_t at = 0; at < sizeof key->schedule.gcm.expanded_keys; at += CACHE_LINE) __builtin_prefetch(schedule + at);
  size_t powers = packet->length / ESP_BLOCK + 2;
  const char *last = (const char *)(&key->schedule.gcm + 1) - 1;
  const char *first = last - (powers < 48 ? powers : 48) * ESP_BLOCK;
  for (const char *line = last; line > first; line -= CACHE_LINE) __builtin_prefetch(line);
}

static void gcm(const struct mb_key *key, const struct esp_packet *packet, uint8_t *tag, bool sealing) {
  struct gcm_context_data context;
  (sealing ? key->encrypt : key->decrypt)(&key->schedule.gcm, &context, packet->data, packet->data, packet->length,
                                          packet->nonce, packet->aad, packet->aad_length, tag, key->common.icv);
}

// Authenticates the IV and the data as they are (RFC 4543 section 3.3).
static void gmac(const struct mb_key *key, const struct esp_packet *packet, uint8_t *tag) {
  struct gcm_context_data context;
  if (!packet->esn) {
    key->encrypt(&key->schedule.gcm, &context, packet->data, packet->data, 0, packet->nonce, packet->header,
                 esp_covered(packet), tag, key->common.icv);
    return;
  }
  key->gmac_init(&key->schedule.gcm, &context, packet->nonce, 12);
  key->gmac_update(&key->schedule.gcm, &context, packet->aad, packet->aad_length);
  key->gmac_update(&key->schedule.gcm, &context, packet->header + ESP_HEADER, esp_covered(packet) - ESP_HEADER);
  key->gmac_finalize(&key->schedule.gcm, &context, tag, key->common.icv);
}

static bool chacha20_poly1305(struct mb_thread *thread, const struct mb_key *key, const struct esp_packet *packet,
                              uint8_t *tag, bool sealing) {
  IMB_JOB *job = IMB_GET_NEXT_JOB(thread->manager);
  *job = (IMB_JOB){
      .enc_keys = key->schedule.chacha20,
      .dec_keys = key->schedule.chacha20,
      .key_len_in_bytes = ESP_KEY_MAX,
      .src = packet->data,
      .dst = packet->data,
      .msg_len_to_cipher_in_bytes = packet->length,
      .msg_len_to_hash_in_bytes = packet->length,
      .iv = packet->nonce,
      .iv_len_in_bytes = 12,
      .auth_tag_output = tag,
      .auth_tag_output_len_in_bytes = 16,
      .u.CHACHA20_POLY1305 = {.aad = packet->aad, .aad_len_in_bytes = packet->aad_length},
      .cipher_mode = IMB_CIPHER_CHACHA20_POLY1305,
      .cipher_direction = sealing ? IMB_DIR_ENCRYPT : IMB_DIR_DECRYPT,
      .hash_alg = IMB_AUTH_CHACHA20_POLY1305,
      .chain_order = sealing ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER,
  };
  job = IMB_SUBMIT_JOB_NOCHECK(thread->manager); // it waits for no other
  return job != NULL && job->status == IMB_STATUS_COMPLETED;
}

static void run_aead(struct mb_thread *thread, struct esp_packet *packet, bool sealing) {
  const struct mb_key *key = (const struct mb_key *)packet->key;
  uint8_t tag[16], *icv = packet->data + packet->length;
  bool done = true;
  if (key->common.cipher == ESP_AES_GCM) gcm(key, packet, tag, sealing);
  else if (key->common.cipher == ESP_AES_GMAC) gmac(key, packet, tag);
  else done = chacha20_poly1305(thread, key, packet, tag, sealing);
  if (!done) packet->status = ESP_BAD_JOB;
  else if (sealing && key->common.icv == sizeof tag) memcpy(icv, tag, sizeof tag);
  else if (sealing) memcpy(icv, tag, key->common.icv);
  else if (!esp_equal(tag, icv, key->common.icv)) packet->status = ESP_AUTHENTICATION_FAILED;
}

static void run(struct esp_packet *packets, uint32_t count, bool sealing) {
  struct mb_thread *thread = this_thread();
  bool lanes = false;
  for (uint32_t i = 0; i < count; i++) {
    packets[i].status = thread == NULL ? ESP_BAD_JOB : ESP_OK;
    if (thread == NULL) continue;
    if (i + AHEAD < count && packets[i + AHEAD].key != packets[i].key) call_for(&packets[i + AHEAD]);
    switch (packets[i].key->cipher) {
    case ESP_AES_GCM:
    case ESP_AES_GMAC:
    case ESP_CHACHA20_POLY1305: run_aead(thread, &packets[i], sealing); break;
    default: lanes = true;
    }
  }
  if (!lanes) return;
  // Encrypt, then authenticate; what is not authentic is not decrypted (RFC 4303 sections 3.3.2 and 3.4.4).
  if (sealing) mb_cipher_lanes(thread, packets, count, true);
  mb_hmac_lanes(thread, packets, count, sealing);
  if (!sealing) mb_cipher_lanes(thread, packets, count, false);
}

static struct esp_backend ipsec_mb = {.name = name, .make = make, .wipe = wipe, .run = run};

static void initialise(void) {
  IMB_ARCH architecture = IMB_ARCH_NONE;
  manager = make_manager(&architecture);
  if (manager == NULL || pthread_key_create(&thread_key, end_thread) != 0) return;
  const char *instructions = architecture == IMB_ARCH_SSE      ? "sse"
                             : architecture == IMB_ARCH_AVX    ? "avx"
                             : architecture == IMB_ARCH_AVX2   ? "avx2"
                             : architecture == IMB_ARCH_AVX512 ? "avx512"
                                                               : NULL; // IMB_ARCH_NOAESNI: slower than OpenSSL
  snprintf(name, sizeof name, "ipsec-mb %s", instructions == NULL ? "without AES-NI" : instructions);
  if (instructions != NULL && (manager->features & IMB_FEATURE_AESNI) != 0) ipsec_mb.works = esp_self_test(&ipsec_mb);
}

const struct esp_backend *esp_ipsec_mb(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, initialise);
  return ipsec_mb.works != 0 ? &ipsec_mb : NULL;
}
