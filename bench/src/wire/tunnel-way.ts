// Ways through a tunnel, from the branch's host to that of the headquarters.
import type { LabNode } from '@sluice/lab';
import { HOST_DEVICE, LAN_DEVICE, type Sites } from './sites.js';
import { macOf } from './topology.js';
import { XdpProgram } from './traffic.js';
import { Way } from './way.js';

/** The sites are whose who made them; closing the way takes only its own parts away. */
export async function tunnelWay(name: string, sites: Sites<LabNode>, latencies = 0): Promise<Way> {
  const { branch, hq } = sites;
  // What is not a gateway of ours takes the generator's XDP frames only with GRO.
  if (!branch.gateway.rawPorts) await branch.gateway.run(['ethtool', '-K', LAN_DEVICE, 'gro', 'on']);
  const toMac = await macOf(branch.gateway, LAN_DEVICE);
  const sink = await XdpProgram.attach(hq.host, HOST_DEVICE, '--latencies', String(latencies));
  const ends = {
    ...{ generator: branch.host, fromDevice: HOST_DEVICE, toMac },
    ...{ from: branch.plan.host, to: hq.plan.host, sink },
  };
  return new Way(name, ends, [sink]);
}
