// What workers tell of SAs: a packet that met a tunnel without one, a peer that speaks from elsewhere. The IKE bridge
// is told of it in the terms of the contract.
import { formatIp4, formatIp6, type SaEvent, type SaSpec } from '@sluice/shared';
import {
  RECORD_ACQUIRE_DESTINATION,
  RECORD_ACQUIRE_SOURCE,
  RECORD_MAPPING,
} from '../workers/shared-memory.js';

export interface SaRecordPort {
  /** The interface id of the tunnel in a row of the interface table. */
  ifId(row: number): number | null;
  /** The SA in a row of the SA table. */
  sa(row: number): SaSpec | undefined;
  publish(event: SaEvent): void;
}

export function isSaRecord(kind: number): boolean {
  return kind === RECORD_ACQUIRE_SOURCE || kind === RECORD_ACQUIRE_DESTINATION || kind === RECORD_MAPPING;
}

export class SaRecords {
  /** By tunnel row, sources whose destination is in the record behind. */
  private readonly sources = new Map<number, { address: string; word5: number }>();

  constructor(private readonly port: SaRecordPort) {}

  /** Takes a record of RECORD_WORDS words at `at`; what it tells of may be gone by now. */
  hear(kind: number, row: number, words: Int32Array, at: number): void {
    const word5 = words[at + 5]!;
    const four = word5 >>> 16 === 4;
    const address = four ? formatIp4(words[at + 1]!) : formatIp6(words.subarray(at + 1, at + 5));
    if (kind === RECORD_ACQUIRE_SOURCE) this.sources.set(row, { address, word5 });
    else if (kind === RECORD_ACQUIRE_DESTINATION) this.acquire(row, address, word5);
    else this.mapping(row, words[at + 6]! >>> 0, address, word5 & 0xffff);
  }

  private acquire(row: number, dst: string, word5: number): void {
    const source = this.sources.get(row);
    this.sources.delete(row);
    const ifId = this.port.ifId(row);
    // Two workers may have told of the same tunnel at once: two sources, and then two destinations.
    if (source === undefined || source.word5 !== word5 || ifId === null) return;
    this.port.publish({ kind: 'acquire', if_id: ifId, src: source.address, dst, protocol: word5 & 0xffff });
  }

  private mapping(row: number, spi: number, address: string, port: number): void {
    const sa = this.port.sa(row);
    if (sa === undefined || sa.spi !== spi || sa.direction !== 'in') return;
    if (sa.src === address && sa.encap?.src_port === port) return;
    this.port.publish({ kind: 'mapping', spi, dst: sa.dst, address, port });
  }
}
