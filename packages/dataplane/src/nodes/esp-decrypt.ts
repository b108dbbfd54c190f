// esp-decrypt: opens ESP packets and puts what was inside into the tunnel's VRF (RFC 4303 section 3.4).
//
// Expects: esp-input has run: aux is the row of an inbound SA that this worker owns.
// Next:    ip4-input: the inner packet, received by the tunnel interface.

import type { NodeContext } from '../graph/context.js';
import { INTERFACE_COUNTERS_SHIFT, INTERFACE_RX_BYTES, INTERFACE_RX_PACKETS } from '../graph/counters.js';
import { FRAME_MAX } from '../graph/frame.js';
import { defineNode, NEXT_DROP } from '../graph/node.js';
import { FLAG_DECRYPTED, FLAG_TRACE } from '../memory/packet-pool.js';
import { ESP_JOB_WORDS, writeEspJob } from '../tables/esp-job.js';
import { INTERFACE_UP } from '../tables/interfaces.js';
import {
  SA_BYTES,
  SA_COUNTERS_SHIFT,
  SA_ESN,
  SA_FIRST_USED,
  SA_ICV_BYTES,
  SA_INBOUND,
  SA_INTEGRITY_FAILED,
  SA_INTERFACE,
  SA_KEY,
  SA_LAST_USED,
  SA_PACKETS,
  SA_PROVED,
  SA_REPLAYED,
  SA_SEQ_HIGH,
  SA_SEQ_LOW,
  SA_SHIFT,
  SA_STATE,
  SA_TS_DST,
  SA_TS_DST_MASK,
  SA_TS_PROTOCOL,
  SA_TS_SRC,
  SA_TS_SRC_MASK,
  SA_WINDOW,
  WINDOW_SHIFT,
} from '../tables/security-associations.js';
import { decapsulateEcn } from '../wire/ecn.js';
import {
  ESP_HEADER_BYTES,
  ESP_IV_BYTES,
  ESP_SEQUENCE,
  ESP_TRAILER_BYTES,
  NEXT_HEADER_DUMMY,
} from '../wire/esp.js';
import {
  headerBytes,
  IP4_BYTES,
  IP4_DST,
  IP4_PROTOCOL,
  IP4_SRC,
  PROTOCOL_IPIP,
  PROTOCOL_UDP,
  readI32,
} from '../wire/ip4.js';
import { accept, inferHigh, mayAccept } from '../wire/replay-window.js';
import { UDP_BYTES } from '../wire/udp.js';

const NEXT_INPUT = 0;

const COUNT_TRUNCATED = 0;
const COUNT_REPLAYED = 1;
const COUNT_INTEGRITY = 2;
const COUNT_PADDING = 3;
const COUNT_DUMMY = 4;
const COUNT_NEXT_HEADER = 5;
const COUNT_NO_TUNNEL = 6;
const COUNT_SA_GONE = 7;
const COUNT_CONGESTED = 8;
const COUNT_SELECTOR = 9;

const jobs = new Int32Array(FRAME_MAX * ESP_JOB_WORDS);
const status = new Uint8Array(FRAME_MAX);
/** Per job: index in the frame, ESP offset, sequence halves. */
const jobIndex = new Int32Array(FRAME_MAX);
const jobLow = new Uint32Array(FRAME_MAX);
const jobHigh = new Uint32Array(FRAME_MAX);

