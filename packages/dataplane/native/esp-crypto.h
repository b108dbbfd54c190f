// The crypto of ESP: keys in slots, vectors of jobs over the packet pool, two libraries that do the arithmetic.
#pragma once

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ESP_HEADER 8 // SPI and sequence number
#define ESP_SALT 4   // of the nonce, from the key
#define ESP_IV_MAX 16
#define ESP_BLOCK 16 // of AES
#define ESP_KEY_MAX 32
#define ESP_INTEGRITY_KEY_MAX 64
#define ESP_ICV_MAX 32
#define ESP_SLOTS 65536
// SPI to the end of the ICV: more is no IP packet, and ipsec-mb's lanes count up to 65534 of what they read.
#define ESP_PACKET_MAX 65535

// Packets that a backend is given at once: enough for 16 lanes to stay full, and what is kept of them stays in the
// first-level cache. Of 32, 64 and 128, AES-CBC with HMAC-SHA1 takes 128, 119 and 115 ns for 64 bytes.
#define ESP_CHUNK 64

enum esp_cipher { ESP_AES_GCM, ESP_AES_GMAC, ESP_AES_CBC, ESP_AES_CTR, ESP_CHACHA20_POLY1305, ESP_NULL, ESP_CIPHERS };
enum esp_integrity {
  ESP_NONE,
  ESP_HMAC_SHA1,
  ESP_HMAC_SHA2_256,
  ESP_HMAC_SHA2_384,
  ESP_HMAC_SHA2_512,
  ESP_INTEGRITIES
};

enum esp_status { ESP_OK, ESP_AUTHENTICATION_FAILED, ESP_BAD_JOB };

// What a key is made of.
struct esp_key_spec {
  enum esp_cipher cipher;
  enum esp_integrity integrity;
  const uint8_t *key;
  size_t key_length; // without the salt
  const uint8_t *integrity_key;
  size_t integrity_length;
};

struct esp_backend;

// What every key has, whichever backend made it; it is the first member of the backend's own structure.
struct esp_key {
  const struct esp_backend *backend;
  uint8_t cipher;
  uint8_t integrity;
  uint8_t key_length; // of the cipher: 16, 24, 32, or 0
  uint8_t icv;        // bytes of the integrity check value
  uint8_t iv;         // bytes of the IV in a packet
  uint8_t block;      // what is encrypted is a multiple of it
  uint8_t salt[ESP_SALT];
};

// One packet. The data is changed in place; the ICV follows it.
struct esp_packet {
  struct esp_key *key;
  uint8_t *header; // SPI and sequence number, before the data
  uint8_t *iv;
  uint8_t *data;
  uint32_t length;
  // An AEAD authenticates these, then the data.
  const uint8_t *aad;
  uint32_t aad_length;
  bool esn;
  uint8_t status; // enum esp_status, by the backend
  uint8_t esn_high[4]; // in network order
  uint8_t aad_esn[ESP_HEADER + 4];
  uint8_t nonce[ESP_BLOCK]; // salt, IV, and a counter of 1 for whom it may serve
};

struct esp_backend {
  const char *name;
  // NULL when memory is short or the library refuses.
  struct esp_key *(*make)(const struct esp_key_spec *spec);
  void (*wipe)(struct esp_key *key);
  // Seals or opens packets whose keys it made, and sets their status. ESP_BAD_JOB: the library refused.
  void (*run)(struct esp_packet *packets, uint32_t count, bool sealing);
  // Bits of the algorithms whose known answers it gave: see esp_self_test().
  uint32_t works;
};

// NULL when this CPU cannot run it.
const struct esp_backend *esp_ipsec_mb(void);
const struct esp_backend *esp_openssl(void);

// Known answers of every cipher and integrity algorithm, both ways: 1 << cipher, 1 << (ESP_CIPHERS + integrity).
uint32_t esp_self_test(const struct esp_backend *backend);
static inline uint32_t esp_needs(enum esp_cipher cipher, enum esp_integrity integrity) {
  return 1u << cipher | 1u << (ESP_CIPHERS + integrity);
}

#define ESP_ALGORITHMS (ESP_CIPHERS + ESP_INTEGRITIES) // bits
const char *esp_algorithm_name(int bit);

// Fills in a specification from names and secrets as JavaScript gives them, and what all keys have from it. False when
// there is no such algorithm, or two do not fit together, or a length is not one that they have.
bool esp_specify(const char *cipher, const uint8_t *key, size_t key_length, const char *integrity,
                 const uint8_t *integrity_key, size_t integrity_length, int32_t icv, struct esp_key_spec *spec,
                 struct esp_key *common);
// Likewise, from algorithms that are known to fit.
void esp_describe(const struct esp_key_spec *spec, const uint8_t *salt, uint8_t icv, struct esp_key *common);

// The key of a slot, or NULL.
struct esp_key *esp_key_in(int32_t slot);

// Memory for a key, zero and aligned to a cache line; of one size in all calls. NULL when memory is short. Free
// overwrites it. Both are called with the lock that setting and wiping of keys take.
void *esp_key_alloc(size_t size);
void esp_key_free(void *memory, size_t size);

// 16 octets that nobody can predict; false when the system has none.
bool esp_random_iv(uint8_t *iv);

// In a time that does not tell where the first difference is. ICVs are multiples of 4 octets.
static inline bool esp_equal(const uint8_t *a, const uint8_t *b, uint32_t length) {
  uint32_t difference = 0;
  for (uint32_t at = 0; at < length; at += 4) {
    uint32_t x, y;
    memcpy(&x, a + at, sizeof x);
    memcpy(&y, b + at, sizeof y);
    difference |= x ^ y;
  }
  return difference == 0;
}

// SPI to the end of the data: what an HMAC covers, without the high half of an extended sequence number.
static inline uint32_t esp_covered(const struct esp_packet *packet) {
  return (uint32_t)(packet->data + packet->length - packet->header);
}

napi_value esp_key_set(napi_env env, napi_callback_info info);
napi_value esp_key_wipe(napi_env env, napi_callback_info info);
napi_value esp_seal_jobs(napi_env env, napi_callback_info info);
napi_value esp_open_jobs(napi_env env, napi_callback_info info);
napi_value esp_choose_backend(napi_env env, napi_callback_info info);
