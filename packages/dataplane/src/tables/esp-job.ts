// A job for the crypto of ESP: eight words that say what to seal or open where. Everything else (algorithms, lengths of
// IV and ICV, what is authenticated) belongs to the key in the slot.

/** Not exported under this name: what a module does not export, V8 takes for constant in its own functions. */
const JOB = {
  slot: 0,
  /** What is encrypted or decrypted, in place: payload, padding, trailer. The ICV follows it. */
  dataOffset: 1,
  /** Without the ICV; a multiple of the cipher's block. */
  dataLength: 2,
  /** SPI and sequence number: 8 octets, before the data. */
  headerOffset: 3,
  /** The packet's IV, of the length that the cipher has. */
  ivOffset: 4,
  /** High 32 bits of an extended sequence number; only with flag ESP_ESN. */
  esnHigh: 5,
  flags: 6,
  /** Octets at headerOffset; only with flag ESP_AAD_LENGTH. */
  aadLength: 7,
} as const;

export const ESP_JOB = JOB;

const WORDS = 8;
export const ESP_JOB_WORDS = WORDS;

/** Flag: esnHigh is authenticated too, where the algorithm wants it (RFC 4303 section 2.2.1, RFC 4106 section 5). */
export const ESP_ESN = 1;
/** Flag, for known answers: an AEAD authenticates aadLength octets at headerOffset instead of the ESP header. */
export const ESP_AAD_LENGTH = 2;
/** Flag, for known answers: AES-CBC seals with the IV that is there instead of one that nobody can predict. */
export const ESP_IV_GIVEN = 4;

export const ESP_STATUS = {
  ok: 0,
  /** The ICV is not that of the packet. The data has been overwritten with zeros. */
  authenticationFailed: 1,
  /** No key in the slot, an offset outside the frames, or a length that the cipher cannot have. Nothing was changed. */
  badJob: 2,
} as const;

/**
 * Writes job `index`. Offsets are absolute in the pool's memory; `length` is without the ICV, which stands behind the
 * data. `esn` is 1 for extended sequence numbers, else 0. The IV of aes-cbc is written by seal, all others before it.
 */
export function writeEspJob(
  jobs: Int32Array,
  index: number,
  slot: number,
  data: number,
  length: number,
  header: number,
  iv: number,
  esnHigh: number,
  esn: number,
): void {
  const at = index * WORDS;
  jobs[at + JOB.slot] = slot;
  jobs[at + JOB.dataOffset] = data;
  jobs[at + JOB.dataLength] = length;
  jobs[at + JOB.headerOffset] = header;
  jobs[at + JOB.ivOffset] = iv;
  jobs[at + JOB.esnHigh] = esnHigh;
  jobs[at + JOB.flags] = esn;
}