export const espDecrypt = defineNode({
  name: 'esp-decrypt',
  boundary: 'in',
  next: ['ip4-input'],
  counters: [
    {
      name: 'truncated',
      severity: 'error',
      drop: true,
      help: 'shorter than header, IV, trailer and ICV together',
    },
    {
      name: 'replayed',
      severity: 'warning',
      drop: true,
      help: 'a sequence number seen before, or too old for the replay window',
    },
    {
      name: 'integrity_failed',
      severity: 'error',
      drop: true,
      help: 'the ICV is wrong: corrupted, forged, or keys that differ',
    },
    {
      name: 'bad_padding',
      severity: 'error',
      drop: true,
      help: 'padding is longer than the packet, or not 1, 2, 3…',
    },
    { name: 'dummy', severity: 'info', drop: true, help: 'a dummy packet (RFC 4303 section 2.6)' },
    { name: 'bad_next_header', severity: 'warning', drop: true, help: 'carries something other than IPv4' },
    {
      name: 'no_tunnel',
      severity: 'warning',
      drop: true,
      help: 'its SA belongs to no tunnel interface that is up',
    },
    { name: 'sa_gone', severity: 'info', drop: true, help: 'its SA was deleted on the way to its worker' },
    {
      name: 'congested',
      severity: 'warning',
      drop: true,
      help: 'the path marked congestion on it, which its sender would not understand (RFC 6040 section 4.2)',
    },
    {
      name: 'outside_selector',
      severity: 'warning',
      drop: true,
      help: 'not what local_ts and remote_ts allow: the peer sends other networks than were agreed',
    },
  ],

  run(context, frame, next, counters): void {
    const { pool, sas } = context;
    const count = prepare(context, frame.packets, frame.length, next, counters);
    if (count === 0) return;
    context.crypto.open(jobs, count, status);
    for (let k = 0; k < count; k++) {
      const i = jobIndex[k]!;
      const packet = frame.packets[i]!;
      const sa = pool.aux[packet]!;
      const at = sa << SA_SHIFT;
      const perSa = sa << SA_COUNTERS_SHIFT;
      let drop = -1;
      if (status[k] !== 0) {
        drop = COUNT_INTEGRITY;
        sas.counters[perSa + SA_INTEGRITY_FAILED]!++;
      } else if (!advance(context, at, sa << WINDOW_SHIFT, jobLow[k]!, jobHigh[k]!)) {
        drop = COUNT_REPLAYED;
        sas.counters[perSa + SA_REPLAYED]!++;
      } else {
        drop = unwrap(context, packet, at, k * ESP_JOB_WORDS);
        sas.words[at + SA_PROVED] = 1;
        if (drop < 0) {
          sas.counters[perSa + SA_PACKETS]!++;
          sas.counters[perSa + SA_BYTES]! += pool.length[packet]!;
          sas.counters[perSa + SA_LAST_USED] = context.now;
          if (sas.counters[perSa + SA_FIRST_USED] === 0) sas.counters[perSa + SA_FIRST_USED] = context.now;
        }
      }
      if (drop >= 0) {
        counters[drop]!++;
        pool.reason[packet] = drop;
        next[i] = NEXT_DROP;
      } else {
        next[i] = NEXT_INPUT;
      }
    }
  },
});

/** Writes a job for each packet that may be opened; drops the others. Returns the number of jobs. */
function prepare(
  { pool, sas }: NodeContext,
  packets: Int32Array,
  length: number,
  next: Uint8Array,
  counters: Float64Array,
): number {
  const { bytes } = pool;
  const { words, windows } = sas;
  let count = 0;
  for (let i = 0; i < length; i++) {
    const packet = packets[i]!;
    const sa = pool.aux[packet]!;
    const at = sa << SA_SHIFT;
    const ip = pool.l3[packet]!;
    const esp = ip + headerBytes(bytes, ip) + (bytes[ip + IP4_PROTOCOL] === PROTOCOL_UDP ? UDP_BYTES : 0);
    const size = pool.offset[packet]! + pool.length[packet]! - esp;
    const icv = words[at + SA_ICV_BYTES]!;
    const sealed = size - ESP_HEADER_BYTES - ESP_IV_BYTES - icv;
    let drop = -1;
    if (words[at + SA_STATE] !== SA_INBOUND) {
      drop = COUNT_SA_GONE;
    } else if (sealed < ESP_TRAILER_BYTES) {
      drop = COUNT_TRUNCATED;
    } else {
      const low = readI32(bytes, esp + ESP_SEQUENCE) >>> 0;
      const highestLow = words[at + SA_SEQ_LOW]! >>> 0;
      const highestHigh = words[at + SA_SEQ_HIGH]! >>> 0;
      const window = words[at + SA_WINDOW]!;
      const esn = words[at + SA_ESN]!;
      const high = esn === 0 ? 0 : inferHigh(low, highestLow, highestHigh, window);
      const distance = (highestHigh - high) * 4294967296 + (highestLow - low);
      if (
        window !== 0 &&
        ((low === 0 && high === 0) || !mayAccept(windows, sa << WINDOW_SHIFT, low, distance, window))
      ) {
        drop = COUNT_REPLAYED;
        sas.counters[(sa << SA_COUNTERS_SHIFT) + SA_REPLAYED]!++;
      } else {
        const payload = esp + ESP_HEADER_BYTES + ESP_IV_BYTES;
        writeEspJob(
          jobs,
          count,
          words[at + SA_KEY]!,
          payload,
          sealed,
          esp,
          esp + ESP_HEADER_BYTES,
          high,
          esn,
        );
        jobIndex[count] = i;
        jobLow[count] = low;
        jobHigh[count] = high;
        count++;
        continue;
      }
    }
    counters[drop]!++;
    pool.reason[packet] = drop;
    next[i] = NEXT_DROP;
  }
  return count;
}

