// Sequence numbers of an outbound SA (RFC 4303 section 3.3.3). They never repeat: under AES-GCM that would be a nonce
// that repeats. Only the SA's worker takes numbers, and only those that the control side has reserved.
import { SA_LIMIT_HIGH, SA_LIMIT_LOW, SA_SEQ_HIGH, SA_SEQ_LOW } from './security-associations.js';

const TWO_32 = 4294967296;
/** Granted by one look at most: more than a vector needs. */
const GRANT_MAX = 1 << 20;

/** How many numbers the SA whose row begins at `at` may take now; more later, never fewer. */
export function numbersLeft(words: Int32Array, at: number): number {
  // The control side raises the limit: high half last, and only after it has recorded it. So the high half is read
  // first: what both halves say together is then reserved, or less.
  const limitHigh = Atomics.load(words, at + SA_LIMIT_HIGH) >>> 0;
  const limitLow = Atomics.load(words, at + SA_LIMIT_LOW) >>> 0;
  const left =
    (limitHigh - (words[at + SA_SEQ_HIGH]! >>> 0)) * TWO_32 + (limitLow - (words[at + SA_SEQ_LOW]! >>> 0));
  return left > 0 ? Math.min(left, GRANT_MAX) : 0;
}

/** Takes the next `count` numbers, of which the last is then in the row: no more than numbersLeft() has said there are. */
export function takeNumbers(words: Int32Array, at: number, count: number): void {
  const before = words[at + SA_SEQ_LOW]! >>> 0;
  const low = (before + count) >>> 0;
  words[at + SA_SEQ_LOW] = low;
  if (low < before) words[at + SA_SEQ_HIGH] = (words[at + SA_SEQ_HIGH]! + 1) | 0;
}
