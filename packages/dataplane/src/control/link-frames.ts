// Frames by which the box speaks of addresses on a link, of either family: questions, probes and announcements.

import { isLinkLocal6 } from '@sluice/shared';
import { ARP_FRAME_BYTES, ARP_REQUEST, writeArp } from '../wire/arp.js';
import {
  NA_OVERRIDE,
  NA_ROUTER,
  ND_NEIGHBOUR_ADVERTISEMENT,
  ND_NEIGHBOUR_SOLICITATION,
  ND_ROUTER_SOLICITATION,
  OPTION_SOURCE_LINK,
  OPTION_TARGET_LINK,
  octets6,
  solicitedNodeOf,
  writeNd,
} from '../wire/nd.js';
import { type Address, isIp4 } from './address.js';
import type { Interface } from './interface.js';
import type { Interfaces } from './interfaces.js';

/** Sends a frame by an interface: `write` fills it at an offset and returns its length in bytes. */
export type SendFrame = (row: number, write: (bytes: Uint8Array, at: number) => number) => void;

/** ff02::1 and ff02::2 (RFC 4291 section 2.7.1), and the unspecified address. */
const ALL_NODES = octets6([0xff020000, 0, 0, 1]);
const ALL_ROUTERS = octets6([0xff020000, 0, 0, 2]);
const UNSPECIFIED = new Uint8Array(16);

export class LinkFrames {
  constructor(
    private readonly interfaces: Interfaces,
    private readonly send: SendFrame,
  ) {}

  /** Who has this address? Everyone is asked when `mac` is null. */
  request(row: number, address: Address, mac: Uint8Array | null): void {
    const entry = this.interfaces.ofRow(row);
    if (entry === undefined || entry.macOctets === null) return;
    const { macOctets: sourceMac } = entry;
    if (isIp4(address)) {
      const senderIp = sourceFor4(entry, address);
      this.sendArp(row, sourceMac, senderIp, mac, address);
      return;
    }
    const src = sourceFor6(entry, address);
    if (src === null) return;
    this.send(row, (bytes, at) =>
      writeNd(bytes, at, {
        type: ND_NEIGHBOUR_SOLICITATION,
        sourceMac,
        targetMac: mac,
        src: octets6(src),
        dst: octets6(mac === null ? solicitedNodeOf(address) : address),
        target: octets6(address),
        linkOption: OPTION_SOURCE_LINK,
      }),
    );
  }

  /** Does anybody have this address that the box wants (RFC 5227 section 2.1.1, RFC 4862 section 5.4.2)? */
  probe(row: number, address: Address): void {
    const sourceMac = this.interfaces.ofRow(row)?.macOctets ?? null;
    if (sourceMac === null) return;
    if (isIp4(address)) {
      this.sendArp(row, sourceMac, 0, null, address);
      return;
    }
    this.send(row, (bytes, at) =>
      writeNd(bytes, at, {
        type: ND_NEIGHBOUR_SOLICITATION,
        sourceMac,
        targetMac: null,
        src: UNSPECIFIED,
        dst: octets6(solicitedNodeOf(address)),
        target: octets6(address),
      }),
    );
  }

  /** The box has this address (RFC 5227 section 2.3, RFC 4861 section 7.2.6). */
  announce(row: number, address: Address): void {
    const sourceMac = this.interfaces.ofRow(row)?.macOctets ?? null;
    if (sourceMac === null) return;
    if (isIp4(address)) {
      this.sendArp(row, sourceMac, address, null, address);
      return;
    }
    this.send(row, (bytes, at) =>
      writeNd(bytes, at, {
        type: ND_NEIGHBOUR_ADVERTISEMENT,
        flags: NA_ROUTER | NA_OVERRIDE,
        sourceMac,
        targetMac: null,
        src: octets6(address),
        dst: ALL_NODES,
        target: octets6(address),
        linkOption: OPTION_TARGET_LINK,
      }),
    );
  }

  /** Which routers are there (RFC 4861 section 6.3.7)? From nobody, and without a MAC address, while there is no address. */
  solicitRouters(row: number): void {
    const entry = this.interfaces.ofRow(row);
    if (entry === undefined || entry.macOctets === null) return;
    const { macOctets: sourceMac } = entry;
    const src = entry.addresses6.find(({ address }) => isLinkLocal6(address))?.address;
    this.send(row, (bytes, at) =>
      writeNd(bytes, at, {
        type: ND_ROUTER_SOLICITATION,
        sourceMac,
        targetMac: null,
        src: src === undefined ? UNSPECIFIED : octets6(src),
        dst: ALL_ROUTERS,
        ...(src === undefined ? {} : { linkOption: OPTION_SOURCE_LINK }),
      }),
    );
  }

  private sendArp(
    row: number,
    sourceMac: Uint8Array,
    senderIp: number,
    targetMac: Uint8Array | null,
    targetIp: number,
  ): void {
    this.send(row, (bytes, at) => {
      writeArp(bytes, at, { operation: ARP_REQUEST, sourceMac, senderIp, targetMac, targetIp });
      return ARP_FRAME_BYTES;
    });
  }
}

/** The sender must be on the same network as the target, or it is not answered. */
function sourceFor4(entry: Interface, address: number): number {
  const own = entry.addresses.find((prefix) => sameNet(prefix, address));
  return own?.address ?? entry.addresses[0]?.address ?? 0;
}

/** Of the target's scope, which the neighbour can answer to. */
function sourceFor6(entry: Interface, target: Exclude<Address, number>): Exclude<Address, number> | null {
  const linkLocal = entry.addresses6.find(({ address }) => isLinkLocal6(address))?.address ?? null;
  if (isLinkLocal6(target)) return linkLocal;
  return entry.addresses6.find(({ address }) => !isLinkLocal6(address))?.address ?? linkLocal;
}

function sameNet(prefix: { address: number; length: number }, address: number): boolean {
  return prefix.length === 0 || prefix.address >>> (32 - prefix.length) === address >>> (32 - prefix.length);
}
