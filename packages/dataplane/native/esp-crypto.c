// Keys of ESP in slots, and which library they are made for.
#include "esp-crypto.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "errors.h"

static struct esp_key *keys[ESP_SLOTS];
static const struct esp_backend *chosen;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

// What new keys are made for. Called with the lock.
static const struct esp_backend *backend(void) {
  if (chosen == NULL) chosen = esp_ipsec_mb();
  if (chosen == NULL) chosen = esp_openssl();
  return chosen;
}

// The chosen one, or the other where that one cannot do the algorithms. Called with the lock.
static const struct esp_backend *backend_for(uint32_t needs) {
  const struct esp_backend *candidates[] = {backend(), esp_ipsec_mb(), esp_openssl()};
  for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
    if (candidates[i] != NULL && (candidates[i]->works & needs) == needs) return candidates[i];
  }
  return NULL;
}

// Such as "openssl 3.0.19, without chacha20-poly1305".
static void describe(const struct esp_backend *backend, char *out, size_t size) {
  size_t used = (size_t)snprintf(out, size, "%s", backend->name);
  const char *separator = ", without ";
  for (int bit = 0; bit < ESP_ALGORITHMS; bit++) {
    if ((backend->works & 1u << bit) != 0 || used >= size) continue;
    used += (size_t)snprintf(out + used, size - used, "%s%s", separator, esp_algorithm_name(bit));
    separator = ", ";
  }
}

napi_value esp_choose_backend(napi_env env, napi_callback_info info) {
  napi_value value, result;
  char name[16] = "";
  bool named = arguments(env, info, 1, &value) && string_value(env, value, name, sizeof name);
  pthread_mutex_lock(&lock);
  const struct esp_backend *wanted = NULL;
  if (named && strcmp(name, "auto") == 0) chosen = NULL;
  if (!named || strcmp(name, "auto") == 0) wanted = backend();
  else if (strcmp(name, "ipsec-mb") == 0) wanted = esp_ipsec_mb();
  else if (strcmp(name, "openssl") == 0) wanted = esp_openssl();
  if (wanted != NULL) chosen = wanted;
  pthread_mutex_unlock(&lock);
  if (wanted == NULL) {
    return throw_errno(env, EOPNOTSUPP, "espBackend", "the crypto of ESP by \"%s\" does not work on this CPU", name);
  }
  char description[256];
  describe(wanted, description, sizeof description);
  return napi_create_string_utf8(env, description, NAPI_AUTO_LENGTH, &result) == napi_ok ? result : NULL;
}

struct esp_key *esp_key_in(int32_t slot) {
  return (uint32_t)slot < ESP_SLOTS ? __atomic_load_n(&keys[slot], __ATOMIC_ACQUIRE) : NULL;
}

// 0, or why there is no key in the slot now. Called with the lock.
static int make_key(int32_t slot, const struct esp_key_spec *spec, const struct esp_key *common) {
  if (keys[slot] != NULL) return EEXIST;
  const struct esp_backend *maker = backend_for(esp_needs(spec->cipher, spec->integrity));
  if (maker == NULL) return EOPNOTSUPP;
  struct esp_key *key = maker->make(spec);
  if (key == NULL) return ENOMEM;
  *key = *common;
  key->backend = maker;
  __atomic_store_n(&keys[slot], key, __ATOMIC_RELEASE); // whole before anyone sees it
  return 0;
}

napi_value esp_key_set(napi_env env, napi_callback_info info) {
  napi_value values[6];
  int32_t slot, icv;
  uint8_t *bytes, *integrity_bytes;
  size_t length, integrity_length;
  char cipher[24], integrity[24];
  struct esp_key_spec spec;
  struct esp_key common = {0};
  if (!arguments(env, info, 6, values) || !integer_value(env, values[0], &slot) || (uint32_t)slot >= ESP_SLOTS ||
      !string_value(env, values[1], cipher, sizeof cipher) || !bytes_value(env, values[2], &bytes, &length) ||
      !string_value(env, values[3], integrity, sizeof integrity) ||
      !bytes_value(env, values[4], &integrity_bytes, &integrity_length) || !integer_value(env, values[5], &icv)) {
    return throw_errno(env, EINVAL, "espKeySet", "a key has a slot below %d, two algorithms with a key each, and an ICV",
                       ESP_SLOTS);
  }
  if (!esp_specify(cipher, bytes, length, integrity, integrity_bytes, integrity_length, icv, &spec, &common)) {
    return throw_errno(env, EINVAL, "espKeySet",
                       "ESP has no %s with a key of %zu bytes, %s with one of %zu, and an ICV of %d", cipher, length,
                       integrity, integrity_length, icv);
  }
  pthread_mutex_lock(&lock);
  int error = make_key(slot, &spec, &common);
  pthread_mutex_unlock(&lock);
  if (error != 0) return throw_errno(env, error, "espKeySet", "setting the key of slot %d for %s", slot, cipher);
  return NULL;
}

napi_value esp_key_wipe(napi_env env, napi_callback_info info) {
  int32_t slot = integer_argument(env, info, -1);
  pthread_mutex_lock(&lock);
  struct esp_key *key =
      (uint32_t)slot < ESP_SLOTS ? __atomic_exchange_n(&keys[slot], NULL, __ATOMIC_ACQ_REL) : NULL;
  if (key != NULL) key->backend->wipe(key);
  pthread_mutex_unlock(&lock);
  napi_value result;
  return napi_get_boolean(env, key != NULL, &result) == napi_ok ? result : NULL;
}
