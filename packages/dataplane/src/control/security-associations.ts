// SAs in use: installs what the IKE bridge gives, chooses by which SA a tunnel sends, reserves sequence numbers.

import { messageOf, parseIp4, type SaCounters, type SaKey, type SaReport, type SaSpec } from '@sluice/shared';
import type { EpochControl } from '../memory/epoch.js';
import { espKeyWipe } from '../native/index.js';
import { espName } from '../tables/esp-algorithms.js';
import type { HashU32Writer } from '../tables/hash-u32.js';
import type { InterfaceTable } from '../tables/interfaces.js';
import {
  SA_BYTES,
  SA_COUNTERS_SHIFT,
  SA_FIRST_USED,
  SA_FREE,
  SA_INBOUND,
  SA_INTEGRITY_FAILED,
  SA_INTERFACE,
  SA_LAST_USED,
  SA_LIMIT_HIGH,
  SA_LIMIT_LOW,
  SA_OUTBOUND,
  SA_OUTER_VRF,
  SA_PACKETS,
  SA_REPLAYED,
  SA_SELECTORS,
  SA_SEQ_HIGH,
  SA_SEQ_LOW,
  SA_SHIFT,
  SA_STATE,
  SAS_MAX,
  type SaTable,
} from '../tables/security-associations.js';
import { FreeRows } from './free-rows.js';
import { ipWords } from './ip-words.js';
import { isFor, isSameSa, journalKey, keyOf, lastOf, scopeOf, setKey } from './sa-identity.js';
import type { SaPort, SaSizing } from './sa-port.js';
import { transformOf, writeSaChanges, writeSaDf, writeSaRow } from './sa-row.js';
import { SaTakeOver } from './sa-take-over.js';
import { SelectorRuns } from './selector-runs.js';
import type { SequenceJournal } from './sequence-journal.js';
import { selectsPorts } from './virtual-reassembly.js';

/** Sequence numbers reserved at once. Tuning: at 80 Mpps half of it lasts for one tick of 50 ms. */
const BLOCK = 1 << 23;
const TWO_32 = 4294967296;
/** Numbers kept for the rekey when 32 bits run out: at 1 Mpps some minutes. */
const SEQUENCE_LOW = 2 ** 28;
const JOURNAL_INBOUND_MS = 1_000;

interface Sa {
  spec: SaSpec;
  row: number;
  /** Its rows of the selector table; 0 when it has none. */
  selectors: number;
  worker: number;
  installedAt: number;
  warnedLow: boolean;
  journalled: number;
}

export class SecurityAssociations {
  private readonly sas = new Map<string, Sa>();
  private readonly freeRows = new FreeRows(SAS_MAX);
  private readonly perWorker: number[];
  private readonly selectors: SelectorRuns;
  private inboundJournalledAt = 0;
  /** What the journal threw that the next tick tells. */
  private journalFailure: unknown = null;
  /** By interface id, in order of installation. */
  private readonly byInterface = new Map<number, Sa[]>();
  /** By interface id: what the SA makes of packets that its tunnel sends by, or sent by last. */
  private readonly sizings = new Map<number, SaSizing>();
  private readonly takeOver: SaTakeOver;

  constructor(
    private readonly table: SaTable,
    private readonly spis: HashU32Writer,
    private readonly interfaces: InterfaceTable,
    private readonly epoch: EpochControl,
    private readonly journal: SequenceJournal,
    private readonly port: SaPort,
  ) {
    this.perWorker = new Array<number>(port.workers).fill(0);
    this.selectors = new SelectorRuns(table.selectors, epoch);
    this.takeOver = new SaTakeOver(table);
  }

  get size(): number {
    return this.sas.size;
  }

