// Frames that a port must survive: well-formed ones of every kind that it knows, then cut, corrupted, or random.
import {
  arp,
  type Dice,
  ETHERTYPE_ARP,
  ETHERTYPE_IP4,
  esp,
  ethernet,
  ip4,
  PROTOCOL_ESP,
  PROTOCOL_ICMP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  type Stations,
  udp,
} from './frames.js';

export interface Target {
  stations: Stations;
  /** Address of the sender's own, and of the port. */
  from: string;
  to: string;
  /** Destinations beyond the port. */
  beyond: readonly string[];
  /** SPIs that the gateway knows. */
  spis: readonly number[];
}

const BROADCAST = 'ff:ff:ff:ff:ff:ff';
const PAYLOAD_MAX = 1400;
/** Most frames are short, so that they are many. */
const PAYLOAD_USUAL = 120;
/** Linux sends nothing shorter than an Ethernet header. */
const FRAME_MIN = 14;
const MORE_FRAGMENTS = 0x2000;
const ETHERTYPES = [ETHERTYPE_IP4, ETHERTYPE_ARP, 0x86dd, 0x8100, 0x88cc];

export function hostileFrames(dice: Dice, count: number, target: Target): Buffer[] {
  return Array.from({ length: count }, () => {
    const kind = dice.below(4);
    if (kind === 0) return randomFrame(dice, target);
    const frame = wellFormed(dice, target);
    if (kind === 1) return frame.subarray(0, FRAME_MIN + dice.below(frame.length - FRAME_MIN));
    return kind === 2 ? corrupted(dice, frame) : corruptedHeader(dice, frame);
  });
}

function randomFrame(dice: Dice, { stations }: Target): Buffer {
  const type = dice.below(2) === 0 ? dice.pick(ETHERTYPES) : dice.below(0x10000);
  const to = dice.below(4) === 0 ? BROADCAST : stations.to;
  return ethernet({ ...stations, to }, type, dice.octets(dice.below(PAYLOAD_USUAL)));
}

/** A few octets anywhere behind the destination's MAC address. */
function corrupted(dice: Dice, frame: Buffer): Buffer {
  const copy = Buffer.from(frame);
  for (let n = 1 + dice.below(8); n > 0; n--) copy[6 + dice.below(copy.length - 6)] = dice.below(256);
  return copy;
}

/** One bit of the headers: the checks behind the first one are reached more often than by wild corruption. */
function corruptedHeader(dice: Dice, frame: Buffer): Buffer {
  const copy = Buffer.from(frame);
  const at = 12 + dice.below(Math.min(copy.length, 60) - 12);
  copy[at] = copy[at]! ^ (1 << dice.below(8));
  return copy;
}

function wellFormed(dice: Dice, target: Target): Buffer {
  const { stations, from } = target;
  if (dice.below(8) === 0) {
    const operation = 1 + dice.below(3);
    const senderIp = dice.below(2) === 0 ? from : randomAddress(dice);
    const message = arp({ operation, senderMac: stations.from, senderIp, targetIp: target.to });
    return ethernet({ ...stations, to: BROADCAST }, ETHERTYPE_ARP, message);
  }
  const src = dice.below(4) === 0 ? randomAddress(dice) : from;
  const dst = dice.pick([target.to, ...target.beyond, randomAddress(dice)]);
  const fragment = dice.below(4) === 0 ? MORE_FRAGMENTS | dice.below(100) : 0;
  const ttl = dice.below(8) === 0 ? dice.below(3) : 64;
  const { protocol, payload } = transport(dice, target);
  return ethernet(stations, ETHERTYPE_IP4, ip4({ src, dst, protocol, fragment, ttl }, payload));
}

function transport(dice: Dice, { spis }: Target): { protocol: number; payload: Buffer } {
  const body = dice.octets(dice.below(dice.below(20) === 0 ? PAYLOAD_MAX : PAYLOAD_USUAL));
  const spi = dice.pick([...spis, dice.below(2 ** 32)]);
  switch (dice.below(6)) {
    case 0:
      return { protocol: PROTOCOL_ESP, payload: esp(spi, dice.below(2 ** 32), body) };
    case 1:
      return {
        protocol: PROTOCOL_UDP,
        payload: udp(dice.pick([500, 4500, 9]), 4500, esp(dice.pick([0, spi]), 1, body)),
      };
    case 2:
      return { protocol: PROTOCOL_UDP, payload: udp(dice.below(0x10000), dice.pick([500, 53, 9]), body) };
    case 3:
      return {
        protocol: PROTOCOL_ICMP,
        payload: Buffer.concat([Buffer.from([dice.pick([0, 3, 5, 8, 11]), 0]), body]),
      };
    case 4:
      return { protocol: PROTOCOL_TCP, payload: Buffer.concat([dice.octets(20), body]) };
    default:
      return { protocol: dice.below(256), payload: body };
  }
}

export function randomAddress(dice: Dice): string {
  return Array.from({ length: 4 }, () => dice.below(256)).join('.');
}
