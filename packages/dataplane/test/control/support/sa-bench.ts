// Security associations with their tables, a real journal, a clock of their own and the native layer's keys.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SaEvent, SaSpec } from '@sluice/shared';
import { ipWords } from '../../../src/control/ip-words.js';
import type { TunnelBinding } from '../../../src/control/sa-port.js';
import { SecurityAssociations } from '../../../src/control/security-associations.js';
import { SequenceJournal } from '../../../src/control/sequence-journal.js';
import { allocateEpoch, EpochControl } from '../../../src/memory/epoch.js';
import { espKeySet, espKeyWipe, NativeError } from '../../../src/native/index.js';
import { HashU32, HashU32Writer } from '../../../src/tables/hash-u32.js';
import { InterfaceTable } from '../../../src/tables/interfaces.js';
import {
  SA_COUNTERS_SHIFT,
  SA_LIMIT_HIGH,
  SA_LIMIT_LOW,
  SA_PACKETS,
  SA_PROVED,
  SA_SEQ_HIGH,
  SA_SEQ_LOW,
  SA_SHIFT,
  SAS_MAX,
  SaTable,
  spiScope,
} from '../../../src/tables/security-associations.js';

export const IF_ID = 42;
export const TUNNEL: TunnelBinding = { row: 7, name: 'tun', outerVrf: 2, kind: 'ipsec', df: null };
/** SPIs of a pair. */
export const IN = 0x1001;
export const OUT = 0x2001;
export const LOCAL = '192.0.2.1';
export const PEER = '198.51.100.1';
const TWO_32 = 2 ** 32;

export function spec(spi: number, direction: 'in' | 'out', more: Partial<SaSpec> = {}): SaSpec {
  return {
    spi,
    direction,
    src: direction === 'out' ? LOCAL : PEER,
    dst: direction === 'out' ? PEER : LOCAL,
    if_id: IF_ID,
    reqid: 1,
    encap: null,
    crypto: {
      cipher: 'aes-gcm',
      key_hex: spi.toString(16).padStart(40, '0'),
      integrity: 'none',
      integrity_key_hex: '',
      icv_bytes: 16,
    },
    esn: false,
    replay_window: 64,
    lifetime: {
      soft_bytes: null,
      hard_bytes: null,
      soft_packets: null,
      hard_packets: null,
      soft_add_s: null,
      hard_add_s: null,
      soft_use_s: null,
      hard_use_s: null,
    },
    added_at_ms: 0,
    mode: 'tunnel',
    selectors: null,
    dscp: 'copy',
    ecn: true,
    df: 'clear',
    ...more,
  };
}

/** Refuses to record a number after the worker was told that it may use it. */
class WatchedJournal extends SequenceJournal {
  watch: (key: string, sequence: number) => void = () => undefined;

  override record(key: string, sequence: number): void {
    this.watch(key, sequence);
    super.record(key, sequence);
  }
}

export class SaBench {
  readonly table = new SaTable(SaTable.allocate());
  readonly interfaces = new InterfaceTable(InterfaceTable.allocate());
  readonly events: SaEvent[] = [];
  readonly resized: number[] = [];
  readonly tunnels = new Map([[IF_ID, TUNNEL]]);
  readonly sas: SecurityAssociations;
  readonly journal: WatchedJournal;
  private readonly epoch = new EpochControl(allocateEpoch(2));
  private readonly spiBuffer = HashU32.allocate(SAS_MAX);
  private readonly spis = new HashU32Writer(this.spiBuffer, this.epoch);

  constructor(private readonly dir = mkdtempSync(join(tmpdir(), 'sluice-sas-'))) {
    this.journal = new WatchedJournal(join(dir, 'sequence-numbers'));
    this.sas = new SecurityAssociations(this.table, this.spis, this.interfaces, this.epoch, this.journal, {
      workers: 2,
      tunnel: (ifId) => this.tunnels.get(ifId),
      leavesFrom: () => undefined,
      resized: (ifId) => this.resized.push(ifId),
      publish: (event) => this.events.push(event),
    });
  }