  /** Installs an SA, or changes what may change of one that is there. When it returns, packets can use it. */
  install(spec: SaSpec, now: number): void {
    const key = keyOf(spec);
    const old = this.sas.get(key);
    if (old !== undefined) {
      if (!isSameSa(old.spec, spec)) {
        throw new Error(`SA ${key} exists with another key, direction, mode, if_id or ESN: remove it first`);
      }
      this.select(old, spec);
      writeSaChanges(this.table, old.row, spec);
      const before = old.spec;
      old.spec = spec;
      this.bind(old);
      const tunnel = this.port.tunnel(spec.if_id);
      const active = tunnel !== undefined && this.interfaces.tunnelSa[tunnel.row] === old.row;
      if (active && (before.encap === null) !== (spec.encap === null)) this.measure(old);
      if (selectsPorts(before) !== selectsPorts(spec)) this.port.resized(spec.if_id);
      return;
    }
    const row = this.freeRows.peek();
    if (row === undefined) throw new Error(`all ${SAS_MAX - 1} SAs are in use`);
    setKey(row, spec);
    this.freeRows.take();
    const worker = this.perWorker.indexOf(Math.min(...this.perWorker));
    this.perWorker[worker]!++;
    const sa: Sa = { spec, row, selectors: 0, worker, installedAt: now, warnedLow: false, journalled: 0 };
    try {
      this.prepare(sa);
    } catch (error) {
      // Nobody has seen it: the bridge's next attempt begins anew, where half an SA would look like a whole one.
      Atomics.store(this.table.words, (row << SA_SHIFT) + SA_STATE, SA_FREE);
      espKeyWipe(row);
      this.selectors.retire(sa.selectors);
      this.freeRows.giveBack(row);
      this.perWorker[worker]!--;
      throw error;
    }
    this.sas.set(key, sa);
    this.byInterface.set(spec.if_id, [...(this.byInterface.get(spec.if_id) ?? []), sa]);
    if (spec.direction === 'out') this.choose(spec.if_id, now);
  }

  /** Row and state; an inbound SA is found by its SPI from here on. */
  private prepare(sa: Sa): void {
    const { spec, row } = sa;
    const sequence = Math.max(this.journal.get(journalKey(spec)), spec.start_sequence ?? 0);
    writeSaRow(this.table, row, sa.worker, spec, sequence);
    this.select(sa, spec);
    this.bind(sa);
    const state = (row << SA_SHIFT) + SA_STATE;
    if (spec.direction === 'in') {
      const scope = scopeOf(spec);
      if (this.spis.lookup(spec.spi, scope) >= 0)
        throw new Error(`SA ${keyOf(spec)} looks like another of this SPI: choose another SPI`);
      Atomics.store(this.table.words, state, SA_INBOUND);
      this.spis.set(spec.spi, row, scope);
    } else {
      this.reserve(sa);
      Atomics.store(this.table.words, state, SA_OUTBOUND);
    }
  }

  /** Gives an SA the traffic selectors of `spec`: the worker sees those of before, or these. */
  private select(sa: Sa, { selectors }: SaSpec): void {
    const run = selectors === null ? 0 : this.selectors.add(selectors);
    Atomics.store(this.table.words, (sa.row << SA_SHIFT) + SA_SELECTORS, run);
    this.selectors.retire(sa.selectors);
    sa.selectors = run;
  }

  remove(key: SaKey, now: number): SaCounters | null {
    const sa = this.sas.get(keyOf(key));
    if (sa === undefined) return null;
    const counters = this.countersOf(sa);
    this.sas.delete(keyOf(key));
    const others = (this.byInterface.get(sa.spec.if_id) ?? []).filter((other) => other !== sa);
    if (others.length > 0) this.byInterface.set(sa.spec.if_id, others);
    else this.byInterface.delete(sa.spec.if_id);
    this.perWorker[sa.worker]!--;
    if (sa.spec.direction === 'in') this.spis.delete(sa.spec.spi, scopeOf(sa.spec));
    else this.choose(sa.spec.if_id, now);
    Atomics.store(this.table.words, (sa.row << SA_SHIFT) + SA_STATE, SA_FREE);
    try {
      this.journal.forget(journalKey(sa.spec));
    } catch (error) {
      // The file keeps a number of nobody's until it is written next.
      this.journalFailure = error;
    }
    this.selectors.retire(sa.selectors);
    this.epoch.retire(() => {
      espKeyWipe(sa.row);
      this.freeRows.giveBack(sa.row);
    });
    return counters;
  }

