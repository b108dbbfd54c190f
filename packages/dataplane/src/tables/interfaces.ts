// Interfaces as the workers see them: one row each in shared memory, written by the control side.
import { MEMBER_NAME_BYTES } from '@sluice/shared/net';

/** Most interfaces of one gateway, tunnels and the empty row 0 included. */
/** Rows; 0 is nobody's. Tuning: a tunnel each for 10,000 peers. */
export const INTERFACES_MAX = 16_384;

export const INTERFACE_DOWN = 0;
export const INTERFACE_UP = 1;

export const KIND_NONE = 0;
export const KIND_ETHERNET = 1;
export const KIND_TUNNEL = 2;
/** A sub-interface: frames with certain VLAN tags of its parent. */
export const KIND_VLAN = 3;
/** The routed interface of a bridge domain. */
export const KIND_BRIDGE = 4;
/** Addresses without a link. */
export const KIND_LOOPBACK = 5;

/** True for a kind whose packets have an Ethernet header. */
export function hasEthernet(kind: number): boolean {
  return kind === KIND_ETHERNET || kind === KIND_VLAN || kind === KIND_BRIDGE;
}

const COLUMNS = [
  'state',
  'kind',
  'vrf',
  'address',
  'mtu',
  'mac0',
  'mac2',
  'worker',
  'tunnelSa',
  'tunnelAdjacency',
  'outerVrf',
  'features4',
  'features6',
  'parent',
  'tags',
  'bridge',
  'nextMember',
  'acceptRa',
  'mss4',
  'mss6',
  'telnet',
] as const;

/** Of four words a row: addresses, the most significant word first, and names. */
const ADDRESS_COLUMNS = ['address6', 'linkLocal6', 'name'] as const;

export class InterfaceTable {
  readonly buffer: SharedArrayBuffer;
  /** INTERFACE_UP or INTERFACE_DOWN; the last field written when a row appears. */
  readonly state: Int32Array;
  /** KIND_… */
  readonly kind: Int32Array;
  readonly vrf: Int32Array;
  /** Primary IPv4 address, 0 when it has none: the source of ICMP errors. */
  readonly address: Int32Array;
  /** Largest IP packet in bytes. */
  readonly mtu: Int32Array;
  /** The MAC address's first two octets, as a little-endian load at an even offset finds them. */
  readonly mac0: Int32Array;
  /** Its last four octets, likewise. */
  readonly mac2: Int32Array;
  /** The worker that owns its transmit queue. */
  readonly worker: Int32Array;
  /** Row of the SA that a tunnel's packets leave by; 0 when there is none. Of row 0 the highest row that ever had one. */
  readonly tunnelSa: Int32Array;
  /** The adjacency that leads into a tunnel. */
  readonly tunnelAdjacency: Int32Array;
  /** VRF of a tunnel's encrypted packets. */
  readonly outerVrf: Int32Array;
  /** Masks of the optional nodes of the arcs ip4-unicast and ip6-unicast; see graph/arcs.ts. */
  readonly features4: Int32Array;
  readonly features6: Int32Array;
  /** Of a VLAN sub-interface: the row whose frames it takes, and their tags as tables/vlans.ts writes them. */
  readonly parent: Int32Array;
  readonly tags: Int32Array;
  /** The row of the bridge whose member it is; 0 for none. */
  readonly bridge: Int32Array;
  /** A bridge's first member, and from each member the next one; 0 ends the list. */
  readonly nextMember: Int32Array;
  /** 1 where router advertisements are listened to. */
  readonly acceptRa: Int32Array;
  /** Largest MSS that TCP connections through it may agree on, over IPv4 and IPv6; 0 for any. */
  readonly mss4: Int32Array;
  readonly mss6: Int32Array;
  /** 1 where Linux is given what is for its Telnet server. */
  readonly telnet: Int32Array;
  /**
   * A global IPv6 address to answer from, its own or lent, and its link-local one; zeros for none. Four words each from
   * `row << 2` on, host order, the most significant first.
   */
  readonly address6: Int32Array;
  readonly linkLocal6: Int32Array;
  /** MEMBER_NAME_BYTES octets each, zeros behind the name. */
  readonly names: Uint8Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    const column = (name: (typeof COLUMNS)[number]): Int32Array =>
      new Int32Array(buffer, COLUMNS.indexOf(name) * INTERFACES_MAX * 4, INTERFACES_MAX);
    this.state = column('state');
    this.kind = column('kind');
    this.vrf = column('vrf');
    this.address = column('address');
    this.mtu = column('mtu');
    this.mac0 = column('mac0');
    this.mac2 = column('mac2');
    this.worker = column('worker');
    this.tunnelSa = column('tunnelSa');
    this.tunnelAdjacency = column('tunnelAdjacency');
    this.outerVrf = column('outerVrf');
    this.features4 = column('features4');
    this.features6 = column('features6');
    this.parent = column('parent');
    this.tags = column('tags');
    this.bridge = column('bridge');
    this.nextMember = column('nextMember');
    this.acceptRa = column('acceptRa');
    this.mss4 = column('mss4');
    this.mss6 = column('mss6');
    this.telnet = column('telnet');
    const addresses = (name: (typeof ADDRESS_COLUMNS)[number]): Int32Array =>
      new Int32Array(
        buffer,
        (COLUMNS.length + 4 * ADDRESS_COLUMNS.indexOf(name)) * INTERFACES_MAX * 4,
        INTERFACES_MAX * 4,
      );
    this.address6 = addresses('address6');
    this.linkLocal6 = addresses('linkLocal6');
    const names = addresses('name');
    this.names = new Uint8Array(buffer, names.byteOffset, names.byteLength);
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer((COLUMNS.length + 4 * ADDRESS_COLUMNS.length) * INTERFACES_MAX * 4);
  }

  /** Has a tunnel's packets leave by an SA; by none with 0. */
  setTunnelSa(row: number, sa: number): void {
    if (row > this.tunnelSa[0]!) Atomics.store(this.tunnelSa, 0, row);
    Atomics.store(this.tunnelSa, row, sa);
  }

  setName(row: number, name: string): void {
    const at = row * MEMBER_NAME_BYTES;
    this.names.fill(0, at, at + MEMBER_NAME_BYTES);
    this.names.set(Buffer.from(name, 'latin1').subarray(0, MEMBER_NAME_BYTES), at);
  }

  setMac(row: number, mac: Uint8Array): void {
    this.mac0[row] = mac[0]! | (mac[1]! << 8);
    this.mac2[row] = mac[2]! | (mac[3]! << 8) | (mac[4]! << 16) | (mac[5]! << 24);
  }
}
