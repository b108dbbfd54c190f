// The routes that an interface's addresses imply, of both families.
import { ip4Mask, networkOf6 } from '@sluice/shared';
import { scopeOf } from '../tables/ip6-scope.js';
import { type Address, addressKey, isIp4 } from './address.js';
import type { RouteSource } from './route-table.js';

/** An interface's address, host bits included. */
export interface InterfaceAddress {
  address: Address;
  length: number;
}

/** Where it is put: in the VRF, or for link-local addresses in their own table; see tables/ip6-scope.ts. */
export interface Implied {
  vrf: number;
  address: Address;
  length: number;
  source: RouteSource;
}

interface Holder {
  /** Null of tunnels and loopbacks: nobody else is on their networks. */
  macOctets: Uint8Array | null;
  row: number;
  vrf: number;
}

/** By source and prefix: several addresses may share a network. */
export function impliedRoutes(holder: Holder, addresses: readonly InterfaceAddress[]): Map<string, Implied> {
  const implied = new Map<string, Implied>();
  const add = (address: Address, length: number, source: RouteSource): void => {
    const network = networkOf(address, length);
    const place = isIp4(network)
      ? { vrf: holder.vrf, address: network }
      : scopeOf(holder.vrf, holder.row, network);
    implied.set(`${source} ${addressKey(network)}/${length}`, { ...place, length, source });
  };
  for (const { address, length } of addresses) {
    const bits = isIp4(address) ? 32 : 128;
    add(address, bits, 'local');
    if (length < bits) add(address, length, 'connected');
    if (holder.macOctets === null || length >= bits - 1) continue;
    if (isIp4(address)) {
      for (const broadcast of broadcasts(address, length)) add(broadcast, bits, 'broadcast');
    } else {
      // Every router of a link answers to the subnet-router anycast address (RFC 4291 section 2.6.1); there is none on
      // a /127 (RFC 6164).
      add(networkOf6({ address, length }), bits, 'local');
    }
  }
  return implied;
}

function networkOf(address: Address, length: number): Address {
  return isIp4(address) ? (address & ip4Mask(length)) >>> 0 : networkOf6({ address, length });
}

/**
 * A network's own address, which old hosts took for a broadcast (RFC 1122 section 3.3.6), and its last one. RFC 3021: a
 * /31 has none; tunnels and loopbacks have none either.
 */
function broadcasts(address: number, length: number): number[] {
  const mask = ip4Mask(length);
  return [(address & mask) >>> 0, (address | ~mask) >>> 0];
}