  /** What the SA in a row of the table is. */
  ofRow(row: number): SaSpec | undefined {
    for (const sa of this.sas.values()) if (sa.row === row) return sa.spec;
    return undefined;
  }

  counters(key: SaKey): SaCounters | null {
    const sa = this.sas.get(keyOf(key));
    return sa === undefined ? null : this.countersOf(sa);
  }

  dump(): { spec: SaSpec; counters: SaCounters }[] {
    return [...this.sas.values()].map((sa) => ({ spec: sa.spec, counters: this.countersOf(sa) }));
  }

  reports(): SaReport[] {
    return [...this.sas.values()].map((sa) => {
      const { crypto, ...spec } = sa.spec;
      const tunnel = this.port.tunnel(spec.if_id);
      return {
        ...spec,
        algorithm: espName(transformOf(sa.spec), crypto.key_hex.length / 2),
        interface: tunnel?.name ?? null,
        worker: sa.worker,
        active:
          spec.direction === 'in' ||
          (tunnel !== undefined && this.interfaces.tunnelSa[tunnel.row] === sa.row),
        exhausted: spec.direction === 'out' && this.isSpent(sa),
        counters: this.countersOf(sa),
      };
    });
  }

  /** Ties the SAs of an interface id to its tunnel, after the tunnel came, went or changed. */
  rebind(ifId: number, now: number): void {
    if (this.port.tunnel(ifId) === undefined) this.sizings.delete(ifId);
    for (const sa of this.byInterface.get(ifId) ?? []) this.bind(sa);
    this.choose(ifId, now);
  }

  /**
   * Reserves sequence numbers, lets new SAs take over, keeps the journal. Every 50 ms. Throws, when all is done that can
   * be, that the journal cannot be written: an SA then stops where its reserved numbers end.
   */
  tick(now: number): void {
    const inbound = now - this.inboundJournalledAt >= JOURNAL_INBOUND_MS;
    if (inbound) this.inboundJournalledAt = now;
    let failure = this.journalFailure;
    this.journalFailure = null;
    for (const sa of this.sas.values()) {
      try {
        if (sa.spec.direction === 'out') this.reserve(sa);
        else if (inbound) this.journalInbound(sa);
      } catch (error) {
        failure = error;
      }
    }
    for (const ifId of this.takeOver.contested()) this.choose(ifId, now);
    if (failure === null) return;
    throw new Error(`sequence numbers cannot be kept, make room in the run directory: ${messageOf(failure)}`);
  }

  private journalInbound(sa: Sa): void {
    const sequence = this.sequence(sa.row);
    if (sequence <= sa.journalled) return;
    this.journal.record(journalKey(sa.spec), sequence);
    sa.journalled = sequence;
  }

  private bind(sa: Sa): void {
    const tunnel = this.port.tunnel(sa.spec.if_id);
    const fits = tunnel !== undefined && isFor(sa.spec, tunnel.kind);
    const at = sa.row << SA_SHIFT;
    // Without a tunnel that it fits, what it opens goes nowhere: inner packets of one mode mean nothing in the other.
    this.table.words[at + SA_INTERFACE] = fits ? tunnel.row : 0;
    this.table.words[at + SA_OUTER_VRF] = tunnel?.outerVrf ?? 0;
    writeSaDf(this.table, sa.row, tunnel?.df ?? sa.spec.df);
    const { direction, src, dst } = sa.spec;
    const local = parseIp4(direction === 'out' ? src : dst);
    if (tunnel !== undefined && local !== null) this.port.leavesFrom(tunnel.row, local);
  }

