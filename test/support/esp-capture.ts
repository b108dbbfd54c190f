// Which (SPI, sequence number) pairs passed an interface more than once: under AES-GCM none may (RFC 4106 section 3.1).
import { readFileSync } from 'node:fs';
import type { Capture, LabNode } from '@sluice/lab';
import { until } from '@sluice/shared';

/** Ethernet, IPv4 with options at most, the head of ESP. */
const SNAP_LENGTH = 96;
/** pcap-savefile(5): the file's header, and a record's: seconds, microseconds, octets kept, octets in all. */
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const RECORD_KEPT = 8;
const MAGIC_LITTLE_ENDIAN = 0xa1b2c3d4;
const ETHERNET_HEADER = 14;
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

/** Reads a capture of plain ESP over Ethernet. A last frame that is still being written is left out. */
export function readEsp(path: string): EspPackets {
  const file = readFileSync(path);
  if (file.readUInt32LE(0) !== MAGIC_LITTLE_ENDIAN)
    throw new Error(`${path} is no pcap file of this machine's byte order`);
  const seen = new Set<string>();
  const found: EspPackets = { packets: 0, spis: new Set(), repeated: [] };
  for (let at = FILE_HEADER; at + RECORD_HEADER <= file.length; ) {
    const kept = file.readUInt32LE(at + RECORD_KEPT);
    const ip = at + RECORD_HEADER + ETHERNET_HEADER;
    at += RECORD_HEADER + kept;
    if (at > file.length || file[ip + IP4_PROTOCOL] !== PROTOCOL_ESP) continue;
    const esp = ip + (file[ip]! & 0x0f) * 4;
    const spi = file.readUInt32BE(esp);
    const pair = `${spi.toString(16)}/${file.readUInt32BE(esp + 4)}`;
    found.packets++;
    found.spis.add(spi);
    if (seen.has(pair)) found.repeated.push(pair);
    seen.add(pair);
  }
  return found;
}

/** Waits until the capture holds packets of an SPI: that SA is in use. */
export async function espSeen(capture: Capture, spi: number): Promise<void> {
  await until(
    `ESP with SPI ${spi.toString(16)} in ${capture.path}`,
    () => readEsp(capture.path).spis.has(spi),
    { intervalMs: 100 },
  );
}
