// What esp-decrypt does with consecutive packets of one SA: jobs for the crypto, and behind it the packets that were
// inside. What the SA says is read once for such a run, and its counters are added once.
import type { NodeContext } from '../graph/context.js';
import { INTERFACE_COUNTERS_SHIFT, INTERFACE_RX_BYTES, INTERFACE_RX_PACKETS } from '../graph/counters.js';
import { FRAME_MAX } from '../graph/frame.js';
import { NEXT_CONSUMED, NEXT_UNDECIDED } from '../graph/node.js';
import { FLAG_DECRYPTED, FLAG_TRACE } from '../memory/packet-pool.js';
import { ESP_JOB, ESP_JOB_WORDS, writeEspJob } from '../tables/esp-job.js';
import { INTERFACE_UP } from '../tables/interfaces.js';
import {
  MODE_TUNNEL,
  SA_ALIGNMENT,
  SA_BYTES,
  SA_COUNTERS_SHIFT,
  SA_ESN,
  SA_FIRST_USED,
  SA_ICV_BYTES,
  SA_INBOUND,
  SA_INTERFACE,
  SA_IV_BYTES,
  SA_KEY,
  SA_LAST_USED,
  SA_MODE,
  SA_PACKETS,
  SA_POLICY,
  SA_PROVED,
  SA_SELECTORS,
  SA_SEQ_HIGH,
  SA_SEQ_LOW,
  SA_SHIFT,
  SA_STATE,
  SA_UDP_SRC,
  SA_WINDOW,
  WINDOW_SHIFT,
} from '../tables/security-associations.js';
import { FIRST_WORDS, firstCovers, loadFirst, selectorsAllow } from '../tables/selectors.js';
import { classOfWord, leavesInner } from '../wire/ecn.js';
import { ESP_HEADER_BYTES, ESP_SEQUENCE, ESP_TRAILER_BYTES, isPadding } from '../wire/esp.js';
import { IP4_BYTES, PROTOCOL_IPIP, swap32 } from '../wire/ip4.js';
import { IP6_BYTES, PROTOCOL_IPV6 } from '../wire/ip6.js';
import { plainLength4 } from '../wire/plain-header.js';
import { accept, inferHigh, mayAccept } from '../wire/replay-window.js';
import { COUNT_FIRST_OF_INNER, NEXT_IP4, NEXT_IP6, unwrapEsp } from './esp-inner.js';
import { isFromElsewhere, tellSource } from './esp-source.js';

/** Why a run ended before its packets did: indices of esp-decrypt's counters; those of esp-inner.ts follow. */
export const COUNT_TRUNCATED = 0;
export const COUNT_REPLAYED = 1;
export const COUNT_INTEGRITY = 2;
const COUNT_SA_GONE = 3;
const COUNT_BLOCK = 4;

/** Indices of esp-decrypt's `next` for plain packets; those of esp-inner.ts are before them. */
const NEXT_ENCRYPT = 4;
const NEXT_LOCAL = 5;

/** In what runs return: above the number of packets they took, one more than why they stopped; 0 when they did not. */
export const STOPPED_SHIFT = 16;

// Imported bindings are loaded wherever they are used; constants of the module itself are compiled in. These are what
// each packet needs.
const HEADER = ESP_HEADER_BYTES;
const SEQUENCE = ESP_SEQUENCE;
const TRAILER = ESP_TRAILER_BYTES;
const WORDS = ESP_JOB_WORDS;
const IP4_HEADER = IP4_BYTES;
const IP6_HEADER = IP6_BYTES;
const IN_IP4 = PROTOCOL_IPIP;
const IN_IP6 = PROTOCOL_IPV6;
const TO_IP4 = NEXT_IP4;
const TO_IP6 = NEXT_IP6;
const LOW = SA_SEQ_LOW;
const HIGH = SA_SEQ_HIGH;
const ROW_SHIFT = SA_SHIFT;
const RING_SHIFT = WINDOW_SHIFT;
const SENT = NEXT_CONSUMED;
const UNDECIDED = NEXT_UNDECIDED;
const length4 = plainLength4;
const KEPT = FLAG_TRACE;
const DECRYPTED = FLAG_DECRYPTED;

const TWO_32 = 4294967296;
const { dataOffset: JOB_DATA, dataLength: JOB_LENGTH } = ESP_JOB;

const jobs = new Int32Array(FRAME_MAX * ESP_JOB_WORDS);
const status = new Uint8Array(FRAME_MAX);
/** The first selector of the SA in hand. */
const first = new Int32Array(FIRST_WORDS);
/** Per job: index in the vector, SA, halves of the sequence number (signed). */
const jobIndex = new Int32Array(FRAME_MAX);
const jobSa = new Int32Array(FRAME_MAX);
const jobLow = new Int32Array(FRAME_MAX);
const jobHigh = new Int32Array(FRAME_MAX);

/**
 * Makes jobs, from number `job` on, of the packets from index `from` on that have the SA of the first one. Returns how
 * many it took, and why it stopped at one that must not be opened.
 */
export type PrepareRun = (packets: Int32Array, from: number, count: number, job: number) => number;

