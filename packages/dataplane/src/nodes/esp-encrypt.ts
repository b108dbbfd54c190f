// esp-encrypt: seals packets into a tunnel's SA (RFC 4303 section 3.3, tunnel mode of RFC 4301 section 5.1.2).
//
// Expects: txInterface is a tunnel; the inner IPv4 packet at l3.
// Next:    ip4-lookup of the outer packet in the outer VRF. Packets whose SA another worker owns are
//          handed to it: sequence numbers have one writer.

import type { NodeContext } from '../graph/context.js';
import { INTERFACE_COUNTERS_SHIFT, INTERFACE_TX_BYTES, INTERFACE_TX_PACKETS } from '../graph/counters.js';
import { FRAME_MAX } from '../graph/frame.js';
import { defineNode, NEXT_CONSUMED, NEXT_DROP } from '../graph/node.js';
import { FLAG_LOCAL_ORIGIN, FLAG_TRACE, type PacketPool } from '../memory/packet-pool.js';
import { ESP_JOB_WORDS, writeEspJob } from '../tables/esp-job.js';
import { INTERFACE_UP } from '../tables/interfaces.js';
import {
  SA_BYTES,
  SA_COUNTERS_SHIFT,
  SA_DST,
  SA_ESN,
  SA_EXHAUSTED,
  SA_FIRST_USED,
  SA_ICV_BYTES,
  SA_IP_ID,
  SA_KEY,
  SA_LAST_USED,
  SA_LIMIT_HIGH,
  SA_LIMIT_LOW,
  SA_OUTBOUND,
  SA_OUTER_VRF,
  SA_PACKETS,
  SA_SEQ_HIGH,
  SA_SEQ_LOW,
  SA_SHIFT,
  SA_SPI,
  SA_SRC,
  SA_STATE,
  SA_UDP_DST,
  SA_UDP_SRC,
  SA_WORKER,
} from '../tables/security-associations.js';
import { ESP_HEADER_BYTES, ESP_IV_BYTES, ESP_TRAILER_BYTES, paddingBytes } from '../wire/esp.js';
import {
  IP4_BYTES,
  IP4_TOS,
  PROTOCOL_ESP,
  PROTOCOL_IPIP,
  PROTOCOL_UDP,
  writeI32,
  writeIp4Header,
  writeU16,
} from '../wire/ip4.js';
import { UDP_BYTES, UDP_CHECKSUM, UDP_DST, UDP_LENGTH, UDP_SRC } from '../wire/udp.js';

const NEXT_LOOKUP = 0;

const COUNT_NO_SA = 0;
const COUNT_TUNNEL_DOWN = 1;
const COUNT_HANDED_OVER = 2;
const COUNT_RING_FULL = 3;
const COUNT_EXHAUSTED = 4;
const COUNT_NO_ROOM = 5;
const COUNT_SEAL_FAILED = 6;

const jobs = new Int32Array(FRAME_MAX * ESP_JOB_WORDS);
const status = new Uint8Array(FRAME_MAX);
const jobIndex = new Int32Array(FRAME_MAX);
const jobSa = new Int32Array(FRAME_MAX);
/** The inner packet's DSCP and ECN: after sealing they can no longer be read. */
const jobTos = new Uint8Array(FRAME_MAX);

