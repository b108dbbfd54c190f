// Jobs of ESP: eight words each say where a packet is; the key of its slot says what is done with it.
#include <errno.h>
#include <string.h>

#include "args.h"
#include "esp-crypto.h"
#include "pool.h"

// Words of a job: ESP_JOB in src/tables/esp-job.ts, which a test compares by what jobs do.
enum { JOB_SLOT, JOB_DATA, JOB_LENGTH, JOB_HEADER, JOB_IV, JOB_ESN_HIGH, JOB_FLAGS, JOB_AAD_LENGTH, JOB_WORDS };
#define FLAG_ESN 1
#define FLAG_AAD_LENGTH 2
#define FLAG_IV_GIVEN 4

// Jobs ahead of the one in hand whose key is called for.
#define AHEAD 8

static bool within(int32_t at, int64_t length) {
  return at >= 0 && (uint64_t)at + (uint64_t)length <= pool.size;
}

static bool makes_sense(const int32_t *job, const struct esp_key *key) {
  int64_t header = job[JOB_HEADER], data = job[JOB_DATA], length = job[JOB_LENGTH];
  if (length < 0 || length % key->block != 0 || length + key->icv > ESP_PACKET_MAX) return false;
  if (!within(job[JOB_DATA], length + key->icv) || !within(job[JOB_IV], key->iv)) return false;
  bool aead = key->cipher == ESP_AES_GCM || key->cipher == ESP_CHACHA20_POLY1305;
  if ((job[JOB_FLAGS] & FLAG_AAD_LENGTH) != 0) {
    int32_t aad_length = job[JOB_AAD_LENGTH];
    return aead && aad_length >= 0 && aad_length <= ESP_PACKET_MAX && within(job[JOB_HEADER], aad_length);
  }
  if (!within(job[JOB_HEADER], ESP_HEADER)) return false;
  if (aead) return true;
  // The others cover all that lies between header and ICV.
  if (header + ESP_HEADER > data || data + length + key->icv - header > ESP_PACKET_MAX) return false;
  return key->cipher != ESP_AES_CBC || length > 0;
}

// What an AEAD authenticates besides the data: SPI and sequence number, with the number's high half between them if
// extended (RFC 4106 section 5, RFC 7634 section 2.1).
static void set_aad(struct esp_packet *packet, const int32_t *job) {
  packet->aad = packet->header;
  packet->aad_length = (job[JOB_FLAGS] & FLAG_AAD_LENGTH) != 0 ? (uint32_t)job[JOB_AAD_LENGTH] : ESP_HEADER;
  if ((job[JOB_FLAGS] & (FLAG_ESN | FLAG_AAD_LENGTH)) == FLAG_ESN) {
    memcpy(packet->aad_esn, packet->header, 4);
    memcpy(packet->aad_esn + 4, packet->esn_high, 4);
    memcpy(packet->aad_esn + 8, packet->header + 4, 4);
    packet->aad = packet->aad_esn;
    packet->aad_length = sizeof packet->aad_esn;
  }
}

// False when the job makes no sense; nothing was changed then.
static bool packet_of(const int32_t *job, bool sealing, struct esp_packet *packet) {
  struct esp_key *key = esp_key_in(job[JOB_SLOT]);
  if (key == NULL || !makes_sense(job, key)) return false;
  packet->key = key;
  packet->header = pool.base + job[JOB_HEADER];
  packet->iv = pool.base + job[JOB_IV];
  packet->data = pool.base + job[JOB_DATA];
  packet->length = (uint32_t)job[JOB_LENGTH];
  packet->esn = (job[JOB_FLAGS] & FLAG_ESN) != 0;
  uint32_t high = __builtin_bswap32((uint32_t)job[JOB_ESN_HIGH]);
  memcpy(packet->esn_high, &high, sizeof high);
  if (key->cipher == ESP_AES_CBC) {
    return !sealing || (job[JOB_FLAGS] & FLAG_IV_GIVEN) != 0 || esp_random_iv(packet->iv);
  }
  if (key->cipher == ESP_NULL) return true;
  set_aad(packet, job);
  memcpy(packet->nonce, key->salt, ESP_SALT);
  memcpy(packet->nonce + ESP_SALT, packet->iv, 8);
  packet->nonce[12] = packet->nonce[13] = packet->nonce[14] = 0;
  packet->nonce[15] = 1; // RFC 3686 section 4: the block counter begins with one
  return true;
}

static int32_t run_chunk(const int32_t *jobs, int32_t count, uint8_t *status, bool sealing) {
  struct esp_packet packets[ESP_CHUNK];
  uint8_t job_of[ESP_CHUNK];
  uint32_t good = 0;
  for (int32_t i = 0; i < count && i < AHEAD; i++) __builtin_prefetch(esp_key_in(jobs[i * JOB_WORDS + JOB_SLOT]));
  for (int32_t i = 0; i < count; i++) {
    if (i + AHEAD < count) __builtin_prefetch(esp_key_in(jobs[(i + AHEAD) * JOB_WORDS + JOB_SLOT]));
    status[i] = ESP_BAD_JOB;
    if (packet_of(jobs + (size_t)i * JOB_WORDS, sealing, &packets[good])) job_of[good++] = (uint8_t)i;
  }
  // Neighbours whose keys are of one backend go to it together: all of them, but while keys are moved to another.
  for (uint32_t from = 0, to; from < good; from = to) {
    const struct esp_backend *backend = packets[from].key->backend;
    for (to = from + 1; to < good && packets[to].key->backend == backend; to++) continue;
    backend->run(packets + from, to - from, sealing);
  }
  int32_t done = 0;
  for (uint32_t k = 0; k < good; k++) {
    status[job_of[k]] = packets[k].status;
    if (packets[k].status == ESP_OK) done++;
    // Some decrypt while they authenticate: what a forger made us decrypt must not stay readable.
    if (packets[k].status == ESP_AUTHENTICATION_FAILED) memset(packets[k].data, 0, packets[k].length);
  }
  return count - done;
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
  for (int32_t at = 0; at < count; at += ESP_CHUNK) {
    int32_t some = count - at < ESP_CHUNK ? count - at : ESP_CHUNK;
    failed += run_chunk(jobs + (size_t)at * JOB_WORDS, some, status + at, sealing);
  }
  return integer(env, failed);
}

napi_value esp_seal_jobs(napi_env env, napi_callback_info info) {
  return run_jobs(env, info, true);
}

napi_value esp_open_jobs(napi_env env, napi_callback_info info) {
  return run_jobs(env, info, false);
}
