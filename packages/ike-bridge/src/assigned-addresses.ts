// Addresses that peers have assigned to us (RFC 7296 section 2.19): which tunnel's interface each belongs to.

import { BlockList, isIPv6 } from 'node:net';
import type { AssignedAddresses, IkeSaReport } from '@sluice/shared';

/** A tunnel that has SAs, though charon may not know of them: it was restarted, and makes others beside them. */
export type HasSas = (ifId: number) => boolean;

/**
 * An address is that of the tunnel whose child may send from it; of several, that of the smallest interface id.
 * @param before what was assigned until now: it stays where charon has no child and SAs still carry traffic
 */
export function assignedAddresses(
  sas: readonly IkeSaReport[],
  before: AssignedAddresses,
  hasSas: HasSas,
): AssignedAddresses {
  const tunnels = new Map<number, Set<string>>();
  const known = new Set<number>();
  for (const { local_vips: vips, children } of sas) {
    const up = children.filter(({ state }) => state === 'INSTALLED' || state === 'REKEYED');
    for (const { if_id } of up) known.add(if_id);
    for (const vip of vips) {
      const [ifId] = up
        .filter(({ local_ts }) => local_ts.some((selector) => covers(selector, vip)))
        .map(({ if_id }) => if_id)
        .sort((a, b) => a - b);
      if (ifId === undefined) continue;
      const address = `${vip}/${isIPv6(vip) ? 128 : 32}`;
      tunnels.set(ifId, (tunnels.get(ifId) ?? new Set()).add(address));
    }
  }
  for (const { if_id, addresses } of before)
    if (!known.has(if_id) && hasSas(if_id)) tunnels.set(if_id, new Set(addresses));
  return [...tunnels]
    .map(([if_id, addresses]) => ({ if_id, addresses: [...addresses].sort() }))
    .sort((a, b) => a.if_id - b.if_id);
}

/** @param selector as charon prints it: 10.9.0.0/24, or with protocol and ports behind, 10.9.0.7/32[tcp/443] */
function covers(selector: string, address: string): boolean {
  const [network = '', length = ''] = (selector.split('[')[0] ?? '').split('/');
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  if (isIPv6(network) !== isIPv6(address) || !/^\d+$/.test(length)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(length), family);
  return list.check(address, family);
}
