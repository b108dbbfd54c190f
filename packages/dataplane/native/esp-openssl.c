// The crypto of ESP by OpenSSL's EVP, for CPUs and algorithms that ipsec-mb does not serve. It is the OpenSSL that
// Node brings.
//
// An EVP context holds the key schedule and the packet's state, so it is the key's, one each way: a packet then
// costs no key set-up, and wiping the key wipes every copy of it. A mutex covers the rare SA that moves from one
// worker to another.
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "esp-crypto.h"

struct evp_key {
  struct esp_key common;
  pthread_mutex_t lock;
  EVP_CIPHER_CTX *encrypt; // NULL with NULL encryption
  EVP_CIPHER_CTX *decrypt;
  EVP_MAC_CTX *hmac; // NULL with an AEAD
};

static char name[64];
static EVP_MAC *hmac;

static void discard(struct evp_key *key) {
  EVP_CIPHER_CTX_free(key->encrypt); // clears the schedule
  EVP_CIPHER_CTX_free(key->decrypt);
  EVP_MAC_CTX_free(key->hmac);
  pthread_mutex_destroy(&key->lock);
  explicit_bzero(key, sizeof *key);
  free(key);
}

static void wipe(struct esp_key *key) {
  discard((struct evp_key *)key);
}

static const EVP_CIPHER *cipher_of(enum esp_cipher cipher, size_t length) {
  switch (cipher) {
  case ESP_AES_GCM:
  case ESP_AES_GMAC: return length == 16 ? EVP_aes_128_gcm() : length == 24 ? EVP_aes_192_gcm() : EVP_aes_256_gcm();
  case ESP_AES_CBC: return length == 16 ? EVP_aes_128_cbc() : length == 24 ? EVP_aes_192_cbc() : EVP_aes_256_cbc();
  case ESP_AES_CTR: return length == 16 ? EVP_aes_128_ctr() : length == 24 ? EVP_aes_192_ctr() : EVP_aes_256_ctr();
  case ESP_CHACHA20_POLY1305: return EVP_chacha20_poly1305();
  default: return NULL;
  }
}

static bool make_cipher(struct evp_key *key, const struct esp_key_spec *spec) {
  const EVP_CIPHER *cipher = cipher_of(spec->cipher, spec->key_length);
  if (cipher == NULL) return spec->cipher == ESP_NULL;
  key->encrypt = EVP_CIPHER_CTX_new();
  key->decrypt = EVP_CIPHER_CTX_new();
  return key->encrypt != NULL && key->decrypt != NULL &&
         EVP_EncryptInit_ex(key->encrypt, cipher, NULL, spec->key, NULL) == 1 &&
         EVP_DecryptInit_ex(key->decrypt, cipher, NULL, spec->key, NULL) == 1 &&
         EVP_CIPHER_CTX_set_padding(key->encrypt, 0) == 1 && EVP_CIPHER_CTX_set_padding(key->decrypt, 0) == 1;
}

static bool make_hmac(struct evp_key *key, const struct esp_key_spec *spec) {
  static const char *digests[ESP_INTEGRITIES] = {
      [ESP_HMAC_SHA1] = "SHA1",
      [ESP_HMAC_SHA2_256] = "SHA2-256",
      [ESP_HMAC_SHA2_384] = "SHA2-384",
      [ESP_HMAC_SHA2_512] = "SHA2-512",
  };
  if (spec->integrity == ESP_NONE) return true;
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)digests[spec->integrity], 0),
      OSSL_PARAM_construct_end(),
  };
  key->hmac = hmac == NULL ? NULL : EVP_MAC_CTX_new(hmac);
  return key->hmac != NULL && EVP_MAC_init(key->hmac, spec->integrity_key, spec->integrity_length, parameters) == 1;
}

static struct esp_key *make(const struct esp_key_spec *spec) {
  struct evp_key *key = calloc(1, sizeof *key);
  if (key == NULL) return NULL;
  pthread_mutex_init(&key->lock, NULL);
  if (!make_cipher(key, spec) || !make_hmac(key, spec)) {
    discard(key);
    return NULL;
  }
  return &key->common;
}

static bool update(EVP_CIPHER_CTX *context, uint8_t *out, const uint8_t *in, uint32_t length) {
  int written;
  return length == 0 || EVP_CipherUpdate(context, out, &written, in, (int)length) == 1;
}

