// IPv6 packets of every kind that the data plane knows; the mutator spoils them.
import { concat, pattern, udp, viewOf } from '../support/packets.js';
import { checksum6, extension, fragmentHeader, type Ip6Options, ip6 } from '../support/packets6.js';
import {
  FAR6,
  HOST6,
  HOST6_LINK,
  LAN6,
  LAN6_LINK,
  REMOTE_HOST6,
  ROUTER6,
  STRANGER6,
  WAN6,
  WAN6_LINK,
} from '../support/site.js';

/** What makes the choices. */
export interface Dice {
  below(bound: number): number;
  pick<T>(...choices: T[]): T;
  octets(most: number): Uint8Array;
  payload(): Uint8Array;
}

export function randomIp6(dice: Dice): Uint8Array {
  const [protocol, upper] = upperLayer(dice);
  const chain =
    dice.below(3) === 0 ? extensions(dice, protocol) : { first: protocol, octets: upper.subarray(0, 0) };
  const options: Ip6Options = {
    src: dice.pick(
      HOST6,
      HOST6,
      HOST6,
      FAR6,
      REMOTE_HOST6,
      HOST6_LINK,
      LAN6,
      '::',
      '::1',
      'ff02::1',
      ROUTER6,
    ),
    dst: dice.pick(
      FAR6,
      FAR6,
      HOST6,
      REMOTE_HOST6,
      LAN6,
      LAN6,
      WAN6,
      STRANGER6,
      LAN6_LINK,
      WAN6_LINK,
      HOST6_LINK,
      'ff02::1',
      'ff02::1:ff00:1',
      'ff05::2',
      '3fff::1',
    ),
    hopLimit: dice.pick(0, 1, 2, 64, 255),
    trafficClass: dice.below(256),
    flowLabel: dice.below(0x100000),
    nextHeader: chain.first,
    payload: concat(chain.octets, upper),
  };
  const packet = ip6(options);
  // ICMPv6 behind no extensions mostly has the right checksum.
  if (chain.first === 58 && packet.length >= 44 && dice.below(8) !== 0) {
    viewOf(packet).setUint16(42, 0);
    const message = packet.subarray(40);
    viewOf(packet).setUint16(42, checksum6(packet.subarray(8, 24), packet.subarray(24, 40), 58, message));
  }
  return packet;
}

function upperLayer(dice: Dice): [number, Uint8Array] {
  switch (dice.below(6)) {
    case 0:
    case 1: {
      const type = dice.pick(128, 128, 128, 129, 1, 2, 3, 4, 133, 135, 136, 137, 143, dice.below(256));
      return [58, concat(Uint8Array.of(type, 0, 0, 0, 1, 2, 3, 4), dice.payload())];
    }
    case 2: {
      const port = dice.pick(500, 4500, 4500, 53);
      return [17, udp(dice.pick(500, 4500), port, dice.pick(dice.payload(), Uint8Array.of(0xff)))];
    }
    case 3:
      return [6, dice.payload()];
    case 4:
      return [50, dice.payload()];
    default:
      return [dice.pick(59, dice.below(256)), dice.payload()];
  }
}

/** Up to ten extension headers, mostly right; the last one names `protocol`. */
function extensions(dice: Dice, protocol: number): { first: number; octets: Uint8Array } {
  const kinds = Array.from({ length: 1 + dice.below(dice.pick(2, 3, 10)) }, (_, i) =>
    i === 0 ? dice.pick(0, 60, 44, 43, 51) : dice.pick(60, 60, 44, 43, 51, 0),
  );
  const parts = kinds.map((kind, i) => {
    const next = kinds[i + 1] ?? protocol;
    switch (kind) {
      case 44: {
        const offset = dice.pick(0, 0, 8, 1448, 65_528);
        return fragmentHeader(next, offset, dice.below(2) === 0, dice.below(4));
      }
      case 43:
        return Uint8Array.of(next, 0, dice.pick(0, 2, 4, 4), dice.pick(0, 0, 1, 255), 0, 0, 0, 0);
      case 51:
        return Uint8Array.of(next, 4, ...new Uint8Array(22));
      default: {
        const option = dice.pick(0x1e, 0x5e, 0x9e, 0xde, 5, 1, 0, 0xc2);
        const content = concat(
          Uint8Array.of(option, dice.pick(0, 2, 2, 4, 255)),
          dice.pick(pattern(2), pattern(4), dice.octets(40)),
        );
        return extension(next, content);
      }
    }
  });
  return { first: kinds[0]!, octets: concat(...parts) };
}
