#include "esp-crypto.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "args.h"
#include "errors.h"
#include "pool.h"

#define SLOTS 65536

// Words of a job: the layout of ESP_JOB in src/tables/esp-job.ts, which a test compares by what jobs do.
enum { JOB_SLOT, JOB_DATA, JOB_LENGTH, JOB_AAD, JOB_IV, JOB_ESN_HIGH, JOB_FLAGS, JOB_AAD_LENGTH, JOB_WORDS };
#define FLAG_ESN 1
#define FLAG_AAD_LENGTH 2

enum { STATUS_OK, STATUS_AUTHENTICATION_FAILED, STATUS_BAD_JOB };

// AAD of ESP: SPI and sequence number, with the number's high half between them if extended (RFC 4106 section 5).
#define AAD_PLAIN 8
#define AAD_ESN 12

static struct esp_key *keys[SLOTS];
static const struct esp_backend *chosen;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

// What new keys are made for. Called with the lock.
static const struct esp_backend *backend(void) {
  if (chosen == NULL) chosen = esp_ipsec_mb();
  if (chosen == NULL) chosen = esp_openssl();
  return chosen;
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
    return throw_errno(env, EOPNOTSUPP, "espBackend", "AES-GCM by \"%s\" does not work on this CPU", name);
  }
  return napi_create_string_utf8(env, wanted->name, NAPI_AUTO_LENGTH, &result) == napi_ok ? result : NULL;
}

static struct esp_key *key_in(int32_t slot) {
  return (uint32_t)slot < SLOTS ? __atomic_load_n(&keys[slot], __ATOMIC_ACQUIRE) : NULL;
}

napi_value esp_key_set(napi_env env, napi_callback_info info) {
  napi_value values[6];
  int32_t slot, icv;
  uint8_t *bytes, *integrity_bytes;
  size_t length, integrity_length;
  char cipher[24], integrity[24];
  if (!arguments(env, info, 6, values) || !integer_value(env, values[0], &slot) ||
      !string_value(env, values[1], cipher, sizeof cipher) || !bytes_value(env, values[2], &bytes, &length) ||
      !string_value(env, values[3], integrity, sizeof integrity) ||
      !bytes_value(env, values[4], &integrity_bytes, &integrity_length) || !integer_value(env, values[5], &icv) ||
      (uint32_t)slot >= SLOTS) {
    return throw_errno(env, EINVAL, "espKeySet", "slot (below %d), cipher, key, integrity, its key, ICV bytes", SLOTS);
  }
  if (strcmp(cipher, "aes-gcm") != 0) {
    return throw_errno(env, EOPNOTSUPP, "espKeySet", "%s with %s is not there yet", cipher, integrity);
  }
  if (strcmp(integrity, "none") != 0 || integrity_length != 0 || (length != 20 && length != 28 && length != 36) ||
      (icv != 8 && icv != 12 && icv != 16)) {
    return throw_errno(env, EINVAL, "espKeySet", "a key of %s and %s with an ICV of %d", cipher, integrity, icv);
  }
  length -= ESP_SALT;
  const uint8_t *salt = bytes + length;
  pthread_mutex_lock(&lock);
  int error = 0;
  if (keys[slot] != NULL) {
    error = EEXIST;
  } else if (backend() == NULL) {
    error = EOPNOTSUPP;
  } else {
    struct esp_key *key = chosen->make(bytes, length);
    if (key == NULL) {
      error = ENOMEM;
    } else {
      key->backend = chosen;
      key->icv = (uint32_t)icv;
      memcpy(key->salt, salt, ESP_SALT);
      __atomic_store_n(&keys[slot], key, __ATOMIC_RELEASE); // whole before anyone sees it
    }
  }
  pthread_mutex_unlock(&lock);
  if (error != 0) return throw_errno(env, error, "espKeySet", "setting the key of slot %d", slot);
  return NULL;
}