// Everything of an AEAD's packet but its tag.
static bool aead_update(EVP_CIPHER_CTX *context, const struct esp_packet *packet) {
  if (!update(context, NULL, packet->aad, packet->aad_length)) return false;
  if (packet->key->cipher != ESP_AES_GMAC) return update(context, packet->data, packet->data, packet->length);
  // Authenticates the IV and the data as they are (RFC 4543 section 3.3).
  return update(context, NULL, packet->header + ESP_HEADER, esp_covered(packet) - ESP_HEADER);
}

static uint8_t run_aead(struct evp_key *key, const struct esp_packet *packet, bool sealing) {
  EVP_CIPHER_CTX *context = sealing ? key->encrypt : key->decrypt;
  uint8_t tag[16], *icv = packet->data + packet->length;
  int written, length = key->common.icv;
  if (EVP_CipherInit_ex(context, NULL, NULL, NULL, packet->nonce, -1) != 1) return ESP_BAD_JOB;
  if (sealing) {
    return aead_update(context, packet) && EVP_CipherFinal_ex(context, tag, &written) == 1 &&
                   EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, length, icv) == 1
               ? ESP_OK
               : ESP_BAD_JOB;
  }
  memcpy(tag, icv, (size_t)length); // the call takes no constant
  return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, length, tag) == 1 && aead_update(context, packet) &&
                 EVP_CipherFinal_ex(context, tag, &written) == 1
             ? ESP_OK
             : ESP_AUTHENTICATION_FAILED;
}

static bool run_cipher(struct evp_key *key, const struct esp_packet *packet, bool sealing) {
  EVP_CIPHER_CTX *context = sealing ? key->encrypt : key->decrypt;
  if (context == NULL) return true;
  const uint8_t *iv = key->common.cipher == ESP_AES_CTR ? packet->nonce : packet->iv;
  return EVP_CipherInit_ex(context, NULL, NULL, NULL, iv, -1) == 1 &&
         update(context, packet->data, packet->data, packet->length);
}

// The high half of an extended sequence number is authenticated behind the data but not sent (RFC 4303 section 2.2.1).
static bool run_hmac(struct evp_key *key, const struct esp_packet *packet, uint8_t *tag) {
  size_t written;
  return key->hmac == NULL ||
         (EVP_MAC_init(key->hmac, NULL, 0, NULL) == 1 &&
          EVP_MAC_update(key->hmac, packet->header, esp_covered(packet)) == 1 &&
          (!packet->esn || EVP_MAC_update(key->hmac, packet->esn_high, sizeof packet->esn_high) == 1) &&
          EVP_MAC_final(key->hmac, tag, &written, EVP_MAX_MD_SIZE) == 1);
}

static uint8_t run_both(struct evp_key *key, const struct esp_packet *packet, bool sealing) {
  uint8_t tag[EVP_MAX_MD_SIZE], *icv = packet->data + packet->length;
  // Encrypt, then authenticate; what is not authentic is not decrypted (RFC 4303 sections 3.3.2 and 3.4.4).
  if (sealing && !run_cipher(key, packet, true)) return ESP_BAD_JOB;
  if (!run_hmac(key, packet, tag)) return ESP_BAD_JOB;
  if (sealing) memcpy(icv, tag, key->common.icv);
  else if (!esp_equal(tag, icv, key->common.icv)) return ESP_AUTHENTICATION_FAILED;
  return sealing || run_cipher(key, packet, false) ? ESP_OK : ESP_BAD_JOB;
}

static void run(struct esp_packet *packets, uint32_t count, bool sealing) {
  for (uint32_t i = 0; i < count; i++) {
    struct evp_key *key = (struct evp_key *)packets[i].key;
    uint8_t cipher = key->common.cipher;
    bool aead = cipher == ESP_AES_GCM || cipher == ESP_AES_GMAC || cipher == ESP_CHACHA20_POLY1305;
    pthread_mutex_lock(&key->lock);
    packets[i].status = aead ? run_aead(key, &packets[i], sealing) : run_both(key, &packets[i], sealing);
    pthread_mutex_unlock(&key->lock);
  }
}

static struct esp_backend openssl = {.name = name, .make = make, .wipe = wipe, .run = run};

static void initialise(void) {
  snprintf(name, sizeof name, "openssl %s", OpenSSL_version(OPENSSL_VERSION_STRING));
  hmac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
  openssl.works = esp_self_test(&openssl);
}

const struct esp_backend *esp_openssl(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, initialise);
  return openssl.works != 0 ? &openssl : NULL;
}