export const espEncrypt = defineNode({
  name: 'esp-encrypt',
  boundary: 'out',
  next: ['ip4-lookup'],
  counters: [
    { name: 'no_sa', severity: 'warning', drop: true, help: 'the tunnel has no SA to send by: see show ike' },
    { name: 'tunnel_down', severity: 'info', drop: true, help: 'the tunnel is disabled or gone' },
    { name: 'handed_over', severity: 'info', help: 'packets of SAs that another worker owns' },
    { name: 'worker_busy', severity: 'warning', drop: true, help: "the ring of the SA's worker is full" },
    {
      name: 'sequence_exhausted',
      severity: 'error',
      drop: true,
      help: 'no sequence number is reserved: the SA waits for its rekey',
    },
    {
      name: 'no_room',
      severity: 'error',
      drop: true,
      help: 'no room in the frame for the outer headers: tunnels inside tunnels, or an MTU that is too large',
    },
    {
      name: 'seal_failed',
      severity: 'error',
      drop: true,
      help: 'the key is not there: the SA was deleted meanwhile',
    },
  ],

  run(context, frame, next, counters): void {
    const { pool, sas, interfaceCounters } = context;
    const count = prepare(context, frame.packets, frame.length, next, counters);
    if (count === 0) return;
    context.crypto.seal(jobs, count, status);
    for (let k = 0; k < count; k++) {
      const i = jobIndex[k]!;
      const packet = frame.packets[i]!;
      if (status[k] !== 0) {
        counters[COUNT_SEAL_FAILED]!++;
        pool.reason[packet] = COUNT_SEAL_FAILED;
        next[i] = NEXT_DROP;
        continue;
      }
      const sa = jobSa[k]!;
      const inner = pool.length[packet]! - (pool.l3[packet]! - pool.offset[packet]!);
      const perInterface = pool.txInterface[packet]! << INTERFACE_COUNTERS_SHIFT;
      interfaceCounters[perInterface + INTERFACE_TX_PACKETS]!++;
      interfaceCounters[perInterface + INTERFACE_TX_BYTES]! += inner;
      const perSa = sa << SA_COUNTERS_SHIFT;
      sas.counters[perSa + SA_PACKETS]!++;
      sas.counters[perSa + SA_BYTES]! += inner;
      sas.counters[perSa + SA_LAST_USED] = context.now;
      if (sas.counters[perSa + SA_FIRST_USED] === 0) sas.counters[perSa + SA_FIRST_USED] = context.now;
      wrap(pool, packet, sas.words, sa << SA_SHIFT, jobs[k * ESP_JOB_WORDS + 2]!, jobTos[k]!);
      next[i] = NEXT_LOOKUP;
    }
  },
});

/** Writes ESP header, IV, padding and a job for each packet that may be sealed. Returns the number of jobs. */
function prepare(
  { pool, sas, interfaces, worker, services }: NodeContext,
  packets: Int32Array,
  length: number,
  next: Uint8Array,
  counters: Float64Array,
): number {
  const { words } = sas;
  const self = services.nodeIndex('esp-encrypt');
  let count = 0;
  for (let i = 0; i < length; i++) {
    const packet = packets[i]!;
    const row = pool.txInterface[packet]!;
    const sa = interfaces.tunnelSa[row]!;
    const at = sa << SA_SHIFT;
    let drop = -1;
    if (interfaces.state[row] !== INTERFACE_UP) {
      drop = COUNT_TUNNEL_DOWN;
    } else if (sa === 0 || words[at + SA_STATE] !== SA_OUTBOUND) {
      drop = COUNT_NO_SA;
    } else if (words[at + SA_WORKER] !== worker) {
      if (services.handOff(packet, words[at + SA_WORKER]!, self)) {
        counters[COUNT_HANDED_OVER]!++;
        next[i] = NEXT_CONSUMED;
        continue;
      }
      drop = COUNT_RING_FULL;
    } else if (!hasRoom(pool, packet, words, at)) {
      drop = COUNT_NO_ROOM;
    } else if (!takeSequence(words, at)) {
      drop = COUNT_EXHAUSTED;
      sas.counters[(sa << SA_COUNTERS_SHIFT) + SA_EXHAUSTED]!++;
    } else {
      writeEsp(pool, packet, words, at, count);
      jobIndex[count] = i;
      jobSa[count] = sa;
      jobTos[count] = pool.bytes[pool.l3[packet]! + IP4_TOS]!;
      count++;
      continue;
    }
    counters[drop]!++;
    pool.reason[packet] = drop;
    next[i] = NEXT_DROP;
  }
  return count;
}

/** True when the outer headers fit before the inner packet and padding, trailer and ICV behind it. */
function hasRoom(pool: PacketPool, packet: number, words: Int32Array, at: number): boolean {
  const ip = pool.l3[packet]!;
  const start = pool.base(packet);
  const end = pool.offset[packet]! + pool.length[packet]!;
  // The link header of the outer packet is counted with the outer IP header.
  const head = ESP_HEADER_BYTES + ESP_IV_BYTES + UDP_BYTES + IP4_BYTES + 16;
  const tail = 3 + ESP_TRAILER_BYTES + words[at + SA_ICV_BYTES]!;
  return ip - head >= start && end + tail <= start + pool.room(packet);
}

