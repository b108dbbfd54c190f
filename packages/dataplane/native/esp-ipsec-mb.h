// What the two halves of the ipsec-mb backend share.
#pragma once

#include <intel-ipsec-mb.h>

#include "esp-crypto.h"

#define CACHE_LINE 64

struct mb_key {
  struct esp_key common;
  // Of AES-GCM and AES-GMAC.
  aes_gcm_enc_dec_t encrypt;
  aes_gcm_enc_dec_t decrypt;
  aes_gmac_init_t gmac_init;
  aes_gmac_update_t gmac_update;
  aes_gmac_finalize_t gmac_finalize;
  union {
    struct gcm_key_data gcm;
    struct {
      uint8_t encrypt[15 * ESP_BLOCK]; // round keys
      uint8_t decrypt[15 * ESP_BLOCK];
    } aes;
    uint8_t chacha20[ESP_KEY_MAX];
  } schedule __attribute__((aligned(CACHE_LINE)));
  // State of the hash after the key's block with ipad and with opad (RFC 2104 section 4).
  uint8_t inner[64] __attribute__((aligned(16)));
  uint8_t outer[64] __attribute__((aligned(16)));
};

// A thread's manager, and jobs for it: the library's bursts take them in an array.
struct mb_thread {
  IMB_MGR *manager;
  IMB_JOB jobs[ESP_CHUNK];
  // The library may write a whole digest where a shortened one is wanted.
  uint8_t tags[ESP_CHUNK][64];
};

// AES-CBC, AES-CTR and HMAC over the packets that use them and whose status is ESP_OK.
void mb_cipher_lanes(struct mb_thread *thread, struct esp_packet *packets, uint32_t count, bool sealing);
void mb_hmac_lanes(struct mb_thread *thread, struct esp_packet *packets, uint32_t count, bool sealing);
