// Which interfaces virtual reassembly is on for: those that ask for it, and all of a VRF whose tunnels tell flows apart
// by ports.
import type { SaSpec } from '@sluice/shared';
import { VIRTUAL_REASSEMBLY_BIT } from '../graph/idle-features.js';
import type { Features } from './features.js';
import type { Interface } from './interface.js';

const ANY_LAST = 65_535;

/** True for an SA whose selectors do not allow every port: a later fragment must be known by its first one. */
export function selectsPorts({ selectors }: Pick<SaSpec, 'selectors'>): boolean {
  return (selectors ?? []).some(({ src_ports: src, dst_ports: dst }) =>
    [src, dst].some(([first, last]) => first !== 0 || last !== ANY_LAST),
  );
}

/**
 * @param wanted names of the interfaces whose sections ask for it
 * @param vrfs of the tunnels whose SAs select ports
 */
export function setVirtualReassembly(
  features: Features,
  interfaces: readonly Interface[],
  wanted: ReadonlySet<string>,
  vrfs: ReadonlySet<number>,
): void {
  for (const { row, name, vrf } of interfaces) {
    const on = wanted.has(name) || vrfs.has(vrf);
    features.switch(row, 'ip4-unicast', VIRTUAL_REASSEMBLY_BIT, on);
    features.switch(row, 'ip6-unicast', VIRTUAL_REASSEMBLY_BIT, on);
  }
}
