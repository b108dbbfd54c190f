// esp-decrypt: opens ESP packets (RFC 4303 section 3.4, RFC 4301 section 5.2).
//
// Expects: esp-input has run: aux is the row of an inbound SA that this worker owns.
// Next:    tunnel mode: ip4-input or ip6-input, the inner packet, received by the tunnel interface. Transport mode:
//          gre-input or ipip-input, the packet as it was before ESP was put into it.
import { AUDIT_INTEGRITY, AUDIT_REPLAYED } from '../graph/audit.js';
import type { NodeContext } from '../graph/context.js';
import { FRAME_MAX } from '../graph/frame.js';
import { defineNode, NEXT_DROP } from '../graph/node.js';
import { ESP_JOB, ESP_JOB_WORDS, writeEspJob } from '../tables/esp-job.js';
import {
  SA_ALIGNMENT,
  SA_BYTES,
  SA_COUNTERS_SHIFT,
  SA_ESN,
  SA_FIRST_USED,
  SA_ICV_BYTES,
  SA_INBOUND,
  SA_INTEGRITY_FAILED,
  SA_INTERFACE,
  SA_IV_BYTES,
  SA_KEY,
  SA_LAST_USED,
  SA_PACKETS,
  SA_PROVED,
  SA_REPLAYED,
  SA_SEQ_HIGH,
  SA_SEQ_LOW,
  SA_SHIFT,
  SA_SPI,
  SA_STATE,
  SA_WINDOW,
  WINDOW_SHIFT,
} from '../tables/security-associations.js';
import { ESP_HEADER_BYTES, ESP_SEQUENCE, ESP_TRAILER_BYTES, espOffset } from '../wire/esp.js';
import { swap32 } from '../wire/ip4.js';
import { accept, inferHigh, mayAccept } from '../wire/replay-window.js';
import { COUNT_FIRST_OF_INNER, unwrapEsp } from './esp-inner.js';

const COUNT_TRUNCATED = 0;
const COUNT_REPLAYED = 1;
const COUNT_INTEGRITY = 2;
const COUNT_SA_GONE = 3;
const COUNT_BLOCK = 4;

const jobs = new Int32Array(FRAME_MAX * ESP_JOB_WORDS);
const status = new Uint8Array(FRAME_MAX);
/** Per job: index in the frame, sequence halves. */
const jobIndex = new Int32Array(FRAME_MAX);
const jobLow = new Uint32Array(FRAME_MAX);
const jobHigh = new Uint32Array(FRAME_MAX);

export const espDecrypt = defineNode({
  name: 'esp-decrypt',
  boundary: 'in',
  // Of transport mode the tunnel's own header is still to come off: gre-input, ipip-input.
  crossing: [0, 1],
  next: ['ip4-input', 'ip6-input', 'gre-input', 'ipip-input'],
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
    { name: 'sa_gone', severity: 'info', drop: true, help: 'its SA was deleted on the way to its worker' },
    {
      name: 'bad_block_length',
      severity: 'error',
      drop: true,
      help: "what is encrypted is no multiple of the cipher's block",
    },
    // From here on as COUNT_… of esp-inner.ts has them.
    {
      name: 'bad_padding',
      severity: 'error',
      drop: true,
      help: 'padding is longer than the packet, or not 1, 2, 3…',
    },
    { name: 'dummy', severity: 'info', drop: true, help: 'a dummy packet (RFC 4303 section 2.6)' },
    {
      name: 'bad_next_header',
      severity: 'warning',
      drop: true,
      help: 'carries something other than IP (tunnel mode), or than GRE or IP (transport mode)',
    },
    {
      name: 'no_tunnel',
      severity: 'warning',
      drop: true,
      help: 'its SA belongs to no tunnel interface that is up',
    },
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
      let drop: number;
      if (status[k] !== 0) {
        drop = COUNT_INTEGRITY;
        sas.counters[perSa + SA_INTEGRITY_FAILED]!++;
        audit(context, packet, at, AUDIT_INTEGRITY, jobLow[k]!, jobHigh[k]!);
      } else if (!advance(context, at, sa << WINDOW_SHIFT, jobLow[k]!, jobHigh[k]!)) {
        drop = COUNT_REPLAYED;
        sas.counters[perSa + SA_REPLAYED]!++;
        audit(context, packet, at, AUDIT_REPLAYED, jobLow[k]!, jobHigh[k]!);
      } else {
        const job = k * ESP_JOB_WORDS;
        const payload = jobs[job + ESP_JOB.dataOffset]!;
        const sealed = jobs[job + ESP_JOB.dataLength]!;
        // As signed words: unsigned ones above 2^31 would be boxed on their way into a function.
        const to = unwrapEsp(context, packet, sa, payload, sealed, jobLow[k]! | 0, jobHigh[k]! | 0);
        sas.words[at + SA_PROVED] = 1;
        if (to >= 0) {
          next[i] = to;
          sas.counters[perSa + SA_PACKETS]!++;
          sas.counters[perSa + SA_BYTES]! += pool.length[packet]!;
          sas.counters[perSa + SA_LAST_USED] = context.now;
          if (sas.counters[perSa + SA_FIRST_USED] === 0) sas.counters[perSa + SA_FIRST_USED] = context.now;
          continue;
        }
        drop = COUNT_FIRST_OF_INNER + ~to;
      }
      counters[drop]!++;
      pool.reason[packet] = drop;
      next[i] = NEXT_DROP;
    }
  },
});