napi_value esp_key_wipe(napi_env env, napi_callback_info info) {
  int32_t slot = integer_argument(env, info, -1);
  pthread_mutex_lock(&lock);
  struct esp_key *key = (uint32_t)slot < SLOTS ? __atomic_exchange_n(&keys[slot], NULL, __ATOMIC_ACQ_REL) : NULL;
  if (key != NULL) key->backend->wipe(key);
  pthread_mutex_unlock(&lock);
  napi_value result;
  return napi_get_boolean(env, key != NULL, &result) == napi_ok ? result : NULL;
}

static bool within(int32_t at, int64_t length) {
  return at >= 0 && (uint64_t)at + (uint64_t)length <= pool.size;
}

// False when the job points outside the frames. `esn_aad` is room for an AAD that has to be put together.
static bool packet_of(const int32_t *job, const struct esp_key *key, struct esp_packet *packet,
                      uint8_t esn_aad[AAD_ESN]) {
  int32_t aad_length = (job[JOB_FLAGS] & FLAG_AAD_LENGTH) != 0 ? job[JOB_AAD_LENGTH] : AAD_PLAIN;
  if (job[JOB_LENGTH] < 0 || !within(job[JOB_DATA], (int64_t)job[JOB_LENGTH] + key->icv) || aad_length < 0 ||
      !within(job[JOB_AAD], aad_length) || !within(job[JOB_IV], ESP_IV)) {
    return false;
  }
  packet->data = pool.base + job[JOB_DATA];
  packet->length = (uint32_t)job[JOB_LENGTH];
  memcpy(packet->nonce, key->salt, ESP_SALT);
  memcpy(packet->nonce + ESP_SALT, pool.base + job[JOB_IV], ESP_IV);
  const uint8_t *aad = pool.base + job[JOB_AAD];
  packet->aad = aad;
  packet->aad_length = (uint32_t)aad_length;
  if ((job[JOB_FLAGS] & (FLAG_ESN | FLAG_AAD_LENGTH)) == FLAG_ESN) {
    uint32_t high = __builtin_bswap32((uint32_t)job[JOB_ESN_HIGH]);
    memcpy(esn_aad, aad, 4);
    memcpy(esn_aad + 4, &high, 4);
    memcpy(esn_aad + 8, aad + 4, 4);
    packet->aad = esn_aad;
    packet->aad_length = AAD_ESN;
  }
  return true;
}

static uint8_t run_job(const int32_t *job, bool sealing) {
  struct esp_key *key = key_in(job[JOB_SLOT]);
  struct esp_packet packet;
  uint8_t esn_aad[AAD_ESN];
  if (key == NULL || !packet_of(job, key, &packet, esn_aad)) return STATUS_BAD_JOB;
  uint8_t *icv = packet.data + packet.length;
  if (sealing) return key->backend->seal(key, &packet, icv) ? STATUS_OK : STATUS_BAD_JOB;
  if (key->backend->open(key, &packet, icv)) return STATUS_OK;
  // Decryption goes along with authentication: what a forger made us decrypt must not stay readable.
  memset(packet.data, 0, packet.length);
  return STATUS_AUTHENTICATION_FAILED;
}

static napi_value run_jobs(napi_env env, napi_callback_info info, bool sealing) {
  napi_value values[3];
  int32_t *jobs, count;
  uint8_t *status;
  size_t words, statuses;
  if (!arguments(env, info, 3, values) || !integers_value(env, values[0], &jobs, &words) ||
      !integer_value(env, values[1], &count) || !bytes_value(env, values[2], &status, &statuses) || count < 0 ||
      (size_t)count > words / JOB_WORDS || (size_t)count > statuses) {
    return integer(env, -EINVAL);
  }
  int32_t failed = 0;
  for (int32_t i = 0; i < count; i++) {
    status[i] = run_job(jobs + (size_t)i * JOB_WORDS, sealing);
    if (status[i] != STATUS_OK) failed++;
  }
  return integer(env, failed);
}

napi_value esp_seal_jobs(napi_env env, napi_callback_info info) {
  return run_jobs(env, info, true);
}

napi_value esp_open_jobs(napi_env env, napi_callback_info info) {
  return run_jobs(env, info, false);
}