  /** Decides by which SA a tunnel sends. */
  private choose(ifId: number, now: number): void {
    const tunnel = this.port.tunnel(ifId);
    if (tunnel === undefined) {
      this.takeOver.end(ifId);
      return;
    }
    const own = this.byInterface.get(ifId) ?? [];
    const outbound = own.filter((sa) => sa.spec.direction === 'out' && isFor(sa.spec, tunnel.kind));
    const newest = outbound[outbound.length - 1];
    const current = outbound.find((sa) => sa.row === this.interfaces.tunnelSa[tunnel.row]);
    if (newest === undefined || current === undefined || newest === current) {
      this.takeOver.end(ifId);
    } else if (!this.isSpent(current) && !this.takeOver.decide(newest, current, own, now)) {
      return;
    }
    this.interfaces.setTunnelSa(tunnel.row, newest?.row ?? 0);
    if (newest !== undefined && newest !== current) this.measure(newest);
  }

  /** Whether an outbound SA has used all its sequence numbers. */
  private isSpent({ spec, row }: Sa): boolean {
    return this.sequence(row) >= lastOf(spec);
  }

  /** Where what a tunnel sends goes to; null while it has no SA. */
  peerOf(ifId: number): string | null {
    const tunnel = this.port.tunnel(ifId);
    if (tunnel === undefined) return null;
    const row = this.interfaces.tunnelSa[tunnel.row];
    const active = (this.byInterface.get(ifId) ?? []).find(
      (sa) => sa.spec.direction === 'out' && sa.row === row,
    );
    return active?.spec.dst ?? null;
  }

  /** True when an SA of the interface id tells flows apart by their ports. */
  selectsPorts(ifId: number): boolean {
    return (this.byInterface.get(ifId) ?? []).some((sa) => selectsPorts(sa.spec));
  }

  /**
   * What the SA makes of packets that a tunnel sends by, or sent by last: between two SAs its MTU stays. Null before the
   * first.
   */
  sizing(ifId: number): SaSizing | null {
    return this.sizings.get(ifId) ?? null;
  }

  private measure({ spec }: Sa): void {
    const family = ipWords(spec.dst).family;
    this.sizings.set(spec.if_id, { transform: transformOf(spec), family, udp: spec.encap !== null });
    this.port.resized(spec.if_id);
  }

  /** Raises the limit of an outbound SA when half of what was reserved is used. */
  private reserve(sa: Sa): void {
    const { words } = this.table;
    const at = sa.row << SA_SHIFT;
    const used = this.sequence(sa.row);
    const limit = (words[at + SA_LIMIT_HIGH]! >>> 0) * TWO_32 + (words[at + SA_LIMIT_LOW]! >>> 0);
    const last = lastOf(sa.spec);
    if (!sa.warnedLow && last - used < SEQUENCE_LOW) {
      sa.warnedLow = true;
      this.port.publish({ kind: 'sequence-low', spi: sa.spec.spi, dst: sa.spec.dst });
    }
    if (limit - used > BLOCK / 2 || limit === last) return;
    const next = Math.min(Math.max(limit, used) + BLOCK, last);
    this.journal.record(journalKey(sa.spec), next);
    // Low before high: in between, the worker sees less than is reserved, never more.
    const high = Math.floor(next / TWO_32);
    if (high === words[at + SA_LIMIT_HIGH]! >>> 0) {
      Atomics.store(words, at + SA_LIMIT_LOW, next | 0);
    } else {
      Atomics.store(words, at + SA_LIMIT_LOW, (next % TWO_32) | 0);
      Atomics.store(words, at + SA_LIMIT_HIGH, high | 0);
    }
  }

  private sequence(row: number): number {
    const at = row << SA_SHIFT;
    return (this.table.words[at + SA_SEQ_HIGH]! >>> 0) * TWO_32 + (this.table.words[at + SA_SEQ_LOW]! >>> 0);
  }

  private countersOf({ row }: Sa): SaCounters {
    const at = row << SA_COUNTERS_SHIFT;
    const { counters } = this.table;
    return {
      packets: counters[at + SA_PACKETS]!,
      bytes: counters[at + SA_BYTES]!,
      first_used_at_ms: counters[at + SA_FIRST_USED] || null,
      last_used_at_ms: counters[at + SA_LAST_USED] || null,
      sequence: this.sequence(row),
      replayed: counters[at + SA_REPLAYED]!,
      integrity_failed: counters[at + SA_INTEGRITY_FAILED]!,
    };
  }
}