/**
 * Marks an authenticated number in the window; false when it was there already: the same number can
 * stand twice in one vector, and both have passed the first check.
 */
function advance({ sas }: NodeContext, at: number, windowAt: number, low: number, high: number): boolean {
  const { words, windows } = sas;
  const window = words[at + SA_WINDOW]!;
  const distance =
    ((words[at + SA_SEQ_HIGH]! >>> 0) - high) * 4294967296 + ((words[at + SA_SEQ_LOW]! >>> 0) - low);
  if (window !== 0) {
    if (!mayAccept(windows, windowAt, low, distance, window)) return false;
    accept(windows, windowAt, low, distance, window);
  }
  if (distance < 0) {
    words[at + SA_SEQ_LOW] = low;
    words[at + SA_SEQ_HIGH] = high;
  }
  return true;
}

/** Leaves the inner packet as received by the tunnel; -1, or the counter of why there is none. */
function unwrap(
  { pool, sas, interfaces, interfaceCounters }: NodeContext,
  packet: number,
  at: number,
  job: number,
): number {
  const { bytes } = pool;
  const payload = jobs[job + 1]!;
  const sealed = jobs[job + 2]!;
  const trailer = payload + sealed - ESP_TRAILER_BYTES;
  const padding = bytes[trailer]!;
  const inner = sealed - ESP_TRAILER_BYTES - padding;
  if (inner < 0) return COUNT_PADDING;
  for (let i = 0; i < padding; i++) {
    if (bytes[payload + inner + i] !== i + 1) return COUNT_PADDING;
  }
  const nextHeader = bytes[trailer + 1]!;
  if (nextHeader === NEXT_HEADER_DUMMY) return COUNT_DUMMY;
  if (nextHeader !== PROTOCOL_IPIP) return COUNT_NEXT_HEADER;
  const row = sas.words[at + SA_INTERFACE]!;
  if (interfaces.state[row] !== INTERFACE_UP) return COUNT_NO_TUNNEL;
  // A shorter packet is left to ip4-input.
  if (inner >= IP4_BYTES && !isAllowed(sas.words, at, bytes, payload)) return COUNT_SELECTOR;
  if (inner >= IP4_BYTES && !decapsulateEcn(bytes, pool.u16, pool.l3[packet]!, payload))
    return COUNT_CONGESTED;
  pool.offset[packet] = payload;
  pool.l3[packet] = payload;
  pool.length[packet] = inner;
  pool.rxInterface[packet] = row;
  pool.vrf[packet] = interfaces.vrf[row]!;
  pool.flags[packet] = (pool.flags[packet]! & FLAG_TRACE) | FLAG_DECRYPTED;
  const perInterface = row << INTERFACE_COUNTERS_SHIFT;
  interfaceCounters[perInterface + INTERFACE_RX_PACKETS]!++;
  interfaceCounters[perInterface + INTERFACE_RX_BYTES]! += inner;
  return -1;
}

/** True when the SA's traffic selector covers the inner packet: whoever has its key may send that and nothing else. */
function isAllowed(words: Int32Array, at: number, bytes: Uint8Array, ip: number): boolean {
  const src = (readI32(bytes, ip + IP4_SRC) ^ words[at + SA_TS_SRC]!) & words[at + SA_TS_SRC_MASK]!;
  const dst = (readI32(bytes, ip + IP4_DST) ^ words[at + SA_TS_DST]!) & words[at + SA_TS_DST_MASK]!;
  const protocol = words[at + SA_TS_PROTOCOL]!;
  return (src | dst) === 0 && (protocol === 0 || protocol === bytes[ip + IP4_PROTOCOL]);
}
