// What crossed the router: ESP by its SA, IKE, and whatever should not have been there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { LabNode } from '@sluice/lab';

export interface WireFrame {
  source: string;
  destination: string;
  /** IP protocol. */
  protocol: number;
  /** DSCP and ECN. */
  tos: number;
  /** Whether the IP header's checksum is right. */
  checksumGood: boolean;
  /** UDP destination port, null for other protocols. */
  port: number | null;
  /** Null for what is no ESP. */
  esp: { spi: number; sequence: number } | null;
  isIke: boolean;
}

const FIELDS = ['ip.src', 'ip.dst', 'ip.proto', 'ip.dsfield', 'ip.checksum.status', 'udp.dstport'];
const ESP_FIELDS = ['esp.spi', 'esp.sequence', 'isakmp.ispi'];
/**
 * Multicast listener queries and reports (RFC 3810), solicitations and advertisements of routers and neighbours
 * (RFC 4861): what a link of IPv6 is never without.
 */
const LINK_TYPES = ['130', '131', '132', '143', '133', '134', '135', '136'];
/** Where their type is in a row: behind the Ethernet type and the fields above. */
const ICMP6_TYPE = 1 + FIELDS.length + ESP_FIELDS.length;
const CHECKSUM_GOOD = '1';

/** The IPv4 frames of a capture, in order. Everything else in it must be ARP or what IPv6 says about the link. */
export async function wireFrames(node: LabNode, path: string): Promise<WireFrame[]> {
  const { stdout } = await node.run(
    [
      ...['tshark', '-n', '-r', path, '-o', 'ip.check_checksum:TRUE', '-T', 'fields', '-E', 'occurrence=f'],
      ...['-e', 'eth.type', ...[...FIELDS, ...ESP_FIELDS, 'icmpv6.type'].flatMap((field) => ['-e', field])],
    ],
    { deadlineMs: 60_000 },
  );
  const rows = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
  const isOfLink = (row: string[]): boolean =>
    row[0] === '0x86dd' && LINK_TYPES.includes(row[ICMP6_TYPE] ?? '');
  const others = rows.filter((row) => row[0] !== '0x0800' && row[0] !== '0x0806' && !isOfLink(row));
  assert.deepEqual(
    others,
    [],
    'something other than IPv4, ARP and what IPv6 says about the link crossed the router',
  );
  return rows.filter(([type]) => type === '0x0800').map(frameOf);
}

function frameOf(row: string[]): WireFrame {
  const [, source = '', destination = '', protocol, tos, checksum, port, spi, sequence, ike] = row;
  return {
    source,
    destination,
    protocol: Number(protocol),
    tos: Number(tos),
    checksumGood: checksum === CHECKSUM_GOOD,
    port: port ? Number(port) : null,
    esp: spi ? { spi: Number(spi), sequence: Number(sequence) } : null,
    isIke: Boolean(ike),
  };
}

/** Whether octets are anywhere in a capture. */
export function contains(path: string, marker: Buffer): boolean {
  return readFileSync(path).includes(marker);
}

/** Sequence numbers by SPI, in the order of the capture. */
export function sequences(frames: readonly WireFrame[]): Map<number, number[]> {
  const bySpi = new Map<number, number[]>();
  for (const { esp } of frames) {
    if (esp !== null) bySpi.set(esp.spi, [...(bySpi.get(esp.spi) ?? []), esp.sequence]);
  }
  return bySpi;
}
