// A job for the native layer's AEAD: eight words that say what to seal or open where.

export const AEAD_JOB_WORDS = 8;
const JOB_KEY = 0;
const JOB_DATA = 1;
const JOB_LENGTH = 2;
const JOB_AAD = 3;
const JOB_IV = 4;
const JOB_ESN_HIGH = 5;
const JOB_FLAGS = 6;

/**
 * Writes job `index`. Offsets are absolute in the pool's memory; `length` is without the ICV, which stands
 * behind the data. With `esn` 1 the associated data is SPI, `esnHigh`, sequence number (RFC 4106 section 5).
 */
export function writeAeadJob(
  jobs: Int32Array,
  index: number,
  key: number,
  data: number,
  length: number,
  aad: number,
  iv: number,
  esnHigh: number,
  esn: number,
): void {
  const at = index * AEAD_JOB_WORDS;
  jobs[at + JOB_KEY] = key;
  jobs[at + JOB_DATA] = data;
  jobs[at + JOB_LENGTH] = length;
  jobs[at + JOB_AAD] = aad;
  jobs[at + JOB_IV] = iv;
  jobs[at + JOB_ESN_HIGH] = esnHigh;
  jobs[at + JOB_FLAGS] = esn;
}