/** Writes a job for each packet that may be opened; drops the others. Returns the number of jobs. */
function prepare(
  context: NodeContext,
  packets: Int32Array,
  length: number,
  next: Uint8Array,
  counters: Float64Array,
): number {
  const { pool, sas } = context;
  const { bytes, i32 } = pool;
  const { words, windows } = sas;
  let count = 0;
  for (let i = 0; i < length; i++) {
    const packet = packets[i]!;
    const sa = pool.aux[packet]!;
    const at = sa << SA_SHIFT;
    const end = pool.offset[packet]! + pool.length[packet]!;
    const esp = espOffset(bytes, pool.l3[packet]!, end);
    const payload = esp + ESP_HEADER_BYTES + words[at + SA_IV_BYTES]!;
    const sealed = end - words[at + SA_ICV_BYTES]! - payload;
    let drop: number;
    if (words[at + SA_STATE] !== SA_INBOUND) {
      drop = COUNT_SA_GONE;
    } else if (sealed < ESP_TRAILER_BYTES) {
      drop = COUNT_TRUNCATED;
    } else if (sealed & (words[at + SA_ALIGNMENT]! - 1) & ~3) {
      // Beyond a block cipher's need, alignment to 4 octets is the sender's duty (RFC 4303 section 2.4): not checked.
      drop = COUNT_BLOCK;
    } else {
      const low = swap32(i32[(esp + ESP_SEQUENCE) >>> 2]!) >>> 0;
      const highestLow = words[at + SA_SEQ_LOW]! >>> 0;
      const highestHigh = words[at + SA_SEQ_HIGH]! >>> 0;
      const window = words[at + SA_WINDOW]!;
      const esn = words[at + SA_ESN]!;
      const high = esn === 0 ? 0 : inferHigh(low, highestLow, highestHigh, window);
      const distance = (highestHigh - high) * 4294967296 + (highestLow - low);
      if (
        window === 0 ||
        ((low !== 0 || high !== 0) && mayAccept(windows, sa << WINDOW_SHIFT, low, distance, window))
      ) {
        const iv = esp + ESP_HEADER_BYTES;
        writeEspJob(jobs, count, words[at + SA_KEY]!, payload, sealed, esp, iv, high, esn);
        jobIndex[count] = i;
        jobLow[count] = low;
        jobHigh[count] = high;
        count++;
        continue;
      }
      drop = COUNT_REPLAYED;
      sas.counters[(sa << SA_COUNTERS_SHIFT) + SA_REPLAYED]!++;
      audit(context, packet, at, AUDIT_REPLAYED, low, high);
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

function audit(
  context: NodeContext,
  packet: number,
  at: number,
  reason: number,
  low: number,
  high: number,
): void {
  const { pool, sas } = context;
  const row = sas.words[at + SA_INTERFACE]!;
  context.audit.refused(
    context,
    reason,
    sas.words[at + SA_SPI]!,
    low,
    high,
    row,
    pool.bytes,
    pool.l3[packet]!,
    -1,
    -1,
  );
}