/** Advances the SA's sequence number, unless it has reached what is reserved. Numbers never repeat. */
function takeSequence(words: Int32Array, at: number): boolean {
  const low = words[at + SA_SEQ_LOW]!;
  const high = words[at + SA_SEQ_HIGH]!;
  // The control side raises the limit: high half last, and only after it has recorded it.
  const limitHigh = Atomics.load(words, at + SA_LIMIT_HIGH);
  const limitLow = Atomics.load(words, at + SA_LIMIT_LOW);
  if (high >>> 0 > limitHigh >>> 0) return false;
  if (high === limitHigh && low >>> 0 >= limitLow >>> 0) return false;
  words[at + SA_SEQ_LOW] = (low + 1) | 0;
  if (low === -1) words[at + SA_SEQ_HIGH] = (high + 1) | 0;
  return true;
}

function writeEsp(pool: PacketPool, packet: number, words: Int32Array, at: number, job: number): void {
  const { bytes } = pool;
  const ip = pool.l3[packet]!;
  const inner = pool.length[packet]! - (ip - pool.offset[packet]!);
  const padding = paddingBytes(inner);
  const trailer = ip + inner;
  for (let i = 0; i < padding; i++) bytes[trailer + i] = i + 1;
  bytes[trailer + padding] = padding;
  bytes[trailer + padding + 1] = PROTOCOL_IPIP;

  const iv = ip - ESP_IV_BYTES;
  const esp = iv - ESP_HEADER_BYTES;
  const low = words[at + SA_SEQ_LOW]!;
  const high = words[at + SA_SEQ_HIGH]!;
  writeI32(bytes, esp, words[at + SA_SPI]!);
  writeI32(bytes, esp + 4, low);
  // The IV must never repeat under a key (RFC 4106 section 3.1): the sequence number does not.
  writeI32(bytes, iv, high);
  writeI32(bytes, iv + 4, low);
  const sealed = inner + padding + ESP_TRAILER_BYTES;
  writeEspJob(jobs, job, words[at + SA_KEY]!, ip, sealed, esp, iv, high, words[at + SA_ESN]!);
}

/** Writes the outer headers around a sealed packet and makes it one that the box sends. */
function wrap(
  pool: PacketPool,
  packet: number,
  words: Int32Array,
  at: number,
  sealed: number,
  tos: number,
): void {
  const { bytes, u16 } = pool;
  const inner = pool.l3[packet]!;
  const esp = inner - ESP_IV_BYTES - ESP_HEADER_BYTES;
  const espBytes = ESP_HEADER_BYTES + ESP_IV_BYTES + sealed + words[at + SA_ICV_BYTES]!;
  // DSCP and ECN are copied (RFC 4301 section 5.1.2.1, RFC 6040 normal mode). DF is not set: the tunnel's
  // MTU keeps outer packets small, and a narrower path may fragment them.
  const encapsulated = words[at + SA_UDP_DST] !== 0;
  let outer = esp - IP4_BYTES;
  let total = IP4_BYTES + espBytes;
  if (encapsulated) {
    const udp = esp - UDP_BYTES;
    writeU16(bytes, udp + UDP_SRC, words[at + SA_UDP_SRC]!);
    writeU16(bytes, udp + UDP_DST, words[at + SA_UDP_DST]!);
    writeU16(bytes, udp + UDP_LENGTH, UDP_BYTES + espBytes);
    writeU16(bytes, udp + UDP_CHECKSUM, 0); // RFC 3948 section 2.1: zero over IPv4
    outer -= UDP_BYTES;
    total += UDP_BYTES;
  }
  const id = words[at + SA_IP_ID]!;
  words[at + SA_IP_ID] = (id + 1) & 0xffff;
  const protocol = encapsulated ? PROTOCOL_UDP : PROTOCOL_ESP;
  writeIp4Header(bytes, u16, outer, total, id, 0, tos, protocol, words[at + SA_SRC]!, words[at + SA_DST]!);
  pool.offset[packet] = outer;
  pool.l3[packet] = outer;
  pool.length[packet] = total;
  pool.vrf[packet] = words[at + SA_OUTER_VRF]!;
  pool.flags[packet] = (pool.flags[packet]! & FLAG_TRACE) | FLAG_LOCAL_ORIGIN;
}