/** Makes it for a worker: see NodeDefinition.make. */
export function makePrepareRun({ pool, sas }: NodeContext): PrepareRun {
  const { i32, offset, length, aux, aux2 } = pool;
  const { words, windows } = sas;

  return (packets, from, count, job) => {
    const sa = aux[packets[from]!]!;
    const at = sa << ROW_SHIFT;
    if (words[at + SA_STATE] !== SA_INBOUND) return (COUNT_SA_GONE + 1) << STOPPED_SHIFT;
    const key = words[at + SA_KEY]!;
    const esn = words[at + SA_ESN]!;
    const ivAndHeader = HEADER + words[at + SA_IV_BYTES]!;
    const icvBytes = words[at + SA_ICV_BYTES]!;
    // Beyond a block cipher's need, alignment to 4 octets is the sender's duty (RFC 4303 section 2.4): not checked.
    const beyondBlock = (words[at + SA_ALIGNMENT]! - 1) & ~3;
    const window = words[at + SA_WINDOW]!;
    const highestLow = words[at + LOW]! >>> 0;
    const highestHigh = words[at + HIGH]! >>> 0;
    let stopped = 0;
    let i = from;
    for (; i < count; i++) {
      const packet = packets[i]!;
      if (aux[packet] !== sa) break;
      const esp = aux2[packet]!;
      const payload = esp + ivAndHeader;
      const sealed = offset[packet]! + length[packet]! - icvBytes - payload;
      if (sealed < TRAILER) {
        stopped = COUNT_TRUNCATED + 1;
        break;
      }
      if ((sealed & beyondBlock) !== 0) {
        stopped = COUNT_BLOCK + 1;
        break;
      }
      const low = swap32(i32[(esp + SEQUENCE) >>> 2]!);
      const high = esn === 0 ? 0 : inferHigh(low >>> 0, highestLow, highestHigh, window) | 0;
      jobLow[job] = low;
      jobHigh[job] = high;
      if (window !== 0) {
        const distance = (highestHigh - (high >>> 0)) * TWO_32 + (highestLow - (low >>> 0));
        if ((low | high) === 0 || !mayAccept(windows, sa << RING_SHIFT, low, distance, window)) {
          stopped = COUNT_REPLAYED + 1;
          break;
        }
      }
      writeEspJob(jobs, job, key, payload, sealed, esp, esp + HEADER, high, esn);
      jobIndex[job] = i;
      jobSa[job] = sa;
      job++;
    }
    return (i - from) | (stopped << STOPPED_SHIFT);
  };
}

/** Opens `count` jobs. */
export function openJobs({ crypto }: NodeContext, count: number): void {
  crypto.open(jobs, count, status);
}

/** Of a job: where its packet is in the vector, its SA, and the halves of its sequence number. */
export function indexOfJob(job: number): number {
  return jobIndex[job]!;
}

export function lowOfJob(job: number): number {
  return jobLow[job]!;
}

export function highOfJob(job: number): number {
  return jobHigh[job]!;
}

/** What comes behind the crypto. */
export interface Finisher {
  /**
   * Makes of the jobs from number `from` on that have the SA of the first one the packets that go on, and says where.
   * Returns how many it took, and why it stopped at one that goes nowhere.
   */
  finish(packets: Int32Array, next: Uint8Array, from: number, count: number): number;
  /** After all of a vector: sends the plain ones among them, whose `next` is NEXT_CONSUMED; says where the others go. */
  leave(next: Uint8Array): void;
}

