// Known answers: before a backend is used, each algorithm has to give them, in all lanes, and refuse another ICV.
#include <string.h>

#include "esp-crypto.h"

#define LANES 16
#define DATA_MAX 128

// Hexadecimal. Ciphers without integrity of their own are tested by themselves, HMACs under NULL encryption: their
// text's first eight octets are then the header, as are those of what GMAC covers.
struct answer {
  enum esp_cipher cipher;
  enum esp_integrity integrity;
  const char *key, *salt, *iv, *header, *aad, *plain, *sealed, *icv;
};

#define GCM_KEY "feffe9928665731c6d6a8f9467308308"
#define GCM_AAD "feedfacedeadbeeffeedfacedeadbeefabaddad2"
#define GCM_TEXT                                                                                                      \
  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657" \
  "ba637b39"
#define CBC_TEXT "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
#define CBC_IV "000102030405060708090a0b0c0d0e0f"
#define CTR_TEXT "53696e676c6520626c6f636b206d7367"
#define KEY_16(octet) octet octet octet octet octet octet octet octet octet octet octet octet octet octet octet octet

static const struct answer answers[] = {
    // Cases 4, 10 and 16 of "The Galois/Counter Mode of Operation (GCM)", McGrew and Viega.
    {ESP_AES_GCM, ESP_NONE, GCM_KEY, "cafebabe", "facedbaddecaf888", "", GCM_AAD, GCM_TEXT,
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac97"
     "3d58e091",
     "5bc94fbc3221a5db94fae95ae7121a47"},
    {ESP_AES_GCM, ESP_NONE, GCM_KEY "feffe9928665731c", "cafebabe", "facedbaddecaf888", "", GCM_AAD, GCM_TEXT,
     "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9"
     "ccda2710",
     "2519498e80f1478f37ba55bd6d27618c"},
    {ESP_AES_GCM, ESP_NONE, GCM_KEY GCM_KEY, "cafebabe", "facedbaddecaf888", "", GCM_AAD, GCM_TEXT,
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0a"
     "bcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
    // NIST CAVP, gcmEncryptExtIV128: no plaintext.
    {ESP_AES_GMAC, ESP_NONE, "77be63708971c4e240d1cb79e8d77feb", "e0e00f19", "fed7ba0136a797f3", "7a43ec1d9c0a5a78", "",
     "a0b16533a6213cab", "a0b16533a6213cab", "209fcc8d3675ed938e9c7166709dd946"},
    // NIST SP 800-38A sections F.2.1, F.2.3 and F.2.5.
    {ESP_AES_CBC, ESP_NONE, "2b7e151628aed2a6abf7158809cf4f3c", "", CBC_IV, "", "", CBC_TEXT,
     "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2", ""},
    {ESP_AES_CBC, ESP_NONE, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "", CBC_IV, "", "", CBC_TEXT,
     "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a", ""},
    {ESP_AES_CBC, ESP_NONE, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "", CBC_IV, "", "",
     CBC_TEXT, "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d", ""},
    // RFC 3686 section 6, test vectors 1, 4 and 7.
    {ESP_AES_CTR, ESP_NONE, "ae6852f8121067cc4bf7a5765577f39e", "00000030", "0000000000000000", "", "", CTR_TEXT,
     "e4095d4fb7a7b3792d6175a3261311b8", ""},
    {ESP_AES_CTR, ESP_NONE, "16af5b145fc9f579c175f93e3bfb0eed863d06ccfdb78515", "00000048", "36733c147d6d93cb", "", "",
     CTR_TEXT, "4b55384fe259c9c84e7935a003cbe928", ""},
    {ESP_AES_CTR, ESP_NONE, "776beff2851db06f4c8a0542c8696f6c6a81af1eec96b4d37fc1d689e6c1c104", "00000060",
     "db5672c97aa8f0b2", "", "", CTR_TEXT, "145ad01dbf824ec7560863dc71e3e0c0", ""},
    // RFC 7634 appendix A.
    {ESP_CHACHA20_POLY1305, ESP_NONE, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", "a0a1a2a3",
     "1011121314151617", "", "0102030400000005",
     "45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b0c0d0e0f101112131415161718191a1b"
     "1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363701020204",
     "24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c614ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9"
     "befe2facc638e8f3cbec163fac469b502773f6fb94e664da9165b82829f641e0",
     "76aaa8266b7fb0f7b11b369907e1ad43"},
    // RFC 2202 section 3 and RFC 4868 section 2.7.2: test case 1 of each, "Hi There".
    {ESP_NULL, ESP_HMAC_SHA1, KEY_16("0b") "0b0b0b0b", "", "", "4869205468657265", "", "", "",
     "b617318655057264e28bc0b6"},
    {ESP_NULL, ESP_HMAC_SHA2_256, KEY_16("0b0b"), "", "", "4869205468657265", "", "", "",
     "198a607eb44bfbc69903a0f1cf2bbdc5"},
    {ESP_NULL, ESP_HMAC_SHA2_384, KEY_16("0b0b0b"), "", "", "4869205468657265", "", "", "",
     "b6a8d5636f5c6a7224f9977dcf7ee6c7fb6d0c48cbdee973"},
    {ESP_NULL, ESP_HMAC_SHA2_512, KEY_16("0b0b0b0b"), "", "", "4869205468657265", "", "", "",
     "637edc6e01dce7e6742a99451aae82df23da3e92439e590e43e761b33e910fb8"},
};

static uint32_t octets(const char *hex, uint8_t *out) {
  uint32_t length = 0;
  for (; hex[0] != 0; hex += 2) {
    uint8_t high = (uint8_t)(hex[0] <= '9' ? hex[0] - '0' : hex[0] - 'a' + 10);
    uint8_t low = (uint8_t)(hex[1] <= '9' ? hex[1] - '0' : hex[1] - 'a' + 10);
    out[length++] = (uint8_t)(high << 4 | low);
  }
  return length;
}

// Packets side by side: header, data, ICV; IV and AAD are the same for all.
struct bench {
  struct esp_packet packets[LANES];
  uint8_t frames[LANES][ESP_HEADER + DATA_MAX + ESP_ICV_MAX];
  uint8_t iv[ESP_IV_MAX], aad[32], sealed[DATA_MAX], icv[ESP_ICV_MAX], plain[DATA_MAX];
};

static void lay_out(struct bench *bench, const struct answer *answer, struct esp_key *key) {
  octets(answer->iv, bench->iv);
  octets(answer->sealed, bench->sealed);
  octets(answer->icv, bench->icv);
  uint32_t aad = octets(answer->aad, bench->aad), length = octets(answer->plain, bench->plain);
  for (int i = 0; i < LANES; i++) {
    struct esp_packet *packet = &bench->packets[i];
    uint8_t *frame = bench->frames[i];
    *packet = (struct esp_packet){.key = key, .header = frame, .iv = bench->iv, .length = length};
    packet->data = frame + ESP_HEADER;
    packet->aad = aad > 0 ? bench->aad : frame;
    packet->aad_length = aad > 0 ? aad : ESP_HEADER;
    memcpy(packet->nonce, key->salt, ESP_SALT);
    memcpy(packet->nonce + ESP_SALT, bench->iv, 8);
    packet->nonce[ESP_BLOCK - 1] = 1;
    octets(answer->header, packet->header);
    memcpy(packet->data, bench->plain, length);
  }
}

static bool all(const struct bench *bench, enum esp_status status, const uint8_t *data, uint32_t length) {
  for (int i = 0; i < LANES; i++) {
    if (bench->packets[i].status != status || memcmp(bench->packets[i].data, data, length) != 0) return false;
  }
  return true;
}

static bool passes(const struct esp_backend *backend, const struct answer *answer, struct esp_key *key) {
  struct bench bench;
  lay_out(&bench, answer, key);
  uint32_t length = bench.packets[0].length;
  backend->run(bench.packets, LANES, true);
  if (!all(&bench, ESP_OK, bench.sealed, length)) return false;
  for (int i = 0; i < LANES; i++) {
    if (memcmp(bench.packets[i].data + length, bench.icv, key->icv) != 0) return false;
  }
  backend->run(bench.packets, LANES, false);
  if (!all(&bench, ESP_OK, bench.plain, length)) return false;
  if (key->icv == 0) return true;
  backend->run(bench.packets, LANES, true);
  for (int i = 0; i < LANES; i++) bench.packets[i].data[length + key->icv - 1u] ^= 1;
  backend->run(bench.packets, LANES, false);
  return all(&bench, ESP_AUTHENTICATION_FAILED, bench.plain, 0);
}

static bool gives(const struct esp_backend *backend, const struct answer *answer) {
  uint8_t key_bytes[ESP_INTEGRITY_KEY_MAX], salt[ESP_SALT] = {0};
  size_t length = octets(answer->key, key_bytes);
  octets(answer->salt, salt);
  struct esp_key_spec spec = {.cipher = answer->cipher, .integrity = answer->integrity};
  if (spec.integrity == ESP_NONE) {
    spec.key = key_bytes;
    spec.key_length = length;
  } else {
    spec.integrity_key = key_bytes;
    spec.integrity_length = length;
  }
  struct esp_key *key = backend->make(&spec);
  if (key == NULL) return false;
  esp_describe(&spec, salt, (uint8_t)(strlen(answer->icv) / 2), key);
  bool passed = passes(backend, answer, key);
  backend->wipe(key);
  return passed;
}

uint32_t esp_self_test(const struct esp_backend *backend) {
  uint32_t works = ~0u; // of one algorithm, all key lengths have to pass
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    if (gives(backend, &answers[i])) continue;
    works &= ~(answers[i].integrity == ESP_NONE ? 1u << answers[i].cipher
                                                : 1u << (ESP_CIPHERS + answers[i].integrity));
  }
  return works & ((1u << ESP_ALGORITHMS) - 1);
}
