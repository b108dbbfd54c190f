// What the algorithms of ESP are called and how long their parts are: src/tables/esp-algorithms.ts, which a test
// compares with what is accepted here.
#include <string.h>

#include "esp-crypto.h"

#define AES_KEYS {16, 24, 32}

static const struct {
  const char *name;
  uint8_t keys[3]; // lengths without the salt
  uint8_t salt;
  uint8_t iv;
  uint8_t block;
  uint8_t icvs[3]; // none where integrity is a second algorithm's
} ciphers[ESP_CIPHERS] = {
    [ESP_AES_GCM] = {"aes-gcm", AES_KEYS, ESP_SALT, 8, 1, {8, 12, 16}},
    [ESP_AES_GMAC] = {"aes-gmac", AES_KEYS, ESP_SALT, 8, 1, {16}},
    [ESP_AES_CBC] = {"aes-cbc", AES_KEYS, 0, 16, ESP_BLOCK, {0}},
    [ESP_AES_CTR] = {"aes-ctr", AES_KEYS, ESP_SALT, 8, 1, {0}},
    [ESP_CHACHA20_POLY1305] = {"chacha20-poly1305", {32}, ESP_SALT, 8, 1, {16}},
    [ESP_NULL] = {"null", {0}, 0, 0, 1, {0}},
};

static const struct {
  const char *name;
  uint8_t key;
  uint8_t icv;
} integrities[ESP_INTEGRITIES] = {
    [ESP_NONE] = {"none", 0, 0},
    [ESP_HMAC_SHA1] = {"hmac-sha1", 20, 12},
    [ESP_HMAC_SHA2_256] = {"hmac-sha2-256", 32, 16},
    [ESP_HMAC_SHA2_384] = {"hmac-sha2-384", 48, 24},
    [ESP_HMAC_SHA2_512] = {"hmac-sha2-512", 64, 32},
};

static bool among(size_t length, const uint8_t allowed[3]) {
  for (int i = 0; i < 3; i++) {
    if (length == allowed[i] && (i == 0 || length != 0)) return true; // what follows the last one is 0
  }
  return false;
}

bool esp_specify(const char *cipher, const uint8_t *key, size_t key_length, const char *integrity,
                 const uint8_t *integrity_key, size_t integrity_length, int32_t icv, struct esp_key_spec *spec,
                 struct esp_key *common) {
  int c = 0, i = 0;
  while (c < ESP_CIPHERS && strcmp(cipher, ciphers[c].name) != 0) c++;
  while (i < ESP_INTEGRITIES && strcmp(integrity, integrities[i].name) != 0) i++;
  if (c == ESP_CIPHERS || i == ESP_INTEGRITIES) return false;
  bool aead = ciphers[c].icvs[0] != 0;
  if (aead != (i == ESP_NONE) || key_length < ciphers[c].salt || icv <= 0) return false;
  key_length -= ciphers[c].salt;
  if (!among(key_length, ciphers[c].keys) || integrity_length != integrities[i].key) return false;
  if (aead ? !among((size_t)icv, ciphers[c].icvs) : icv != integrities[i].icv) return false;
  *spec = (struct esp_key_spec){(enum esp_cipher)c, (enum esp_integrity)i, key,
                                key_length,         integrity_key,         integrity_length};
  esp_describe(spec, key + key_length, (uint8_t)icv, common);
  return true;
}

void esp_describe(const struct esp_key_spec *spec, const uint8_t *salt, uint8_t icv, struct esp_key *common) {
  common->cipher = (uint8_t)spec->cipher;
  common->integrity = (uint8_t)spec->integrity;
  common->key_length = (uint8_t)spec->key_length;
  common->icv = icv;
  common->iv = ciphers[spec->cipher].iv;
  common->block = ciphers[spec->cipher].block;
  if (ciphers[spec->cipher].salt == ESP_SALT) memcpy(common->salt, salt, ESP_SALT);
}

const char *esp_algorithm_name(int bit) {
  return bit < ESP_CIPHERS ? ciphers[bit].name : integrities[bit - ESP_CIPHERS].name;
}