  /** As after a kill: all memory is gone, the journal's file is as it was. */
  restarted(): SaBench {
    this.wipe();
    return new SaBench(this.dir);
  }

  close(): void {
    this.wipe();
    rmSync(this.dir, { recursive: true });
  }

  /** Keys lie in the native layer, for the whole process: the next bench needs their slots. */
  private wipe(): void {
    const file = readFileSync(join(this.dir, 'sequence-numbers'));
    for (const { spec: installed } of this.sas.dump()) this.sas.remove(installed, 0);
    this.epoch.reclaim();
    this.journal.close();
    this.restore(file);
  }

  private restore(file: Buffer): void {
    const journal = new SequenceJournal(join(this.dir, 'sequence-numbers'));
    for (const line of file.toString().split('\n')) {
      const [key, value] = line.split(' ');
      if (key !== undefined && value !== undefined) {
        if (Number(value) < 0) journal.forget(key);
        else journal.record(key, Number(value));
      }
    }
    journal.close();
  }

  install(spi: number, direction: 'in' | 'out', now = 0, more: Partial<SaSpec> = {}): void {
    this.sas.install(spec(spi, direction, more), now);
  }

  /** Whether the native layer holds a key in the slot of a row. */
  hasKey(slot: number): boolean {
    try {
      espKeySet(slot, {
        cipher: 'aes-gcm',
        key: new Uint8Array(20),
        integrity: 'none',
        integrityKey: new Uint8Array(0),
        icvBytes: 16,
      });
    } catch (error) {
      if (!(error instanceof NativeError && error.code === 'EEXIST')) throw error;
      return true;
    }
    espKeyWipe(slot);
    return false;
  }

  /** Every worker has passed a quiescent point. */
  reclaim(): void {
    this.epoch.reclaim();
  }

  /** What a worker finds by the SPI of a received packet: a row, or -1. */
  lookup(spi: number, dst = LOCAL): number {
    const { family, words } = ipWords(dst);
    const scope = spiScope(family, words[0], words[1], words[2], words[3]);
    return new HashU32(this.spiBuffer).lookup(spi, scope);
  }

  word(row: number, word: number): number {
    return this.table.words[(row << SA_SHIFT) + word]!;
  }

  /** Row of the SA that the tunnel sends by. */
  get active(): number {
    return this.interfaces.tunnelSa[TUNNEL.row]!;
  }

  /** The SA that the tunnel sends by. */
  get activeSpi(): number {
    return this.word(this.active, 1) >>> 0;
  }

  row(spi: number): number {
    for (let row = 1; row < SAS_MAX; row++) {
      if (this.word(row, 0) !== 0 && this.word(row, 1) === (spi | 0)) return row;
    }
    throw new Error(`no row has SPI ${spi}`);
  }

  limit(spi: number): number {
    const row = this.row(spi);
    return (this.word(row, SA_LIMIT_HIGH) >>> 0) * TWO_32 + (this.word(row, SA_LIMIT_LOW) >>> 0);
  }

  /** A worker has used, or received, numbers up to this one. */
  use(spi: number, sequence: number): void {
    const at = this.row(spi) << SA_SHIFT;
    this.table.words[at + SA_SEQ_LOW] = (sequence % TWO_32) | 0;
    this.table.words[at + SA_SEQ_HIGH] = Math.floor(sequence / TWO_32) | 0;
  }

  /** A packet of this inbound SA was authentic. */
  hear(spi: number): void {
    const row = this.row(spi);
    this.table.words[(row << SA_SHIFT) + SA_PROVED] = 1;
    this.table.counters[(row << SA_COUNTERS_SHIFT) + SA_PACKETS]!++;
  }

  /** The last number in the journal's file for a key; 0 when there is none. */
  journalled(key: string): number {
    let last = 0;
    for (const line of readFileSync(join(this.dir, 'sequence-numbers'), 'utf8').split('\n')) {
      if (line.startsWith(`${key} `)) last = Number(line.slice(key.length + 1));
    }
    return last;
  }
}
