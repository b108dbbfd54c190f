// esp-encrypt: seals packets into a tunnel's SA (RFC 4303 section 3.3, RFC 4301 section 5.1).
//
// Expects: txInterface is a tunnel. In tunnel mode the inner packet, of either family, at l3; in transport mode the
//          packet that tunnel-encap made, which it sends back here.
// Next:    ip4-lookup or ip6-lookup of the outer packet in the outer VRF, unless it is plain and leaves from here;
//          tunnel-encap for what enters a GRE or IPIP
//          tunnel. Packets whose SA another worker owns are handed to it: sequence numbers have one writer.
import { AUDIT_EXHAUSTED, AUDIT_SELECTOR } from '../graph/audit.js';
import type { NodeContext } from '../graph/context.js';
import { INTERFACE_COUNTERS_SHIFT } from '../graph/counters.js';
import { defineNode, NEXT_CONSUMED, NEXT_DROP } from '../graph/node.js';
import { FLAG_ENCAPSULATED, FLAGS_NESTED } from '../memory/packet-pool.js';
import { ADJ_FEATURES_IP4, ADJ_KIND, ADJ_NEIGHBOUR, ADJ_SHIFT } from '../tables/adjacencies.js';
import { INTERFACE_UP } from '../tables/interfaces.js';
import {
  MODE_TUNNEL,
  SA_COUNTERS_SHIFT,
  SA_DST,
  SA_EXHAUSTED,
  SA_FAMILY,
  SA_MODE,
  SA_OUTBOUND,
  SA_OUTER_VRF,
  SA_REFUSED,
  SA_SEQ_HIGH,
  SA_SEQ_LOW,
  SA_SHIFT,
  SA_SPI,
  SA_SRC,
  SA_STATE,
  SA_WORKER,
} from '../tables/security-associations.js';
import { TUNNEL_IPSEC, TUNNEL_KIND, TUNNEL_SHIFT } from '../tables/tunnels.js';
import { acquire } from './acquire.js';
import {
  makeSealer,
  STOPPED_BARE,
  STOPPED_LOOP,
  STOPPED_NO_ROOM,
  STOPPED_NOT,
  STOPPED_SELECTOR,
  STOPPED_SHIFT,
} from './esp-seal.js';

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

/** Verdicts besides the counter of a drop. */
const ELSEWHERE = -1;
const UNENCAPSULATED = -2;

/** Takes what callForSas() read, which would else be no reason to read it. */
const called = new Float64Array(1);

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

  make(context) {
    const { sas, interfaces, worker } = context;
    const { words } = sas;
    const { state, tunnelSa } = interfaces;
    const { txInterface } = context.pool;
    const { take, seal } = makeSealer(context);

    return (_context, frame, next, counters) => {
      const { packets, length } = frame;
      let jobs = 0;
      callForSas(context, packets, length);
      for (let i = 0; i < length; ) {
        const row = txInterface[packets[i]!]!;
        const at = tunnelSa[row]! << SA_SHIFT;
        let verdict: number;
        if (
          state[row] === INTERFACE_UP &&
          words[at + SA_STATE] === SA_OUTBOUND &&
          words[at + SA_WORKER] === worker
        ) {
          const to = words[at + SA_FAMILY] === 4 ? NEXT_LOOKUP4 : NEXT_LOOKUP6;
          const done = take(packets, next, i, length, at, jobs, linkOf(context, at), to);
          const taken = done & ((1 << STOPPED_SHIFT) - 1);
          i += taken;
          jobs += taken;
          if (done >>> STOPPED_SHIFT === STOPPED_NOT) continue;
          verdict = refuse(context, packets[i]!, at, done >>> STOPPED_SHIFT);
        } else {
          verdict = admitOther(context, packets[i]!, at);
        }
        settle(context, packets[i]!, i, next, counters, verdict);
        i++;
      }
      if (jobs > 0) counters[COUNT_SEAL_FAILED]! += seal(packets, next, jobs, COUNT_SEAL_FAILED);
    };
  },
});

/**
 * Where the row begins of the adjacency by which all packets of an SA leave at once: of a neighbour that is known, without
 * optional nodes on the way. 0 where they have to be looked up one by one.
 */
function linkOf({ sas: { words }, fib, adjacencies, plain }: NodeContext, at: number): number {
  if (!plain || words[at + SA_FAMILY] !== 4 || words[at + SA_MODE] !== MODE_TUNNEL) return 0;
  const link = fib.lookup(words[at + SA_OUTER_VRF]!, words[at + SA_DST]!) << ADJ_SHIFT;
  return adjacencies[link + ADJ_KIND] === ADJ_NEIGHBOUR && adjacencies[link + ADJ_FEATURES_IP4] === 0
    ? link
    : 0;
}

