// esp-encrypt: seals packets into a tunnel's SA (RFC 4303 section 3.3, RFC 4301 section 5.1).
//
// Expects: txInterface is a tunnel. In tunnel mode the inner packet, of either family, at l3; in transport mode the
//          packet that tunnel-encap made, which it sends back here.
// Next:    ip4-lookup or ip6-lookup of the outer packet in the outer VRF; tunnel-encap for what enters a GRE or IPIP
//          tunnel. Packets whose SA another worker owns are handed to it: sequence numbers have one writer.
import { AUDIT_EXHAUSTED, AUDIT_SELECTOR } from '../graph/audit.js';
import type { NodeContext } from '../graph/context.js';
import { INTERFACE_COUNTERS_SHIFT, INTERFACE_TX_BYTES, INTERFACE_TX_PACKETS } from '../graph/counters.js';
import { FRAME_MAX } from '../graph/frame.js';
import { defineNode, NEXT_CONSUMED, NEXT_DROP } from '../graph/node.js';
import { FLAG_ENCAPSULATED, FLAG_PORTS, FLAGS_NESTED, type PacketPool } from '../memory/packet-pool.js';
import { ESP_JOB, ESP_JOB_WORDS, writeEspJob } from '../tables/esp-job.js';
import { INTERFACE_UP } from '../tables/interfaces.js';
import {
  MODE_TUNNEL,
  POLICY_DF,
  POLICY_DF_SET,
  SA_ALIGNMENT,
  SA_BYTES,
  SA_COUNTERS_SHIFT,
  SA_ESN,
  SA_EXHAUSTED,
  SA_FAMILY,
  SA_FIRST_USED,
  SA_IV_BYTES,
  SA_KEY,
  SA_LAST_USED,
  SA_LIMIT_HIGH,
  SA_LIMIT_LOW,
  SA_MODE,
  SA_OUTBOUND,
  SA_PACKETS,
  SA_POLICY,
  SA_REFUSED,
  SA_ROOM,
  SA_SELECTORS,
  SA_SEQ_HIGH,
  SA_SEQ_LOW,
  SA_SHIFT,
  SA_SPI,
  SA_STATE,
  SA_TFC,
  SA_WORKER,
} from '../tables/security-associations.js';
import { selectorsAllow } from '../tables/selectors.js';
import { TUNNEL_IPSEC, TUNNEL_KIND, TUNNEL_SHIFT } from '../tables/tunnels.js';
import { innerDf, outerTrafficClass, trafficClass } from '../wire/ecn.js';
import { ESP_HEADER_BYTES, ESP_SEQUENCE_IV_BYTES, ESP_TRAILER_BYTES, paddingBytes } from '../wire/esp.js';
import { flowLabel } from '../wire/flow-label.js';
import { headerBytes, IP4_DF, IP4_PROTOCOL, IP4_TOS, PROTOCOL_IPIP, swap32 } from '../wire/ip4.js';
import { IP6_BYTES, IP6_NEXT_HEADER, PROTOCOL_IPV6 } from '../wire/ip6.js';
import { insertEsp, wrapEsp } from './esp-outer.js';

const NEXT_LOOKUP4 = 0;
const NEXT_LOOKUP6 = 1;
const NEXT_ENCAP = 2;

const COUNT_NO_SA = 0;
const COUNT_TUNNEL_DOWN = 1;
const COUNT_HANDED_OVER = 2;
const COUNT_RING_FULL = 3;
const COUNT_EXHAUSTED = 4;
const COUNT_NO_ROOM = 5;
const COUNT_SEAL_FAILED = 6;
const COUNT_SELECTOR = 7;
const COUNT_LOOP = 8;

/** What admit() returns besides the counter of a drop. */
const ADMITTED = -1;
const ELSEWHERE = -2;
const UNENCAPSULATED = -3;

/** Total length of IPv4, payload length of IPv6. */
const PACKET_BYTES_MAX = 65_535;

const jobs = new Int32Array(FRAME_MAX * ESP_JOB_WORDS);
const status = new Uint8Array(FRAME_MAX);
const jobIndex = new Int32Array(FRAME_MAX);
const jobSa = new Int32Array(FRAME_MAX);
/** What the outer header takes from the inner one, which sealing makes unreadable: traffic class, DF, flow label. */
const jobClass = new Uint8Array(FRAME_MAX);
const jobDf = new Uint16Array(FRAME_MAX);
const jobFlow = new Int32Array(FRAME_MAX);

