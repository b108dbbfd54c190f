// What esp-encrypt does with consecutive packets of one tunnel: all headers, inner to outer, in one pass, so that the
// crypto gets a whole vector and nothing is left to do when it returns.
import type { NodeContext, Outlet } from '../graph/context.js';
import { INTERFACE_COUNTERS_SHIFT, INTERFACE_TX_BYTES, INTERFACE_TX_PACKETS } from '../graph/counters.js';
import { FRAME_MAX } from '../graph/frame.js';
import { putEthernet } from '../graph/link-header.js';
import { NEXT_CONSUMED, NEXT_DROP } from '../graph/node.js';
import { NO_QUEUE, settleOutlet } from '../graph/plain-egress.js';
import {
  FLAG_ENCAPSULATED,
  FLAG_LOCAL_ORIGIN,
  FLAG_NESTED,
  FLAG_PORTS,
  FLAG_TRACE,
  FLAGS_NESTED,
  FRAME_BYTES,
  LARGE_FRAME_BYTES,
} from '../memory/packet-pool.js';
import { ADJ_INTERFACE, ADJ_MTU } from '../tables/adjacencies.js';
import { ESP_JOB_WORDS, writeEspJob } from '../tables/esp-job.js';
import {
  MODE_TUNNEL,
  POLICY_DF,
  POLICY_DF_SET,
  SA_ALIGNMENT,
  SA_BYTES,
  SA_COUNTERS_SHIFT,
  SA_DST,
  SA_ESN,
  SA_FAMILY,
  SA_FIRST_USED,
  SA_ICV_BYTES,
  SA_IP_ID,
  SA_IV_BYTES,
  SA_KEY,
  SA_LAST_USED,
  SA_MODE,
  SA_OUTER_VRF,
  SA_PACKETS,
  SA_POLICY,
  SA_ROOM,
  SA_SELECTORS,
  SA_SEQ_HIGH,
  SA_SEQ_LOW,
  SA_SHIFT,
  SA_SPI,
  SA_SRC,
  SA_TFC,
  SA_UDP_DST,
  SA_UDP_SRC,
} from '../tables/security-associations.js';
import { FIRST_WORDS, firstCovers, loadFirst, selectorsAllow } from '../tables/selectors.js';
import { numbersLeft, takeNumbers } from '../tables/sequence-numbers.js';
import { classOfWord, innerDf, outerTrafficClass } from '../wire/ecn.js';
import { ESP_HEADER_BYTES, ESP_SEQUENCE_IV_BYTES, ESP_TRAILER_BYTES } from '../wire/esp.js';
import { ETHERNET_BYTES } from '../wire/ethernet.js';
import {
  IP4_BYTES,
  IP4_DF,
  IP4_PROTOCOL,
  ip4SumBetween,
  PROTOCOL_ESP,
  PROTOCOL_IPIP,
  PROTOCOL_UDP,
  swap16,
  swap32,
  writeIp4Between,
} from '../wire/ip4.js';
import { IP6_BYTES, IP6_NEXT_HEADER, PROTOCOL_IPV6 } from '../wire/ip6.js';
import { UDP_BYTES } from '../wire/udp.js';
import { moveHeader, setUdpChecksum6, wrapIp6 } from './esp-outer.js';

/** Why sealRun() stopped before its packets did. */
export const STOPPED_NOT = 0;
export const STOPPED_LOOP = 1;
export const STOPPED_BARE = 2;
export const STOPPED_SELECTOR = 3;
export const STOPPED_NO_ROOM = 4;
const STOPPED_NO_NUMBER = 5;
/** In what it returns: above the number of packets that it took. */
export const STOPPED_SHIFT = 16;

// Imported bindings are loaded wherever they are used; constants of the module itself are compiled in. These are what
// each packet needs.
const HEADER = ESP_HEADER_BYTES;
const TRAILER = ESP_TRAILER_BYTES;
const SEQUENCE_IV = ESP_SEQUENCE_IV_BYTES;
const IP4_HEADER = IP4_BYTES;
const IN_IP4 = PROTOCOL_IPIP;
const IN_IP6 = PROTOCOL_IPV6;
const ENCAPSULATED = FLAG_ENCAPSULATED;
const NESTED = FLAGS_NESTED;
const NEST = FLAG_NESTED;
const KEPT = FLAG_TRACE | FLAGS_NESTED;
const OWN = FLAG_LOCAL_ORIGIN;
const DF = POLICY_DF;
const SMALL_BYTES = FRAME_BYTES;
const LINK = ETHERNET_BYTES;
const SENT = NEXT_CONSUMED;
const putLink = putEthernet;
const putIp4 = writeIp4Between;
const putJob = writeEspJob;
const covers = firstCovers;
const swap = swap32;
const classOf = classOfWord;
const outerClass = outerTrafficClass;

