// esp-decrypt: opens ESP packets (RFC 4303 section 3.4, RFC 4301 section 5.2).
//
// Expects: esp-input has run: aux is the row of an inbound SA that this worker owns, aux2 where ESP begins.
// Next:    tunnel mode: ip4-input or ip6-input, the inner packet, received by the tunnel interface. Transport mode:
//          gre-input or ipip-input, the packet as it was before ESP was put into it. Plain packets of IPv4 are sent from
//          here, or go behind ip4-lookup at once: to esp-encrypt, ip4-local.
import { AUDIT_INTEGRITY, AUDIT_REPLAYED } from '../graph/audit.js';
import type { NodeContext } from '../graph/context.js';
import { defineNode, NEXT_DROP } from '../graph/node.js';
import {
  SA_COUNTERS_SHIFT,
  SA_INTEGRITY_FAILED,
  SA_INTERFACE,
  SA_REPLAYED,
  SA_SHIFT,
  SA_SPI,
  WINDOW_SHIFT,
} from '../tables/security-associations.js';
import {
  COUNT_INTEGRITY,
  COUNT_REPLAYED,
  highOfJob,
  indexOfJob,
  lowOfJob,
  makeFinisher,
  makePrepareRun,
  openJobs,
  STOPPED_SHIFT,
} from './esp-open.js';

const called = new Float64Array(1);

export const espDecrypt = defineNode({
  name: 'esp-decrypt',
  boundary: 'in',
  // Of transport mode the tunnel's own header is still to come off: gre-input, ipip-input.
  crossing: [0, 1],
  next: ['ip4-input', 'ip6-input', 'gre-input', 'ipip-input', 'esp-encrypt', 'ip4-local'],
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
    // From here on as esp-inner.ts has them.
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

  make(context) {
    const prepareRun = makePrepareRun(context);
    const { finish, leave } = makeFinisher(context);

    return (_context, { packets, length }, next, counters) => {
      let jobs = 0;
      callForSas(context, packets, length);
      for (let i = 0; i < length; ) {
        const done = prepareRun(packets, i, length, jobs);
        const taken = done & ((1 << STOPPED_SHIFT) - 1);
        i += taken;
        jobs += taken;
        if (done >>> STOPPED_SHIFT === 0) continue;
        drop(context, packets[i]!, i, next, counters, (done >>> STOPPED_SHIFT) - 1, jobs);
        i++;
      }
      if (jobs === 0) return;
      openJobs(context, jobs);
      for (let job = 0; job < jobs; ) {
        const done = finish(packets, next, job, jobs);
        job += done & ((1 << STOPPED_SHIFT) - 1);
        if (done >>> STOPPED_SHIFT === 0) continue;
        const i = indexOfJob(job);
        drop(context, packets[i]!, i, next, counters, (done >>> STOPPED_SHIFT) - 1, job);
        job++;
      }
      leave(next);
    };
  },
});

/** As esp-encrypt's: of several SAs, what is not in the row that esp-input has read. */
function callForSas(
  { pool: { aux }, sas: { windows, counters } }: NodeContext,
  packets: Int32Array,
  length: number,
): void {
  if (aux[packets[0]!] === aux[packets[length - 1]!]) return;
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const sa = aux[packets[i]!]!;
    sum += windows[sa << WINDOW_SHIFT]! + counters[sa << SA_COUNTERS_SHIFT]!;
  }
  called[0] = sum;
}

/** Drops a packet under a counter; `job` has its sequence number where that is told. */
function drop(
  context: NodeContext,
  packet: number,
  i: number,
  next: Uint8Array,
  counters: Float64Array,
  reason: number,
  job: number,
): void {
  const { pool, sas } = context;
  const sa = pool.aux[packet]!;
  if (reason === COUNT_INTEGRITY) {
    sas.counters[(sa << SA_COUNTERS_SHIFT) + SA_INTEGRITY_FAILED]!++;
    audit(context, packet, sa << SA_SHIFT, AUDIT_INTEGRITY, lowOfJob(job), highOfJob(job));
  } else if (reason === COUNT_REPLAYED) {
    sas.counters[(sa << SA_COUNTERS_SHIFT) + SA_REPLAYED]!++;
    audit(context, packet, sa << SA_SHIFT, AUDIT_REPLAYED, lowOfJob(job), highOfJob(job));
  }
  counters[reason]!++;
  pool.reason[packet] = reason;
  next[i] = NEXT_DROP;
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
