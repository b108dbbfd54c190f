// The bare loop over Intel's ipsec-mb that ESP cannot be faster than: encrypts or decrypts payloads in place, and nothing else.
// No headers, no lookups, no windows, no counters.
//
//   esp aes-gcm-128|aes-gcm-256|aes-cbc-128-sha256|chacha20-poly1305 OCTETS seal|open SAS quick|full
//
// OCTETS are the inner packet's; padding and trailer are added to them as ESP adds them. Each packet has a random one of SAS
// keys. By the calls of the library that were measured to be the fastest for each algorithm: direct ones for AES-GCM, jobs for
// ChaCha20-Poly1305, bursts of 128 for AES-CBC and HMAC.
#include <intel-ipsec-mb.h>
#include <string.h>
#include <sys/mman.h>

#include "rounds.h"

#define PACKETS 1024 // in rotation, as in bench/src/memory/packet-loop.ts
#define FRAME 2048
#define START 306 // where data begins behind Ethernet, IPv4 and ESP headers in a frame of the data plane
#define BURST 128
#define SAS_MAX 10000

enum algorithm { GCM_128, GCM_256, CBC_SHA256, CHACHA20_POLY1305 };
static const char *const NAMES[] = {"aes-gcm-128", "aes-gcm-256", "aes-cbc-128-sha256", "chacha20-poly1305"};

struct sa {
  union {
    struct gcm_key_data gcm;
    struct {
      uint8_t encrypt[15 * 16], decrypt[15 * 16], inner[64], outer[64];
    } cbc;
    uint8_t chacha20[32];
  } key __attribute__((aligned(64)));
};

static IMB_MGR *manager;
static struct sa *sas;
static enum algorithm algorithm;
static int sealing, octets, sa_count;
static uint8_t *memory;
static uint16_t sa_of[PACKETS];
static uint64_t counter, done, mismatches;
static IMB_JOB jobs[BURST];
static uint8_t tags[BURST][64];

static uint8_t *data_of(int packet) { return memory + packet * FRAME + START; }
static uint8_t *header_of(int packet) { return data_of(packet) - 16; } // SPI, sequence number, IV

static uint32_t random32(void) {
  static uint32_t x = 20260701;
  x ^= x << 13;
  x ^= x >> 17;
  return x ^= x << 5;
}

static void make_key(struct sa *sa) {
  uint8_t key[32], block[64];
  for (int i = 0; i < 32; i++) key[i] = random32();
  for (int i = 0; i < 64; i++) block[i] = (i < 32 ? key[i] : 0) ^ 0x36;
  switch (algorithm) {
  case GCM_128: IMB_AES128_GCM_PRE(manager, key, &sa->key.gcm); break;
  case GCM_256: IMB_AES256_GCM_PRE(manager, key, &sa->key.gcm); break;
  case CBC_SHA256:
    IMB_AES_KEYEXP_128(manager, key, sa->key.cbc.encrypt, sa->key.cbc.decrypt);
    IMB_SHA256_ONE_BLOCK(manager, block, sa->key.cbc.inner);
    for (int i = 0; i < 64; i++) block[i] ^= 0x36 ^ 0x5c;
    IMB_SHA256_ONE_BLOCK(manager, block, sa->key.cbc.outer);
    break;
  case CHACHA20_POLY1305: memcpy(sa->key.chacha20, key, 32); break;
  }
}

static void use_tag(int packet, const uint8_t *tag) {
  uint8_t *icv = data_of(packet) + octets;
  if (sealing) memcpy(icv, tag, 16);
  else mismatches += memcmp(icv, tag, 16) != 0;
}

static void gcm(int packet) {
  struct gcm_context_data context;
  const struct sa *sa = &sas[sa_of[packet]];
  uint8_t *header = header_of(packet), *data = data_of(packet), nonce[12] = {1, 2, 3, 4}, tag[16];
  memcpy(nonce + 4, header + 8, 8);
  if (algorithm == GCM_128 && sealing)
    IMB_AES128_GCM_ENC(manager, &sa->key.gcm, &context, data, data, octets, nonce, header, 8, tag, 16);
  else if (algorithm == GCM_128)
    IMB_AES128_GCM_DEC(manager, &sa->key.gcm, &context, data, data, octets, nonce, header, 8, tag, 16);
  else if (sealing)
    IMB_AES256_GCM_ENC(manager, &sa->key.gcm, &context, data, data, octets, nonce, header, 8, tag, 16);
  else IMB_AES256_GCM_DEC(manager, &sa->key.gcm, &context, data, data, octets, nonce, header, 8, tag, 16);
  use_tag(packet, tag);
}

static void chacha20_poly1305(int packet) {
  const struct sa *sa = &sas[sa_of[packet]];
  uint8_t *header = header_of(packet), *data = data_of(packet), nonce[12] = {1, 2, 3, 4}, tag[16];
  memcpy(nonce + 4, header + 8, 8);
  IMB_JOB *job = IMB_GET_NEXT_JOB(manager);
  *job = (IMB_JOB){.enc_keys = sa->key.chacha20,
                   .dec_keys = sa->key.chacha20,
                   .key_len_in_bytes = 32,
                   .src = data,
                   .dst = data,
                   .msg_len_to_cipher_in_bytes = octets,
                   .msg_len_to_hash_in_bytes = octets,
                   .iv = nonce,
                   .iv_len_in_bytes = 12,
                   .auth_tag_output = tag,
                   .auth_tag_output_len_in_bytes = 16,
                   .u.CHACHA20_POLY1305 = {.aad = header, .aad_len_in_bytes = 8},
                   .cipher_mode = IMB_CIPHER_CHACHA20_POLY1305,
                   .cipher_direction = sealing ? IMB_DIR_ENCRYPT : IMB_DIR_DECRYPT,
                   .hash_alg = IMB_AUTH_CHACHA20_POLY1305,
                   .chain_order = sealing ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER};
  if (IMB_SUBMIT_JOB_NOCHECK(manager) == NULL) die("a job was not done at once");
  use_tag(packet, tag);
}

