// What a bench's workers have metered, read by offsets of its own.
import { formatIp4, formatIp6 } from '@sluice/shared';
import type { Bench } from './bench.js';

export interface MeteredFlow {
  interface: number;
  vrf: number;
  egress: number;
  family: 4 | 6;
  src: string;
  dst: string;
  protocol: number;
  tos: number;
  ports: [source: number, destination: number];
  tcpFlags: number;
  packets: number;
  octets: number;
  /** Milliseconds since 1970. */
  first: number;
  last: number;
}

/** Flows of all workers whose rows are open, in the order of their texts. */
export function meteredFlows(bench: Bench): MeteredFlow[] {
  return bench.flows
    .flatMap((table) =>
      Array.from({ length: table.slots }, (_, slot) => slot)
        .filter((slot) => table.isOpen(slot))
        .map((slot) => read(new DataView(table.words.buffer, slot * 96, 96))),
    )
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function read(row: DataView): MeteredFlow {
  const kind = row.getUint32(36, true);
  const family = kind >>> 16 === 1 ? 6 : 4;
  const address = (at: number): string =>
    family === 4
      ? formatIp4(row.getUint32(at))
      : formatIp6([row.getUint32(at), row.getUint32(at + 4), row.getUint32(at + 8), row.getUint32(at + 12)]);
  return {
    interface: row.getUint16(40, true),
    vrf: row.getUint16(42, true),
    egress: row.getUint32(44, true),
    family,
    src: address(0),
    dst: address(family === 4 ? 4 : 16),
    protocol: kind & 0xff,
    tos: (kind >>> 8) & 0xff,
    ports: [row.getUint16(34, true), row.getUint16(32, true)],
    tcpFlags: row.getUint32(48, true),
    packets: row.getFloat64(56, true),
    octets: row.getFloat64(64, true),
    first: row.getFloat64(72, true),
    last: row.getFloat64(80, true),
  };
}
