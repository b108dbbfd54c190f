// Traffic selectors as the workers compare them (RFC 4301 section 4.4.1.1): rows in shared memory, two cache
// lines each. An SA has a run of consecutive rows, named by one word, so that it changes by one store.
//
// Fragments (RFC 4301 section 7): a fragment that is not the first has no ports. Where virtual reassembly knows them
// (pool.ports) they are compared as a whole packet's (section 7.3). Else its ports are OPAQUE: it passes a selector of
// any port (section 7.1) or of OPAQUE (the range from 65535 to 0, as IKE writes it), and no other. So does a packet
// that is too short for its ports, or whose protocol has none.
import { IP4_DST, IP4_SRC, readI32, swap32 } from '../wire/ip4.js';
import { IP6_DST, IP6_SRC } from '../wire/ip6.js';
import { OPAQUE, readUpper, upper } from '../wire/upper-layer.js';

export const SELECTORS_MAX = 65_536;
export const SELECTOR_WORDS = 32;
export const SELECTOR_SHIFT = 5;

/** Selectors of one SA at most: IKE's TS payload counts them in an octet (RFC 7296 section 3.13). */
export const SELECTORS_PER_SA = 255;
const COUNT_BITS = 8;

/** Word offsets in a row: 4 or 6. */
export const SELECTOR_FAMILY = 0;
/** 1 when protocol and ports need not be looked at. */
export const SELECTOR_ANY_UPPER = 1;
/** 0 is any. */
export const SELECTOR_PROTOCOL = 2;
/** First and last port of the source, then of the destination; 0 and 65535 is any, 65535 and 0 is OPAQUE. */
export const SELECTOR_SRC_PORTS = 3;
export const SELECTOR_DST_PORTS = 5;
/** Addresses and masks, four words each in host order; of IPv4 the first alone. */
export const SELECTOR_SRC = 8;
export const SELECTOR_SRC_MASK = 12;
export const SELECTOR_DST = 16;
export const SELECTOR_DST_MASK = 20;

const PORT_MAX = 65_535;

export function allocateSelectors(): SharedArrayBuffer {
  return new SharedArrayBuffer(SELECTORS_MAX * SELECTOR_WORDS * 4);
}

/** The word of an SA's row for the rows `first` to `first + count - 1`. */
export function selectorRun(first: number, count: number): number {
  return (first << COUNT_BITS) | count;
}

export function runFirst(run: number): number {
  return run >>> COUNT_BITS;
}

export function runCount(run: number): number {
  return run & ((1 << COUNT_BITS) - 1);
}

/**
 * True when a selector of the run covers the packet whose IP header is at `ip` and which ends at `end`. The header is
 * whole: 20 octets of version 4, or 40 of version 6. `portsKnown` and `ports` as readUpper has them. `run` is not 0.
 */
export function selectorsAllow(
  words: Int32Array,
  run: number,
  bytes: Uint8Array,
  ip: number,
  end: number,
  portsKnown: number,
  ports: number,
): boolean {
  const from = runFirst(run) << SELECTOR_SHIFT;
  const to = from + (runCount(run) << SELECTOR_SHIFT);
  const family = bytes[ip]! >>> 4;
  let parsed = false;
  for (let row = from; row < to; row += SELECTOR_WORDS) {
    if (words[row + SELECTOR_FAMILY] !== family) continue;
    if (!(family === 4 ? coversIp4(words, row, bytes, ip) : coversIp6(words, row, bytes, ip))) continue;
    if (words[row + SELECTOR_ANY_UPPER] === 1) return true;
    if (!parsed) readUpper(bytes, ip, end, portsKnown, ports);
    parsed = true;
    if (coversUpper(words, row)) return true;
  }
  return false;
}

/** Words of what loadFirst() makes. */
export const FIRST_WORDS = 5;

/**
 * Loads a run's first selector for firstCovers(): 1 where it asks for IPv4 addresses only, as most tunnels' do, then
 * source and destination with their masks as a header has them. `run` may be 0.
 */
export function loadFirst(words: Int32Array, run: number, first: Int32Array): void {
  const row = runFirst(run) << SELECTOR_SHIFT;
  first[0] = run !== 0 && words[row + SELECTOR_FAMILY] === 4 ? words[row + SELECTOR_ANY_UPPER]! : 0;
  first[1] = swap32(words[row + SELECTOR_SRC]!);
  first[2] = swap32(words[row + SELECTOR_SRC_MASK]!);
  first[3] = swap32(words[row + SELECTOR_DST]!);
  first[4] = swap32(words[row + SELECTOR_DST_MASK]!);
}

/** True when that selector covers the packet at `ip`, a multiple of 4: the run allows it. Else selectorsAllow() says. */
export function firstCovers(first: Int32Array, i32: Int32Array, ip: number): boolean {
  const word = ip >>> 2;
  return (
    first[0] === 1 &&
    (i32[word]! & 0xf0) === 0x40 &&
    (((i32[word + 3]! ^ first[1]!) & first[2]!) | ((i32[word + 4]! ^ first[3]!) & first[4]!)) === 0
  );
}

function coversIp4(words: Int32Array, row: number, bytes: Uint8Array, ip: number): boolean {
  const src = (readI32(bytes, ip + IP4_SRC) ^ words[row + SELECTOR_SRC]!) & words[row + SELECTOR_SRC_MASK]!;
  const dst = (readI32(bytes, ip + IP4_DST) ^ words[row + SELECTOR_DST]!) & words[row + SELECTOR_DST_MASK]!;
  return (src | dst) === 0;
}

function coversIp6(words: Int32Array, row: number, bytes: Uint8Array, ip: number): boolean {
  let differ = 0;
  for (let i = 0; i < 4; i++) {
    const src = readI32(bytes, ip + IP6_SRC + 4 * i) ^ words[row + SELECTOR_SRC + i]!;
    const dst = readI32(bytes, ip + IP6_DST + 4 * i) ^ words[row + SELECTOR_DST + i]!;
    differ |= (src & words[row + SELECTOR_SRC_MASK + i]!) | (dst & words[row + SELECTOR_DST_MASK + i]!);
  }
  return differ === 0;
}

/** Compares what readUpper left in `upper`. */
function coversUpper(words: Int32Array, row: number): boolean {
  const protocol = words[row + SELECTOR_PROTOCOL]!;
  return (
    (protocol === 0 || protocol === upper.protocol) &&
    coversPort(words, row + SELECTOR_SRC_PORTS, upper.srcPort) &&
    coversPort(words, row + SELECTOR_DST_PORTS, upper.dstPort)
  );
}

function coversPort(words: Int32Array, range: number, port: number): boolean {
  const first = words[range]!;
  const last = words[range + 1]!;
  if (port === OPAQUE) return (first === 0 && last === PORT_MAX) || first > last;
  return port >= first && port <= last;
}
