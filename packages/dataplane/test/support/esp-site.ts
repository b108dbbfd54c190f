// What crosses the tunnel of siteWithTunnel: packets between the hosts at its ends, and those of its peer.
import { type EspOptions, espSeal } from './esp.js';
import { ip4, pattern, viewOf } from './packets.js';
import { HOST, PEER, REMOTE_HOST, SPI_IN, saOf, WAN } from './site.js';

/** IPv4 of `size` octets from the host behind the peer to ours. */
export const fromRemote = (size: number, id = 1): Uint8Array =>
  ip4({ src: REMOTE_HOST, dst: HOST, id, payload: pattern(size - 20, size) });

/** IPv4 from our host to the one behind the peer; 60 octets unless told. */
export const toRemote = (options: Partial<Parameters<typeof ip4>[0]> = {}): Uint8Array =>
  ip4({ src: HOST, dst: REMOTE_HOST, payload: pattern(40), ...options });

/** IPv4 with ESP from the peer. */
export const fromPeer = (esp: Uint8Array): Uint8Array =>
  ip4({ src: PEER, dst: WAN, protocol: 50, payload: esp });

/** Seals as the peer does: each packet has the next number, and 60 octets inside unless told. */
export function sealer(): (options?: Partial<EspOptions>) => Uint8Array {
  let sequence = 0n;
  return (options = {}) =>
    fromPeer(espSeal(saOf(SPI_IN), { sequence: ++sequence, inner: fromRemote(60), ...options }));
}

/** Sequence numbers of ESP in IPv4. */
export const espSequences = (packets: readonly Uint8Array[]): number[] =>
  packets.map((packet) => viewOf(packet).getUint32(24));