/** Total length of IPv4, payload length of IPv6. */
const PACKET_BYTES_MAX = 65_535;

const jobs = new Int32Array(FRAME_MAX * ESP_JOB_WORDS);
const status = new Uint8Array(FRAME_MAX);
/** The first selector of the SA in hand. */
const first = new Int32Array(FIRST_WORDS);
/** Per job: index in the vector, the interface that it is queued on or 0, where its SA's row begins, octets of the inner packet. */
const jobIndex = new Int32Array(FRAME_MAX);
const jobVia = new Int32Array(FRAME_MAX);
const jobSa = new Int32Array(FRAME_MAX);
const jobSize = new Int32Array(FRAME_MAX);
/** Packets whose outer headers cover what is yet to be encrypted: UDP over IPv6. */
const unfinished = new Int32Array(FRAME_MAX);
let unfinishedCount = 0;

/** Seals vectors of packets. */
export interface Sealer {
  /**
   * Takes packets from index `from` on that leave by the tunnel of the first one, whose SA's row begins at `at` and is
   * this worker's: gives them sequence numbers, writes ESP but for what the crypto writes, outer headers, and jobs from
   * number `job` on. Returns how many it took, and why it stopped at one it did not take: STOPPED_… << STOPPED_SHIFT.
   *
   * Fills their `next`: `lookup`, where the outer packet goes on. But where the row of a neighbour's adjacency begins at
   * `link`, not 0, IPv4 packets that fit its MTU get its link header, wait in its port's queue, and are NEXT_CONSUMED.
   */
  take(
    packets: Int32Array,
    next: Uint8Array,
    from: number,
    count: number,
    at: number,
    job: number,
    link: number,
    lookup: number,
  ): number;
  /**
   * Seals `count` jobs of packets of the vector `packets`, before anything else may send what waits. Those that the
   * crypto refuses are not counted as sent: they are dropped for `reason`. Returns how many.
   */
  seal(packets: Int32Array, next: Uint8Array, count: number, reason: number): number;
}

