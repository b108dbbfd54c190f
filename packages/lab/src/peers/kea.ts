// Debian's kea as the DHCP server of a provider: what tests need of it is one file for one start.
import { until } from '@sluice/shared';
import type { LabNode } from '../nodes/node.js';
import type { NodeProcess } from '../nodes/node-process.js';

/** The same at each start, as one that keeps its file has it. */
const SERVER_ID = { type: 'EN', 'enterprise-id': 2495, identifier: '0102030405', persist: false };

export interface KeaOptions {
  family: 4 | 6;
  /** The node's devices on which it answers. */
  devices: readonly string[];
  /** Of its process and files: one for each start on a node. */
  name: string;
  /** What Dhcp4 or Dhcp6 has beside devices, lease database and log: subnets, lifetimes, options. */
  config: Readonly<Record<string, unknown>>;
}

/** Starts kea-dhcp4 or kea-dhcp6, which forgets its leases when it ends. Errors: LabError when it does not answer. */
export async function startKea(
  node: LabNode,
  { family, devices, name, config }: KeaOptions,
): Promise<NodeProcess> {
  const section = {
    'interfaces-config': { interfaces: devices },
    'lease-database': { type: 'memfile', persist: false },
    loggers: [{ name: `kea-dhcp${family}`, severity: 'INFO', output_options: [{ output: 'stdout' }] }],
    ...(family === 6 ? { 'server-id': SERVER_ID } : {}),
    ...config,
  };
  const file = node.writeFile(`${name}.json`, JSON.stringify({ [`Dhcp${family}`]: section }));
  await node.run(['mkdir', '-p', '/run/kea', '/run/lock/kea', '/var/lib/kea']);
  // It leaves out what is not running, or has no address, when it starts.
  await until('the links of kea to be up', async () => {
    const up = await Promise.all(devices.map((device) => isReady(node, device, family)));
    return up.every((one) => one);
  });
  return node.start([`kea-dhcp${family}`, '-c', file], {
    name,
    ready: { log: new RegExp(`DHCP${family}_STARTED`) },
  });
}

async function isReady(node: LabNode, device: string, family: 4 | 6): Promise<boolean> {
  const { stdout: link } = await node.run(['ip', '-br', 'link', 'show', 'up', 'dev', device]);
  if (!/ UP /.test(link)) return false;
  if (family === 4) return true;
  const { stdout } = await node.run(['ip', '-6', 'address', 'show', 'dev', device, 'scope', 'link']);
  return /fe80::/.test(stdout) && !stdout.includes('tentative');
}