static void cbc_burst(int from) {
  for (int i = 0; i < BURST; i++) {
    const struct sa *sa = &sas[sa_of[from + i]];
    IMB_JOB *job = &jobs[i];
    job->status = IMB_STATUS_BEING_PROCESSED;
    job->enc_keys = sa->key.cbc.encrypt;
    job->dec_keys = sa->key.cbc.decrypt;
    job->key_len_in_bytes = 16;
    job->src = job->dst = data_of(from + i);
    job->cipher_start_src_offset_in_bytes = 0;
    job->msg_len_to_cipher_in_bytes = octets;
    job->iv = data_of(from + i) - 16;
    job->iv_len_in_bytes = 16;
  }
  IMB_CIPHER_DIRECTION direction = sealing ? IMB_DIR_ENCRYPT : IMB_DIR_DECRYPT;
  if (IMB_SUBMIT_CIPHER_BURST_NOCHECK(manager, jobs, BURST, IMB_CIPHER_CBC, direction, IMB_KEY_128_BYTES) != BURST)
    die("a burst was not done");
}

static void hmac_burst(int from) {
  for (int i = 0; i < BURST; i++) {
    const struct sa *sa = &sas[sa_of[from + i]];
    IMB_JOB *job = &jobs[i];
    job->status = IMB_STATUS_BEING_PROCESSED;
    job->src = data_of(from + i) - 24; // with SPI, sequence number and the IV of 16 octets
    job->hash_start_src_offset_in_bytes = 0;
    job->msg_len_to_hash_in_bytes = 24 + octets;
    job->auth_tag_output = tags[i];
    job->auth_tag_output_len_in_bytes = 16;
    job->u.HMAC._hashed_auth_key_xor_ipad = sa->key.cbc.inner;
    job->u.HMAC._hashed_auth_key_xor_opad = sa->key.cbc.outer;
  }
  if (IMB_SUBMIT_HASH_BURST_NOCHECK(manager, jobs, BURST, IMB_AUTH_HMAC_SHA_256) != BURST) die("a burst was not done");
  for (int i = 0; i < BURST; i++) use_tag(from + i, tags[i]);
}

static uint64_t run(void) {
  switch (algorithm) {
  case GCM_128:
  case GCM_256:
    for (int i = 0; i < PACKETS; i++) gcm(i);
    break;
  case CHACHA20_POLY1305:
    for (int i = 0; i < PACKETS; i++) chacha20_poly1305(i);
    break;
  case CBC_SHA256:
    for (int from = 0; from < PACKETS; from += BURST) {
      if (sealing) cbc_burst(from);
      hmac_burst(from);
      if (!sealing) cbc_burst(from);
    }
  }
  done += PACKETS;
  return PACKETS;
}

static void fill(void) {
  for (int i = 0; i < PACKETS; i++) {
    sa_of[i] = random32() % (uint32_t)sa_count;
    counter++;
    memcpy(header_of(i) + 8, &counter, 8);
  }
}

// What is sealed must open again to what it was.
static void check(void) {
  static uint8_t before[PACKETS][FRAME];
  for (int i = 0; i < PACKETS * FRAME; i++) memory[i] = random32();
  fill();
  for (int i = 0; i < PACKETS; i++) memcpy(before[i], data_of(i), octets);
  int wanted = sealing;
  sealing = 1;
  run();
  if (memcmp(before[0], data_of(0), octets) == 0) die("nothing was encrypted");
  sealing = 0;
  run();
  for (int i = 0; i < PACKETS; i++) {
    if (memcmp(before[i], data_of(i), octets) != 0) die("what was sealed does not open");
  }
  if (mismatches != 0) die("an ICV does not match");
  sealing = wanted;
  done = 0;
}

int main(int argc, char **argv) {
  if (argc != 6) die("esp ALGORITHM OCTETS seal|open SAS quick|full");
  for (algorithm = 0; strcmp(NAMES[algorithm], argv[1]) != 0; algorithm++) {
    if (algorithm == CHACHA20_POLY1305) die("there is no such algorithm");
  }
  int block = algorithm == CBC_SHA256 ? 16 : 4;
  octets = (atoi(argv[2]) + 2 + block - 1) / block * block;
  sealing = strcmp(argv[3], "seal") == 0;
  sa_count = atoi(argv[4]);
  if (sa_count < 1 || sa_count > SAS_MAX || START + octets + 16 > FRAME) die("too many SAs, or too large");
  manager = alloc_mb_mgr(0);
  if (manager == NULL) die("no memory");
  init_mb_mgr_auto(manager, NULL);
  sas = aligned_alloc(64, sa_count * sizeof *sas);
  memory = mmap(NULL, PACKETS * FRAME, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (sas == NULL || memory == MAP_FAILED) die("no memory");
  for (int i = 0; i < sa_count; i++) make_key(&sas[i]);
  check();
  while (next_round()) {
    struct measured m = measure((struct batch){fill, run}, strcmp(argv[5], "quick") == 0);
    answer(m, done, data_of(0), 16);
  }
  return 0;
}
