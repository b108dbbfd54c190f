// Packets of every kind that the data plane knows, and ways to spoil them.
import { espSeal } from '../support/esp.js';
import {
  arp,
  BROADCAST,
  concat,
  ethernet,
  fixChecksum,
  fragmentsOf,
  type Ip4Options,
  icmp,
  ip4,
  pattern,
  udp,
  viewOf,
} from '../support/packets.js';
import {
  FAR,
  HOST,
  HOST_MAC,
  LAN,
  PEER,
  REMOTE_HOST,
  ROUTER,
  SPI_IN,
  STRANGER,
  saOf,
  WAN,
} from '../support/site.js';
import { randomIp6 } from './packets6.js';

/** Frames that are kept to be spoilt again. */
const CORPUS = 2048;

export class Mutator {
  private sequence = 0n;
  /** Fragments that are still to be sent, in any order. */
  private readonly pieces: Uint8Array[] = [];
  private readonly corpus: Record<'lan' | 'wan', Uint8Array[]> = { lan: [], wan: [] };

  constructor(
    /** Unsigned 32-bit numbers. */
    readonly random: () => number,
    private readonly macs: { lan: string; wan: string },
  ) {}

  below(bound: number): number {
    return this.random() % bound;
  }

  pick<T>(...choices: T[]): T {
    return choices[this.below(choices.length)]!;
  }

  octets(most: number): Uint8Array {
    const octets = new Uint8Array(this.below(most + 1));
    for (let i = 0; i < octets.length; i++) octets[i] = this.random();
    return octets;
  }

  /** A frame for a port: right, spoilt, or noise; or one that was there before, spoilt once more. */
  frame(port: 'lan' | 'wan'): Uint8Array {
    const before = this.corpus[port];
    if (before.length === CORPUS && this.below(4) !== 0) return this.again(before[this.below(CORPUS)]!);
    const frame = this.newFrame(port);
    if (before.length < CORPUS) before.push(frame);
    else before[this.below(CORPUS)] = frame;
    return frame;
  }

  private again(frame: Uint8Array): Uint8Array {
    const spoilt = this.spoil(frame, 14);
    const header = ((spoilt[14] ?? 0) & 15) * 4;
    const isIp4 = spoilt[12] === 8 && spoilt[13] === 0 && header >= 20 && 14 + header <= spoilt.length;
    if (isIp4 && this.below(4) !== 0) fixChecksum(spoilt.subarray(14));
    return spoilt;
  }

  private newFrame(port: 'lan' | 'wan'): Uint8Array {
    const kind = this.below(20);
    if (kind === 0) return this.octets(1700);
    if (kind === 1) return this.cut(this.arpFrame());
    if (kind === 2) return this.spoil(this.arpFrame(), 14);
    const to =
      this.below(30) === 0
        ? this.pick(BROADCAST, '01:00:5e:00:00:05', '33:33:00:00:00:01', HOST_MAC)
        : this.macs[port];
    const six = this.below(5) < 2;
    const type = this.below(100) === 0 ? this.random() & 0xffff : six ? 0x86dd : 0x0800;
    const frame = ethernet(to, HOST_MAC, type, six ? this.packet6() : this.packet());
    return this.below(8) === 0 ? concat(frame, this.octets(46)) : frame;
  }

  /** An IPv4 packet, right or spoilt; often with a header checksum that is right nevertheless. */
  packet(): Uint8Array {
    const packet = this.goodPacket();
    switch (this.below(6)) {
      case 0:
      case 1:
        return packet;
      case 2:
        return this.cut(packet);
      case 3:
        return this.spoil(packet, 0);
      default: {
        const spoilt = this.spoil(packet, 0);
        const header = (spoilt[0]! & 15) * 4;
        return header >= 20 && header <= spoilt.length ? fixChecksum(spoilt) : spoilt;
      }
    }
  }

  /** An IPv6 packet, right or spoilt. */
  packet6(): Uint8Array {
    const packet = randomIp6(this);
    const choice = this.below(6);
    if (choice < 3) return packet;
    return choice === 3 ? this.cut(packet) : this.spoil(packet, 0);
  }

  private goodPacket(): Uint8Array {
    if (this.pieces.length > 40 || (this.pieces.length > 0 && this.below(3) === 0)) {
      const at = this.below(this.pieces.length);
      return this.below(20) === 0 ? this.pieces[at]! : this.pieces.splice(at, 1)[0]!;
    }
    const packet = this.wholePacket();
    if (packet.length < 40 || (packet[0]! & 15) !== 5 || this.below(8) !== 0) return packet;
    if (((packet[6]! & 0x3f) | packet[7]!) !== 0) return packet;
    const halves = ((packet.length - 20) >> 4) * 8;
    this.pieces.push(...fragmentsOf(packet, this.below(3) === 0 ? 8 * (1 + this.below(20)) : halves));
    // Cut elsewhere too, so that they overlap.
    if (this.below(6) === 0) this.pieces.push(...fragmentsOf(packet, 8 * (1 + this.below(20))));
    return packet;
  }

