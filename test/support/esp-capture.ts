// Which (SPI, sequence number) pairs passed an interface more than once: under AES-GCM none may (RFC 4106 section 3.1).
import type { Capture, LabNode } from '@sluice/lab';
import { until } from '@sluice/shared';
import { ETHERNET_HEADER, framesOf } from './pcap.js';

/** Ethernet, IPv4 with options at most, the head of ESP. */
const SNAP_LENGTH = 96;
const IP4_PROTOCOL = 9;
const PROTOCOL_ESP = 50;

export interface EspPackets {
  packets: number;
  /** Distinct SPIs. */
  spis: Set<number>;
  /** `spi/sequence` of those seen more than once. */
  repeated: string[];
}

export function captureEsp(router: LabNode, device: string): Promise<Capture> {
  return router.capture({ interface: device, filter: 'esp', snapLength: SNAP_LENGTH, name: 'esp' });
}

/** Reads a capture of plain ESP over Ethernet. */
export function readEsp(path: string): EspPackets {
  const found: EspPackets = { packets: 0, spis: new Set(), repeated: [] };
  const sequences = new Sequences();
  for (const frame of framesOf(path)) {
    const ip = ETHERNET_HEADER;
    if (frame[ip + IP4_PROTOCOL] !== PROTOCOL_ESP) continue;
    const spi = sequences.note(frame, ip + (frame[ip]! & 0x0f) * 4);
    found.packets++;
    found.spis.add(spi);
  }
  found.repeated = sequences.repeated;
  return found;
}

/** Sequence numbers by SPI, and those that came again. */
export class Sequences {
  /** `spi/sequence`. */
  readonly repeated: string[] = [];
  readonly #seen = new Map<number, Set<number>>();

  /** Takes an ESP header at an offset; returns its SPI. */
  note(frame: Buffer, at: number): number {
    const [spi, sequence] = [frame.readUInt32BE(at), frame.readUInt32BE(at + 4)];
    const seen = this.#seen.get(spi) ?? new Set();
    this.#seen.set(spi, seen);
    if (seen.has(sequence)) this.repeated.push(`${spi.toString(16)}/${sequence}`);
    seen.add(sequence);
    return spi;
  }
}

/** Waits until the capture holds packets of an SPI: that SA is in use. */
export async function espSeen(capture: Capture, spi: number): Promise<void> {
  await until(
    `ESP with SPI ${spi.toString(16)} in ${capture.path}`,
    () => readEsp(capture.path).spis.has(spi),
    { intervalMs: 100 },
  );
}
