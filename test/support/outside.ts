// What two gateways have sent outside: only ESP, IKE and errors that quote no inner packet, and no sequence number twice.
import assert from 'node:assert/strict';
import type { Capture, LabNode } from '@sluice/lab';
import { Sequences } from './esp-capture.js';
import { ETHERNET_HEADER, framesOf } from './pcap.js';
import type { TwoSites } from './two-sites.js';
import { WireRelay } from './wire-relay.js';

/** Room for an error of ICMP and the IP header that it quotes. */
const SNAP_LENGTH = 96;
const [IP4_PROTOCOL, IP4_SOURCE, IP4_DESTINATION, IP4_HEADER] = [9, 12, 16, 20];
const [PROTOCOL_ICMP, PROTOCOL_UDP, PROTOCOL_ESP] = [1, 17, 50];
const [UDP_HEADER, ICMP_HEADER] = [8, 8];
const [PORT_IKE, PORT_ENCAPSULATED] = [500, 4500];
/** RFC 3948 section 2.2: before IKE on port 4500, where ESP has its SPI. */
const NON_ESP_MARKER = 0;
/** Of the hosts behind either gateway: 10.0.0.0/8. */
const INNER = 10;

export interface Seen {
  esp: number;
  ike: number;
  /** ICMP. */
  errors: number;
  /** What should not have been there, as hexadecimal octets from the IP header on. */
  wrong: string[];
  /** `spi/sequence` of ESP packets that passed more than once. */
  repeated: string[];
}

type Cables = Pick<TwoSites, 'router' | 'wire'>;

/** Captures where each gateway's cable ends, so that what is lost behind it is there too. */
export class Outside {
  private constructor(private readonly captures: readonly Capture[]) {}

  static async watch({ router, wire }: Cables): Promise<Outside> {
    return new Outside(await Promise.all([branchCable(router, wire), cable(router, 'hq')]));
  }

  /** The branch's alone: what another one's gateway sends is its own affair. */
  static async watchBranch({ router, wire }: Cables): Promise<Outside> {
    return new Outside([await branchCable(router, wire)]);
  }

  /** Ends the captures. Asserts that nothing wrong has passed; returns what has, at either cable. */
  async check(): Promise<Seen[]> {
    const all: Seen[] = [];
    for (const capture of this.captures) {
      const path = await capture.stop();
      const seen = look(framesOf(path));
      assert.deepEqual(
        seen.wrong.slice(0, 10),
        [],
        `${seen.wrong.length} packets in ${path} are not for others`,
      );
      assert.deepEqual(seen.repeated.slice(0, 10), [], `sequence numbers came twice under one key: ${path}`);
      assert.ok(seen.esp > 0, `no ESP in ${path}`);
      all.push(seen);
    }
    return all;
  }
}

function cable(node: LabNode, device: string): Promise<Capture> {
  return node.capture({
    interface: device,
    filter: 'ip',
    snapLength: SNAP_LENGTH,
    name: `outside-${device}`,
  });
}

function branchCable(router: LabNode, wire: WireRelay | null): Promise<Capture> {
  return wire === null ? cable(router, 'branch') : cable(wire.node, WireRelay.device);
}

/** Frames of IPv4 over Ethernet. */
export function look(frames: Iterable<Buffer>): Seen {
  const sequences = new Sequences();
  const seen: Seen = { esp: 0, ike: 0, errors: 0, wrong: [], repeated: sequences.repeated };
  for (const frame of frames) {
    const ip = ETHERNET_HEADER;
    const payload = ip + (frame[ip]! & 0x0f) * 4;
    const kind = kindOf(frame, ip, payload);
    if (kind === 'wrong') seen.wrong.push(frame.subarray(ip).toString('hex'));
    else seen[kind]++;
    if (kind === 'esp')
      sequences.note(frame, frame[ip + IP4_PROTOCOL] === PROTOCOL_UDP ? payload + UDP_HEADER : payload);
  }
  return seen;
}

function kindOf(frame: Buffer, ip: number, payload: number): 'esp' | 'ike' | 'errors' | 'wrong' {
  if (isInner(frame, ip)) return 'wrong';
  switch (frame[ip + IP4_PROTOCOL]) {
    case PROTOCOL_ESP:
      return 'esp';
    case PROTOCOL_ICMP: {
      const quoted = payload + ICMP_HEADER;
      return quoted + IP4_HEADER <= frame.length && isInner(frame, quoted) ? 'wrong' : 'errors';
    }
    case PROTOCOL_UDP: {
      const port = frame.readUInt16BE(payload + 2);
      if (port === PORT_IKE) return 'ike';
      if (port !== PORT_ENCAPSULATED) return 'wrong';
      const isKeepalive = frame.readUInt16BE(payload + 4) === UDP_HEADER + 1;
      return isKeepalive || frame.readUInt32BE(payload + UDP_HEADER) === NON_ESP_MARKER ? 'ike' : 'esp';
    }
    default:
      return 'wrong';
  }
}

function isInner(frame: Buffer, ip: number): boolean {
  return frame[ip + IP4_SOURCE] === INNER || frame[ip + IP4_DESTINATION] === INNER;
}
