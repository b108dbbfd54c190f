// AES-GCM by OpenSSL's EVP, for CPUs that ipsec-mb does not serve. It is the OpenSSL that Node brings.
//
// An EVP context holds the key schedule and the packet's state, so it is the key's, one each way: a packet then
// costs no key set-up, and wiping the key wipes every copy of it. A mutex covers the rare SA that moves from one
// worker to another.
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
  EVP_CIPHER_CTX *encrypt;
  EVP_CIPHER_CTX *decrypt;
};

static char name[64];

static void discard(struct evp_key *key) {
  EVP_CIPHER_CTX_free(key->encrypt); // clears the schedule
  EVP_CIPHER_CTX_free(key->decrypt);
  pthread_mutex_destroy(&key->lock);
  explicit_bzero(key, sizeof *key);
  free(key);
}

static void wipe(struct esp_key *key) {
  discard((struct evp_key *)key);
}

static struct esp_key *make(const uint8_t *bytes, size_t length) {
  const EVP_CIPHER *cipher = length == 16   ? EVP_aes_128_gcm()
                             : length == 24 ? EVP_aes_192_gcm()
                                            : EVP_aes_256_gcm();
  struct evp_key *key = calloc(1, sizeof *key);
  if (key == NULL) return NULL;
  pthread_mutex_init(&key->lock, NULL);
  key->encrypt = EVP_CIPHER_CTX_new();
  key->decrypt = EVP_CIPHER_CTX_new();
  if (key->encrypt == NULL || key->decrypt == NULL ||
      EVP_EncryptInit_ex(key->encrypt, cipher, NULL, bytes, NULL) != 1 ||
      EVP_DecryptInit_ex(key->decrypt, cipher, NULL, bytes, NULL) != 1) {
    discard(key);
    return NULL;
  }
  return &key->common;
}

static bool seal(struct esp_key *common, const struct esp_packet *packet, uint8_t *icv) {
  struct evp_key *key = (struct evp_key *)common;
  EVP_CIPHER_CTX *context = key->encrypt;
  int written;
  pthread_mutex_lock(&key->lock);
  bool done =
      EVP_EncryptInit_ex(context, NULL, NULL, NULL, packet->nonce) == 1 &&
      EVP_EncryptUpdate(context, NULL, &written, packet->aad, (int)packet->aad_length) == 1 &&
      (packet->length == 0 ||
       EVP_EncryptUpdate(context, packet->data, &written, packet->data, (int)packet->length) == 1) &&
      EVP_EncryptFinal_ex(context, packet->data + packet->length, &written) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, (int)common->icv, icv) == 1;
  pthread_mutex_unlock(&key->lock);
  return done;
}

static bool open(struct esp_key *common, const struct esp_packet *packet, const uint8_t *icv) {
  struct evp_key *key = (struct evp_key *)common;
  EVP_CIPHER_CTX *context = key->decrypt;
  uint8_t tag[16];
  memcpy(tag, icv, common->icv); // the call takes no constant
  int written;
  pthread_mutex_lock(&key->lock);
  bool done =
      EVP_DecryptInit_ex(context, NULL, NULL, NULL, packet->nonce) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, (int)common->icv, tag) == 1 &&
      EVP_DecryptUpdate(context, NULL, &written, packet->aad, (int)packet->aad_length) == 1 &&
      (packet->length == 0 ||
       EVP_DecryptUpdate(context, packet->data, &written, packet->data, (int)packet->length) == 1) &&
      EVP_DecryptFinal_ex(context, packet->data + packet->length, &written) == 1;
  pthread_mutex_unlock(&key->lock);
  return done;
}

static const struct esp_backend openssl = {.name = name, .make = make, .wipe = wipe, .seal = seal, .open = open};
static bool usable;

static void initialise(void) {
  snprintf(name, sizeof name, "openssl %s", OpenSSL_version(OPENSSL_VERSION_STRING));
  usable = esp_self_test(&openssl);
}

const struct esp_backend *esp_openssl(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, initialise);
  return usable ? &openssl : NULL;
}