export const espEncrypt = defineNode({
  name: 'esp-encrypt',
  boundary: 'out',
  next: ['ip4-lookup', 'ip6-lookup', 'tunnel-encap'],
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
    {
      name: 'outside_selector',
      severity: 'warning',
      drop: true,
      help: 'routed into the tunnel, but not what local_ts and remote_ts allow: the peer would drop it',
    },
    {
      name: 'tunnel_loop',
      severity: 'error',
      drop: true,
      help: "went into a fourth tunnel: a tunnel's peer is routed into the tunnel itself, see show agent",
    },
  ],

  run(context, frame, next, counters): void {
    const { pool, sas, interfaceCounters } = context;
    const { words } = sas;
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
      const at = sa << SA_SHIFT;
      const inner = pool.length[packet]! - (pool.l3[packet]! - pool.offset[packet]!);
      const perInterface = pool.txInterface[packet]! << INTERFACE_COUNTERS_SHIFT;
      interfaceCounters[perInterface + INTERFACE_TX_PACKETS]!++;
      interfaceCounters[perInterface + INTERFACE_TX_BYTES]! += inner;
      const perSa = sa << SA_COUNTERS_SHIFT;
      sas.counters[perSa + SA_PACKETS]!++;
      sas.counters[perSa + SA_BYTES]! += inner;
      sas.counters[perSa + SA_LAST_USED] = context.now;
      if (sas.counters[perSa + SA_FIRST_USED] === 0) sas.counters[perSa + SA_FIRST_USED] = context.now;
      const sealed = jobs[k * ESP_JOB_WORDS + ESP_JOB.dataLength]!;
      if (words[at + SA_MODE] === MODE_TUNNEL) {
        wrapEsp(pool, packet, words, at, sealed, jobClass[k]!, jobDf[k]!, jobFlow[k]!);
      } else {
        insertEsp(pool, packet, words, at, jobs[k * ESP_JOB_WORDS + ESP_JOB.dataOffset]!, sealed);
      }
      next[i] = words[at + SA_FAMILY] === 4 ? NEXT_LOOKUP4 : NEXT_LOOKUP6;
    }
  },
});

/** Writes ESP header, IV, padding and a job for each packet that may be sealed. Returns the number of jobs. */
function prepare(
  context: NodeContext,
  packets: Int32Array,
  length: number,
  next: Uint8Array,
  counters: Float64Array,
): number {
  const { pool, sas, interfaces, worker } = context;
  const { words } = sas;
  const { txInterface, flags } = pool;
  const { state, tunnelSa } = interfaces;
  const self = context.services.nodeIndex('esp-encrypt');
  let count = 0;
  for (let i = 0; i < length; i++) {
    const packet = packets[i]!;
    const row = txInterface[packet]!;
    const sa = tunnelSa[row]!;
    const at = sa << SA_SHIFT;
    // The common case here, what is rare in a function of its own: this loop stays small enough to be compiled as one.
    const usable =
      state[row] === INTERFACE_UP &&
      words[at + SA_STATE] === SA_OUTBOUND &&
      words[at + SA_MODE] === MODE_TUNNEL &&
      words[at + SA_WORKER] === worker &&
      (flags[packet]! & FLAGS_NESTED) !== FLAGS_NESTED;
    const verdict = usable ? admit(context, packet, at) : admitOther(context, packet, sa, self);
    if (verdict === ADMITTED) {
      jobIndex[count] = i;
      jobSa[count] = sa;
      if (words[at + SA_MODE] === MODE_TUNNEL) sealTunnel(context, packet, at, count);
      else sealTransport(pool, packet, words, at, count);
      count++;
    } else if (verdict === ELSEWHERE) {
      counters[COUNT_HANDED_OVER]!++;
      next[i] = NEXT_CONSUMED;
    } else if (verdict === UNENCAPSULATED) {
      next[i] = NEXT_ENCAP;
    } else {
      counters[verdict]!++;
      pool.reason[packet] = verdict;
      next[i] = NEXT_DROP;
    }
  }
  return count;
}