  private wholePacket(): Uint8Array {
    const options: Ip4Options = {
      src: this.pick(HOST, HOST, FAR, REMOTE_HOST, LAN, '0.0.0.0', ROUTER),
      dst: this.pick(
        FAR,
        HOST,
        REMOTE_HOST,
        REMOTE_HOST,
        LAN,
        WAN,
        WAN,
        STRANGER,
        '10.1.0.255',
        '224.0.0.5',
        '203.0.113.9',
      ),
      ttl: this.pick(0, 1, 2, 64, 255),
      tos: this.random() & 0xff,
      id: this.random() & 0xffff,
      df: this.below(4) === 0,
      ...(this.below(6) === 0 ? { mf: this.below(2) === 0, fragmentOffset: this.below(0x2000) * 8 } : {}),
      ...(this.below(8) === 0 ? { options: this.options() } : {}),
    };
    switch (this.below(6)) {
      case 0:
        return ip4({
          ...options,
          protocol: 1,
          payload: icmp(this.pick(8, 8, 0, 3, 11, 200), 0, 1, this.payload()),
        });
      case 1: {
        const port = this.pick(500, 4500, 4500, 53);
        return ip4({ ...options, protocol: 17, payload: udp(this.pick(500, 4500), port, this.payload()) });
      }
      case 2:
        return ip4({ ...options, protocol: 6, payload: this.payload() });
      case 3:
      case 4:
        return this.esp();
      default:
        return ip4({ ...options, protocol: this.random() & 0xff, payload: this.payload() });
    }
  }

  payload(): Uint8Array {
    return pattern(
      this.pick(0, 1, 7, 8, 9, 64, 200, 548, 1380, 1381, 1460, 1472, this.below(1480)),
      this.random(),
    );
  }

  private options(): Uint8Array {
    return Uint8Array.from({ length: 4 * (1 + this.below(10)) }, () =>
      this.pick(0, 1, 7, 130, 131, 137, 3, 40, this.random()),
    );
  }

  /** ESP that the tunnel accepts, or nearly; what is inside may be spoilt before it is sealed. */
  private esp(): Uint8Array {
    const inner = this.below(3) === 0 ? this.octets(200) : this.innerPacket();
    const jump = this.below(40) === 0 ? BigInt(this.below(5000)) : BigInt(this.below(4)) - 1n;
    this.sequence += jump < 0n && this.sequence < 2n ? 1n : jump;
    let esp = espSeal(saOf(this.below(20) === 0 ? this.random() : SPI_IN), {
      sequence: this.sequence,
      inner,
      nextHeader: this.pick(4, 4, 4, 4, 4, 59, 41, this.random() & 0xff),
      ...(this.below(10) === 0 ? { padding: this.octets(255) } : {}),
      ...(this.below(10) === 0 ? { padLength: this.random() & 0xff } : {}),
    });
    if (this.below(4) === 0) esp = this.cut(esp);
    const inUdp = this.below(2) === 0;
    const payload = inUdp ? udp(this.pick(4500, 61_000), 4500, esp) : esp;
    return ip4({ src: PEER, dst: WAN, tos: this.random() & 0xff, protocol: inUdp ? 17 : 50, payload });
  }

  private innerPacket(): Uint8Array {
    const packet = ip4({
      src: REMOTE_HOST,
      dst: this.pick(HOST, STRANGER, LAN, FAR, REMOTE_HOST),
      ttl: this.pick(1, 64),
      protocol: 1,
      payload: icmp(8, 0, 1, this.payload()),
    });
    return this.below(3) === 0 ? this.spoil(packet, 0) : packet;
  }

  private arpFrame(): Uint8Array {
    return arp({
      operation: this.pick(1, 1, 2, 2, this.random() & 0xffff),
      senderMac: this.pick(HOST_MAC, HOST_MAC, BROADCAST),
      senderIp: this.pick(HOST, LAN, WAN, STRANGER, ROUTER, '0.0.0.0'),
      targetIp: this.pick(LAN, WAN, HOST, STRANGER),
      to: this.pick(BROADCAST, this.macs.lan, this.macs.wan),
    });
  }

  private cut(bytes: Uint8Array): Uint8Array {
    return bytes.subarray(0, this.below(bytes.length + 1));
  }

  /** Changes a few octets or words, mostly of the headers, to what is at an edge. */
  private spoil(bytes: Uint8Array, from: number): Uint8Array {
    const copy = bytes.slice();
    const view = viewOf(copy);
    for (let changes = 1 + this.below(4); changes > 0; changes--) {
      const reach = this.below(3) === 0 ? copy.length : Math.min(copy.length, from + 48);
      if (reach <= from + 2) return copy;
      const at = from + this.below(reach - from - 1);
      switch (this.below(5)) {
        case 0:
          copy[at]! ^= 1 << this.below(8);
          break;
        case 1:
          copy[at] = this.pick(0, 1, 0x7f, 0x80, 0xfe, 0xff, 0x45, 0x4f, 0x40);
          break;
        case 2:
          view.setUint16(
            at,
            this.pick(0, 1, 7, 8, 0x1fff, 0x2000, 0x3fff, 0x7fff, 0x8000, 0xfff8, 0xffff, copy.length),
          );
          break;
        default:
          copy[at] = this.random();
      }
    }
    return copy;
  }
}
