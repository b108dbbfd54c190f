// Names that clients have told of themselves, and the addresses that they have.
import { formatIp4 } from '@sluice/shared';
import type { LeasedName } from './daemons/dnsmasq.js';
import type { Engine } from './engine/engine.js';
import type { Server6 } from './server6.js';

export function leasedNames(engine: Engine, server6: Server6): LeasedName[] {
  const names: LeasedName[] = [];
  for (const { vrf, hostName, address, startedMs, state } of engine.leases.all())
    if (state === 'bound' && hostName !== '')
      names.push({ vrf, name: hostName, address: formatIp4(address), startedMs });
  for (const { vrf, hostName, address, startedMs, state, kind } of server6.leases())
    if (state === 'bound' && kind === 'na' && hostName !== '')
      names.push({ vrf, name: hostName, address, startedMs });
  return names;
}