/** ADMITTED, with a sequence number taken, for an SA of this worker; else the counter of why the packet ends here. */
function admit(context: NodeContext, packet: number, at: number): number {
  const { pool, sas } = context;
  const { words } = sas;
  const ip = pool.l3[packet]!;
  const end = pool.offset[packet]! + pool.length[packet]!;
  if (words[at + SA_SELECTORS] !== 0 && !isSelected(context, packet, at, ip, end)) return COUNT_SELECTOR;
  const room = words[at + SA_ROOM]!;
  const head = room >>> 16;
  const tail = (room & 0xffff) + (words[at + SA_TFC] === 0 ? 0 : tfcBytes(context, packet, at, end - ip));
  const start = pool.base(packet);
  if (
    ip - head < start ||
    end + tail > start + pool.room(packet) ||
    end - ip + head + tail > PACKET_BYTES_MAX
  )
    return COUNT_NO_ROOM;
  return takeSequence(words, at) ? ADMITTED : exhausted(context, packet, at, ip, end);
}

/** The same for what is not the common case, or ELSEWHERE, or UNENCAPSULATED. */
function admitOther(context: NodeContext, packet: number, sa: number, self: number): number {
  const { pool, sas, interfaces, worker, services } = context;
  const at = sa << SA_SHIFT;
  if (interfaces.state[pool.txInterface[packet]!] !== INTERFACE_UP) return COUNT_TUNNEL_DOWN;
  if ((pool.flags[packet]! & FLAGS_NESTED) === FLAGS_NESTED) return COUNT_LOOP;
  if (sas.words[at + SA_STATE] !== SA_OUTBOUND || sas.words[at + SA_MODE] !== MODE_TUNNEL) {
    const verdict = admitTransport(context, packet, at);
    if (verdict !== ADMITTED) return verdict;
  }
  const owner = sas.words[at + SA_WORKER]!;
  if (owner === worker) return admit(context, packet, at);
  return services.handOff(packet, owner, self) ? ELSEWHERE : COUNT_RING_FULL;
}

/** ADMITTED for a usable transport-mode SA and what tunnel-encap put before a packet: nothing else may stay readable. */
function admitTransport({ pool, sas, tunnels }: NodeContext, packet: number, at: number): number {
  const usable = sas.words[at + SA_STATE] === SA_OUTBOUND;
  if (pool.flags[packet]! & FLAG_ENCAPSULATED) return usable ? ADMITTED : COUNT_NO_SA;
  const kind = tunnels[(pool.txInterface[packet]! << TUNNEL_SHIFT) + TUNNEL_KIND];
  return kind === TUNNEL_IPSEC ? COUNT_NO_SA : UNENCAPSULATED;
}

/** True when the SA's selectors allow the packet; else it is counted and told. */
function isSelected(context: NodeContext, packet: number, at: number, ip: number, end: number): boolean {
  const { pool, sas } = context;
  const run = sas.words[at + SA_SELECTORS]!;
  const portsKnown = pool.flags[packet]! & FLAG_PORTS;
  if (selectorsAllow(sas.selectors, run, pool.bytes, ip, end, portsKnown, pool.ports[packet]!)) return true;
  sas.counters[((at >>> SA_SHIFT) << SA_COUNTERS_SHIFT) + SA_REFUSED]!++;
  const row = pool.txInterface[packet]!;
  const spi = sas.words[at + SA_SPI]!;
  context.audit.refused(context, AUDIT_SELECTOR, spi, 0, 0, row, pool.bytes, -1, ip, end);
  return false;
}

/** Octets of padding for traffic flow confidentiality behind an inner packet of `size` octets. */
function tfcBytes({ pool, sas, interfaces }: NodeContext, packet: number, at: number, size: number): number {
  return Math.max(0, Math.min(sas.words[at + SA_TFC]!, interfaces.mtu[pool.txInterface[packet]!]!) - size);
}

function exhausted(context: NodeContext, packet: number, at: number, ip: number, end: number): number {
  const { sas, pool } = context;
  const { words } = sas;
  const row = pool.txInterface[packet]!;
  const spi = words[at + SA_SPI]!;
  const low = words[at + SA_SEQ_LOW]!;
  const high = words[at + SA_SEQ_HIGH]!;
  sas.counters[((at >>> SA_SHIFT) << SA_COUNTERS_SHIFT) + SA_EXHAUSTED]!++;
  context.audit.refused(context, AUDIT_EXHAUSTED, spi, low, high, row, pool.bytes, -1, ip, end);
  return COUNT_EXHAUSTED;
}

