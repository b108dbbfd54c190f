// Ways through a tunnel, from the branch's host to that of the headquarters.
import type { LabNode } from '@sluice/lab';
import { HOST_DEVICE, LAN_DEVICE, type Sites } from './sites.js';
import { macOf } from './topology.js';
import { XdpProgram } from './traffic.js';
import { closeAll, Way } from './way.js';

/** The sites are the way's from then on. */
export async function tunnelWay(name: string, sites: Sites<LabNode>, latencies = 0): Promise<Way> {
  const { lab, branch, hq } = sites;
  const parts: { close(): Promise<void> }[] = [{ close: async () => void (await lab.stop()) }];
  try {
    const sink = await XdpProgram.attach(hq.host, HOST_DEVICE, '--latencies', String(latencies));
    parts.push(sink);
    // What is not a gateway of ours takes the generator's XDP frames only with GRO.
    if (!branch.gateway.rawPorts) {
      await branch.gateway.run(['ethtool', '-K', LAN_DEVICE, 'gro', 'on']);
    }
    const ends = {
      ...{ generator: branch.host, fromDevice: HOST_DEVICE, toMac: await macOf(branch.gateway, LAN_DEVICE) },
      ...{ from: branch.plan.host, to: hq.plan.host, sink },
    };
    return new Way(name, ends, parts);
  } catch (error) {
    await closeAll(parts);
    throw error;
  }
}