/**
 * Reads what the packets' SAs have in memory, when they are several, in a loop so short that the processor waits for
 * many at once: take() would for one after the other.
 */
function callForSas(context: NodeContext, packets: Int32Array, length: number): void {
  const { interfaces, sas, interfaceCounters } = context;
  const { txInterface } = context.pool;
  if (txInterface[packets[0]!] === txInterface[packets[length - 1]!]) return;
  const { words, counters } = sas;
  const { tunnelSa } = interfaces;
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const row = txInterface[packets[i]!]!;
    const sa = tunnelSa[row]!;
    const at = sa << SA_SHIFT;
    sum += words[at]! + words[at + SA_SRC]!;
    sum += counters[sa << SA_COUNTERS_SHIFT]! + interfaceCounters[row << INTERFACE_COUNTERS_SHIFT]!;
  }
  called[0] = sum;
}

/** What becomes of a packet that is not sealed here: `verdict` is a counter, ELSEWHERE or UNENCAPSULATED. */
function settle(
  { pool }: NodeContext,
  packet: number,
  i: number,
  next: Uint8Array,
  counters: Float64Array,
  verdict: number,
): void {
  if (verdict === ELSEWHERE) {
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

/** The verdict on a packet at which take() stopped. */
function refuse(context: NodeContext, packet: number, at: number, why: number): number {
  if (why === STOPPED_LOOP) return COUNT_LOOP;
  if (why === STOPPED_BARE) return bare(context, packet);
  if (why === STOPPED_NO_ROOM) return COUNT_NO_ROOM;
  const { pool, sas, audit } = context;
  const { words } = sas;
  const ip = pool.l3[packet]!;
  const end = pool.offset[packet]! + pool.length[packet]!;
  const row = pool.txInterface[packet]!;
  const perSa = (at >>> SA_SHIFT) << SA_COUNTERS_SHIFT;
  const spi = words[at + SA_SPI]!;
  if (why === STOPPED_SELECTOR) {
    sas.counters[perSa + SA_REFUSED]!++;
    audit.refused(context, AUDIT_SELECTOR, spi, 0, 0, row, pool.bytes, -1, ip, end);
    return COUNT_SELECTOR;
  }
  sas.counters[perSa + SA_EXHAUSTED]!++;
  const low = words[at + SA_SEQ_LOW]!;
  const high = words[at + SA_SEQ_HIGH]!;
  audit.refused(context, AUDIT_EXHAUSTED, spi, low, high, row, pool.bytes, -1, ip, end);
  return COUNT_EXHAUSTED;
}

/** The verdict on a packet whose SA is not usable, or another worker's. */
function admitOther(context: NodeContext, packet: number, at: number): number {
  const { pool, sas, interfaces, services } = context;
  if (interfaces.state[pool.txInterface[packet]!] !== INTERFACE_UP) return COUNT_TUNNEL_DOWN;
  if ((pool.flags[packet]! & FLAGS_NESTED) === FLAGS_NESTED) return COUNT_LOOP;
  const outbound = sas.words[at + SA_STATE] === SA_OUTBOUND;
  // Transport mode: nothing may stay readable but what tunnel-encap put before the packet.
  if (!outbound || sas.words[at + SA_MODE] !== MODE_TUNNEL) {
    if ((pool.flags[packet]! & FLAG_ENCAPSULATED) === 0) return bare(context, packet);
    if (!outbound) return lacksSa(context, packet);
  }
  const self = services.nodeIndex('esp-encrypt');
  return services.handOff(packet, sas.words[at + SA_WORKER]!, self) ? ELSEWHERE : COUNT_RING_FULL;
}

/** The verdict on a packet without a GRE or IPIP header where there is no tunnel-mode SA. */
function bare(context: NodeContext, packet: number): number {
  const { pool, tunnels } = context;
  const kind = tunnels[(pool.txInterface[packet]! << TUNNEL_SHIFT) + TUNNEL_KIND];
  return kind === TUNNEL_IPSEC ? lacksSa(context, packet) : UNENCAPSULATED;
}

/** The verdict on a packet whose tunnel has no SA, which it asks for. */
function lacksSa(context: NodeContext, packet: number): number {
  acquire(context, packet);
  return COUNT_NO_SA;
}