/** Advances the SA's sequence number, unless it has reached what is reserved. Numbers never repeat. */
export function takeSequence(words: Int32Array, at: number): boolean {
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

/** Tunnel mode: the whole inner packet is the payload. */
function sealTunnel(context: NodeContext, packet: number, at: number, job: number): void {
  const { pool, sas } = context;
  const { bytes } = pool;
  const { words } = sas;
  const ip = pool.l3[packet]!;
  let size = pool.offset[packet]! + pool.length[packet]! - ip;
  const four = bytes[ip]! >>> 4 === 4;
  const policy = words[at + SA_POLICY]!;
  jobClass[job] = outerTrafficClass(four ? bytes[ip + IP4_TOS]! : trafficClass(bytes, ip), policy);
  jobDf[job] = (policy & POLICY_DF) === 0 ? 0 : policy & POLICY_DF_SET ? IP4_DF : innerDf(bytes, ip);
  if (words[at + SA_FAMILY] === 6) jobFlow[job] = flowLabel(bytes, ip, ip + size, words[at + SA_SPI]!);
  if (words[at + SA_TFC] !== 0) {
    // The inner header's own length tells the receiver where the packet ends (RFC 4303 section 2.7). Zeros: what
    // stood in the frame before is somebody else's.
    const padding = tfcBytes(context, packet, at, size);
    bytes.fill(0, ip + size, ip + size + padding);
    size += padding;
  }
  writeEsp(pool, words, at, ip, size, four ? PROTOCOL_IPIP : PROTOCOL_IPV6, job);
}

/** Transport mode: what is behind the IP header is the payload. */
function sealTransport(pool: PacketPool, packet: number, words: Int32Array, at: number, job: number): void {
  const { bytes } = pool;
  const ip = pool.l3[packet]!;
  const four = bytes[ip]! >>> 4 === 4;
  const payload = ip + (four ? headerBytes(bytes, ip) : IP6_BYTES);
  const nextHeader = bytes[ip + (four ? IP4_PROTOCOL : IP6_NEXT_HEADER)]!;
  const size = pool.offset[packet]! + pool.length[packet]! - payload;
  // What of the IP header is not in the payload goes down to make room, before the ESP header is written there.
  const head = ESP_HEADER_BYTES + words[at + SA_IV_BYTES]!;
  bytes.copyWithin(ip - head, ip, payload);
  writeEsp(pool, words, at, payload, size, nextHeader, job);
}

/** Writes padding and trailer behind the payload, SPI, sequence number and IV before it, and the job. */
function writeEsp(
  pool: PacketPool,
  words: Int32Array,
  at: number,
  payload: number,
  size: number,
  nextHeader: number,
  job: number,
): void {
  const { bytes, i32 } = pool;
  const padding = paddingBytes(size, words[at + SA_ALIGNMENT]!);
  const trailer = payload + size;
  for (let i = 0; i < padding; i++) bytes[trailer + i] = i + 1;
  bytes[trailer + padding] = padding;
  bytes[trailer + padding + 1] = nextHeader;

  const ivBytes = words[at + SA_IV_BYTES]!;
  const iv = payload - ivBytes;
  const esp = iv - ESP_HEADER_BYTES;
  const low = words[at + SA_SEQ_LOW]!;
  const high = words[at + SA_SEQ_HIGH]!;
  i32[esp >>> 2] = swap32(words[at + SA_SPI]!);
  i32[(esp >>> 2) + 1] = swap32(low);
  if (ivBytes === ESP_SEQUENCE_IV_BYTES) {
    // It must never repeat under a key (RFC 4106 section 3.1): the sequence number does not.
    i32[iv >>> 2] = swap32(high);
    i32[(iv >>> 2) + 1] = swap32(low);
  }
  const sealed = size + padding + ESP_TRAILER_BYTES;
  writeEspJob(jobs, job, words[at + SA_KEY]!, payload, sealed, esp, iv, high, words[at + SA_ESN]!);
}
