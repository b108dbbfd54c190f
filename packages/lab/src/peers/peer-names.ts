// What each of many peers is called: the same names for whoever makes the peers and for whoever configures their hub.

/** As many as there are addresses of the last two octets. */
export const PEERS_MAX = 65_535;

export interface PeerNames {
  /** Of its connection, and of the hub's tunnel: `peer-00017`. */
  name: string;
  /** Its identity in IKE. */
  id: string;
  /** Of PEERS_OUTER, a network for tests between routers (RFC 2544), and of PEERS_INNER. */
  outer: string;
  inner: string;
}

export const PEERS_OUTER = '198.18.0.0/16';
export const PEERS_INNER = '10.128.0.0/16';

/** @param index from 0 */
export function peerNames(index: number): PeerNames {
  const number = index + 1;
  const octets = `${number >> 8}.${number & 0xff}`;
  const name = `peer-${String(number).padStart(5, '0')}`;
  return { name, id: `${name}.example`, outer: `198.18.${octets}`, inner: `10.128.${octets}` };
}