/** Makes it for a worker: see NodeDefinition.make. */
export function makeFinisher(context: NodeContext): Finisher {
  const { pool, sas, interfaces, interfaceCounters, routes4, egress } = context;
  const { bytes, i32, offset, length, l3, rxInterface, vrf, flags } = pool;
  const { words, windows, selectors: selectorRows } = sas;
  const { state, vrf: vrfOf, features4 } = interfaces;
  // Plain packets of IPv4 inside: they, their places in the vector, their adjacencies, and where they go.
  const inside = new Int32Array(FRAME_MAX);
  const insideAt = new Int32Array(FRAME_MAX);
  const rows = new Int32Array(FRAME_MAX);
  const onward = new Uint8Array(FRAME_MAX);
  let insideCount = 0;

  function finish(packets: Int32Array, next: Uint8Array, from: number, count: number): number {
    const sa = jobSa[from]!;
    const at = sa << ROW_SHIFT;
    const row = words[at + SA_INTERFACE]!;
    const innerVrf = vrfOf[row]!;
    const enters = words[at + SA_MODE] === MODE_TUNNEL && state[row] === INTERFACE_UP;
    const selectors = words[at + SA_SELECTORS]!;
    loadFirst(selectorRows, selectors, first);
    const policy = words[at + SA_POLICY]!;
    const window = words[at + SA_WINDOW]!;
    const elsewhere =
      words[at + SA_UDP_SRC] !== 0 &&
      isFromElsewhere(context, packets[jobIndex[from]!]!, at, jobLow[from]!, jobHigh[from]!);
    const direct = context.plain && features4[row] === 0;
    let gathered = insideCount;
    let stopped = 0;
    let plain = 0;
    let plainOctets = 0;
    let octets = 0;
    let k = from;
    for (; k < count && jobSa[k] === sa; k++) {
      if (status[k] !== 0) {
        stopped = COUNT_INTEGRITY + 1;
        break;
      }
      if (!advance(words, windows, sa, window, jobLow[k]!, jobHigh[k]!)) {
        stopped = COUNT_REPLAYED + 1;
        break;
      }
      const i = jobIndex[k]!;
      const packet = packets[i]!;
      const payload = jobs[k * WORDS + JOB_DATA]!;
      const sealed = jobs[k * WORDS + JOB_LENGTH]!;
      const trailer = payload + sealed - TRAILER;
      const padding = bytes[trailer]!;
      const nextHeader = bytes[trailer + 1]!;
      const size = trailer - payload - padding;
      const four = nextHeader === IN_IP4;
      if (
        enters &&
        (four || nextHeader === IN_IP6) &&
        size >= (four ? IP4_HEADER : IP6_HEADER) &&
        (bytes[payload]! & 0xf0) === (four ? 0x40 : 0x60) &&
        isPadding(bytes, trailer - padding, padding) &&
        leavesInner(classOfWord(i32[l3[packet]! >>> 2]!), policy) &&
        (selectors === 0 ||
          firstCovers(first, i32, payload) ||
          selectorsAllow(selectorRows, selectors, bytes, payload, payload + size, 0, 0))
      ) {
        offset[packet] = payload;
        l3[packet] = payload;
        const total = direct && four ? length4(i32, payload >>> 2, size) : 0;
        length[packet] = total === 0 ? size : total;
        rxInterface[packet] = row;
        vrf[packet] = innerVrf;
        flags[packet] = (flags[packet]! & KEPT) | DECRYPTED;
        if (total === 0) {
          next[i] = four ? TO_IP4 : TO_IP6;
        } else {
          next[i] = SENT;
          inside[gathered] = packet;
          insideAt[gathered++] = i;
        }
        plain++;
        plainOctets += size;
        continue;
      }
      const to = unwrapEsp(context, packet, sa, payload, sealed, jobLow[k]!, jobHigh[k]!);
      if (to < 0) {
        stopped = COUNT_FIRST_OF_INNER + ~to + 1;
        break;
      }
      next[i] = to;
      octets += length[packet]!;
      // What the path has marked stays in order with the rest of its flow.
      const total = direct && to === TO_IP4 ? length4(i32, payload >>> 2, size) : 0;
      if (total !== 0) {
        length[packet] = total;
        next[i] = SENT;
        inside[gathered] = packet;
        insideAt[gathered++] = i;
      }
    }
    insideCount = gathered;
    const perInterface = row << INTERFACE_COUNTERS_SHIFT;
    interfaceCounters[perInterface + INTERFACE_RX_PACKETS]! += plain;
    interfaceCounters[perInterface + INTERFACE_RX_BYTES]! += plainOctets;
    if (k > from) countReceived(context, sa, k - from, plainOctets + octets);
    if (k > from || stopped > COUNT_FIRST_OF_INNER) {
      words[at + SA_PROVED] = 1;
      if (elsewhere) tellSource(context, sa);
    }
    return (k - from) | (stopped << STOPPED_SHIFT);
  }

  function leave(next: Uint8Array): void {
    const count = insideCount;
    insideCount = 0;
    if (count === 0) return;
    routes4.route(inside, count, rows);
    if (egress(inside, count, rows, false, onward, NEXT_ENCRYPT, NEXT_LOCAL) === 0) return;
    for (let k = 0; k < count; k++) {
      const to = onward[k]!;
      next[insideAt[k]!] = to === UNDECIDED ? TO_IP4 : to;
    }
  }

  return { finish, leave };
}

function countReceived(
  { sas: { counters }, now }: NodeContext,
  sa: number,
  packets: number,
  octets: number,
): void {
  const at = sa << SA_COUNTERS_SHIFT;
  counters[at + SA_PACKETS]! += packets;
  counters[at + SA_BYTES]! += octets;
  counters[at + SA_LAST_USED] = now;
  if (counters[at + SA_FIRST_USED] === 0) counters[at + SA_FIRST_USED] = now;
}

/**
 * Marks an authenticated number in the window; false when it was there already: the same number can
 * stand twice in one vector, and both have passed the first check.
 */
function advance(
  words: Int32Array,
  windows: Int32Array,
  sa: number,
  window: number,
  low: number,
  high: number,
): boolean {
  const at = sa << ROW_SHIFT;
  const distance =
    ((words[at + HIGH]! >>> 0) - (high >>> 0)) * TWO_32 + ((words[at + LOW]! >>> 0) - (low >>> 0));
  if (window !== 0) {
    if (!mayAccept(windows, sa << RING_SHIFT, low, distance, window)) return false;
    accept(windows, sa << RING_SHIFT, low, distance, window);
  }
  if (distance < 0) {
    words[at + LOW] = low;
    words[at + HIGH] = high;
  }
  return true;
}