/** Makes it for a worker: see NodeDefinition.make. */
export function makeSealer(context: NodeContext): Sealer {
  const { pool, sas, adjacencies, services, interfaceCounters } = context;
  const { bytes, u16, i32, frames, offset, length, txInterface, l3, vrf, flags, ports } = pool;
  const { words, selectors: selectorRows } = sas;
  // Packets of a vector mostly leave by one interface: its queue, and what is still to be counted of it.
  let via = 0;
  let outlet: Outlet | null = null;
  let queue: Int32Array = NO_QUEUE;
  let held = 0;
  let sentOctets = 0;

  function settle(): void {
    if (outlet !== null) settleOutlet(outlet, via, held, sentOctets, interfaceCounters);
    via = 0;
    outlet = null;
    queue = NO_QUEUE;
  }

  /** Has packets leave by another interface. */
  function leaveBy(row: number): void {
    settle();
    outlet = services.outlet(row);
    if (outlet === null) return;
    via = row;
    queue = outlet.waiting;
    held = outlet.length;
    sentOctets = 0;
  }

  function take(
    packets: Int32Array,
    next: Uint8Array,
    from: number,
    count: number,
    at: number,
    firstJob: number,
    link: number,
    lookup: number,
  ): number {
    const row = txInterface[packets[from]!]!;
    const key = words[at + SA_KEY]!;
    const esn = words[at + SA_ESN]!;
    const ivBytes = words[at + SA_IV_BYTES]!;
    const icvBytes = words[at + SA_ICV_BYTES]!;
    const alignment = words[at + SA_ALIGNMENT]!;
    const policy = words[at + SA_POLICY]!;
    const selectors = words[at + SA_SELECTORS]!;
    loadFirst(selectorRows, selectors, first);
    const tfc = words[at + SA_TFC]!;
    const headRoom = words[at + SA_ROOM]! >>> 16;
    const tailRoom = words[at + SA_ROOM]! & 0xffff;
    const outerVrf = words[at + SA_OUTER_VRF]!;
    const tunnelMode = words[at + SA_MODE] === MODE_TUNNEL;
    const family = words[at + SA_FAMILY]!;
    const udpBytes = words[at + SA_UDP_DST] === 0 ? 0 : UDP_BYTES;
    const udpPorts = swap((words[at + SA_UDP_SRC]! << 16) | words[at + SA_UDP_DST]!);
    const protocol = udpBytes === 0 ? PROTOCOL_ESP : PROTOCOL_UDP;
    const src = words[at + SA_SRC]!;
    const dst = words[at + SA_DST]!;
    const sum = ip4SumBetween(protocol, src, dst);
    const srcWord = swap(src);
    const dstWord = swap(dst);
    const spiWord = swap(words[at + SA_SPI]!);
    let id = words[at + SA_IP_ID]!;
    let left = numbersLeft(words, at);
    // Of the last packet taken: in the row when all are.
    let low = words[at + SA_SEQ_LOW]!;
    let high = words[at + SA_SEQ_HIGH]!;
    if (link !== 0 && adjacencies[link + ADJ_INTERFACE] !== via) leaveBy(adjacencies[link + ADJ_INTERFACE]!);
    const fits = link === 0 || outlet === null ? -1 : adjacencies[link + ADJ_MTU]!;
    let octets = 0;
    let job = firstJob;
    let stopped = STOPPED_NOT;
    let i = from;
    for (; i < count; i++) {
      const packet = packets[i]!;
      if (txInterface[packet] !== row) break;
      const ip = l3[packet]!;
      const end = offset[packet]! + length[packet]!;
      const marks = flags[packet]!;
      if ((marks & NESTED) === NESTED) {
        stopped = STOPPED_LOOP;
        break;
      }
      if (!tunnelMode && (marks & ENCAPSULATED) === 0) {
        stopped = STOPPED_BARE;
        break;
      }
      if (selectors !== 0 && !covers(first, i32, ip)) {
        const portsKnown = marks & FLAG_PORTS;
        if (!selectorsAllow(selectorRows, selectors, bytes, ip, end, portsKnown, ports[packet]!)) {
          stopped = STOPPED_SELECTOR;
          break;
        }
      }
      const filler = tfc === 0 ? 0 : fillerBytes(context, row, tfc, end - ip);
      const whole = end - ip + filler;
      const small = packet < frames;
      const base = small ? packet * SMALL_BYTES : pool.base(packet);
      const bound = base + (small ? SMALL_BYTES : LARGE_FRAME_BYTES);
      if (
        ip - headRoom < base ||
        ip + whole + tailRoom > bound ||
        whole + headRoom + tailRoom > PACKET_BYTES_MAX
      ) {
        stopped = STOPPED_NO_ROOM;
        break;
      }
      if (left === 0) {
        stopped = STOPPED_NO_NUMBER;
        break;
      }
      left--;
      low = (low + 1) | 0;
      if (low === 0) high = (high + 1) | 0;

      const start = i32[ip >>> 2]!;
      const four = (start & 0xf0) === 0x40;
      let payload = ip;
      let nextHeader = four ? IN_IP4 : IN_IP6;
      if (!tunnelMode) {
        payload += four ? (start & 15) << 2 : IP6_BYTES;
        nextHeader = bytes[ip + (four ? IP4_PROTOCOL : IP6_NEXT_HEADER)]!;
      }
      // The inner header's own length tells the receiver where the packet ends (RFC 4303 section 2.7). Zeros: what stood
      // in the frame before is somebody else's.
      if (filler > 0) bytes.fill(0, end, end + filler);
      const size = ip + whole - payload;
      const padding = -(size + TRAILER) & (alignment - 1);
      for (let n = 0; n < padding; n++) bytes[payload + size + n] = n + 1;
      // Payload and padding are a multiple of 4 but for these two octets.
      u16[(payload + size + padding) >>> 1] = padding | (nextHeader << 8);
      const sealed = size + padding + TRAILER;
      const iv = payload - ivBytes;
      const esp = iv - HEADER;
      const espEnd = payload + sealed + icvBytes;

      // Before the ESP header, which in transport mode stands where the IP header was.
      let outer = esp - udpBytes;
      if (!tunnelMode) {
        outer -= payload - ip;
        moveHeader(pool, ip, payload, outer, espEnd, protocol);
      } else if (family === 4) {
        outer -= IP4_HEADER;
        const tos = outerClass(classOf(start), policy);
        const df = (policy & DF) === 0 ? 0 : policy & POLICY_DF_SET ? IP4_DF : innerDf(bytes, ip);
        putIp4(i32, outer, espEnd - outer, id, df, tos, protocol, sum, srcWord, dstWord);
        id = (id + 1) & 0xffff;
      } else {
        outer -= IP6_BYTES;
        const trafficClass = outerClass(classOf(start), policy);
        wrapIp6(pool, words, at, outer, udpBytes + espEnd - esp, trafficClass, protocol, ip, end);
      }
      const word = esp >>> 2;
      if (udpBytes !== 0) {
        i32[word - 2] = udpPorts;
        // No checksum over IPv4 (RFC 3948 section 2.1).
        i32[word - 1] = swap16(udpBytes + espEnd - esp);
        if (family === 6) unfinished[unfinishedCount++] = packet;
      }
      const lowWord = swap(low);
      i32[word] = spiWord;
      i32[word + 1] = lowWord;
      if (ivBytes === SEQUENCE_IV) {
        // It must never repeat under a key (RFC 4106 section 3.1): the sequence number does not.
        i32[word + 2] = swap(high);
        i32[word + 3] = lowWord;
      }
      putJob(jobs, job, key, payload, sealed, esp, iv, high, esn);
      jobIndex[job] = i;
      jobSa[job] = at;
      jobSize[job] = end - ip;
      octets += end - ip;

      if (espEnd - outer <= fits && small && held < queue.length) {
        putLink(u16, i32, adjacencies, link, outer);
        offset[packet] = outer - LINK;
        length[packet] = espEnd - outer + LINK;
        sentOctets += espEnd - outer + LINK;
        queue[held++] = packet;
        jobVia[job++] = via;
        next[i] = SENT;
        continue;
      }
      jobVia[job++] = 0;
      next[i] = lookup;
      offset[packet] = outer;
      l3[packet] = outer;
      length[packet] = espEnd - outer;
      vrf[packet] = outerVrf;
      flags[packet] = ((marks & KEPT) | OWN) + NEST;
    }
    words[at + SA_IP_ID] = id;
    takeNumbers(words, at, i - from);
    if (i > from) countSent(context, row, at, i - from, octets);
    return (i - from) | (stopped << STOPPED_SHIFT);
  }

  /** Takes a packet out of the queue of an interface again. */
  function takeBack(packet: number, row: number): void {
    const from = services.outlet(row);
    if (from === null) return;
    const place = from.waiting.lastIndexOf(packet, from.length - 1);
    from.waiting.copyWithin(place, place + 1, from.length);
    settleOutlet(from, row, from.length - 1, -pool.length[packet]!, interfaceCounters);
  }

  function seal(packets: Int32Array, next: Uint8Array, count: number, reason: number): number {
    settle();
    const refused = context.crypto.seal(jobs, count, status);
    for (let n = 0; n < unfinishedCount; n++) setUdpChecksum6(pool, pool.l3[unfinished[n]!]!);
    unfinishedCount = 0;
    if (refused === 0) return 0;
    for (let job = 0; job < count; job++) {
      if (status[job] === 0) continue;
      const i = jobIndex[job]!;
      const packet = packets[i]!;
      if (jobVia[job] !== 0) takeBack(packet, jobVia[job]!);
      pool.reason[packet] = reason;
      next[i] = NEXT_DROP;
      countSent(context, pool.txInterface[packet]!, jobSa[job]!, -1, -jobSize[job]!);
    }
    return refused;
  }

  return { take, seal };
}

/** Counts packets on the tunnel and the SA whose row begins at `at`. */
function countSent(context: NodeContext, row: number, at: number, packets: number, octets: number): void {
  const { interfaceCounters, now } = context;
  const { counters } = context.sas;
  const perInterface = row << INTERFACE_COUNTERS_SHIFT;
  interfaceCounters[perInterface + INTERFACE_TX_PACKETS]! += packets;
  interfaceCounters[perInterface + INTERFACE_TX_BYTES]! += octets;
  const perSa = (at >>> SA_SHIFT) << SA_COUNTERS_SHIFT;
  counters[perSa + SA_PACKETS]! += packets;
  counters[perSa + SA_BYTES]! += octets;
  counters[perSa + SA_LAST_USED] = now;
  if (counters[perSa + SA_FIRST_USED] === 0) counters[perSa + SA_FIRST_USED] = now;
}

/** Octets of padding for traffic flow confidentiality behind an inner packet of `size` octets, up to `wanted` in all. */
function fillerBytes({ interfaces }: NodeContext, row: number, wanted: number, size: number): number {
  return Math.max(0, Math.min(wanted, interfaces.mtu[row]!) - size);
}
