// A gateway with DHCP, and stations on its LAN, behind a relay and in another VRF.
import { type Gateway, Lab, type LabNode } from '@sluice/lab';
import {
  type ActorClient,
  agentContract,
  connect,
  createLogger,
  type DeviceConfigInput,
  type DhcpLease,
  dataplaneContract,
  dhcpdContract,
  until,
} from '@sluice/shared';
import type { ServerInput } from './world.js';

const LOG = createLogger({ name: 'test', level: 'silent' });

export interface Site {
  lab: Lab;
  gateway: Gateway;
  dhcpd: ActorClient<typeof dhcpdContract>;
  dataplane: ActorClient<typeof dataplaneContract>;
  config: DeviceConfigInput;
  leases(): Promise<DhcpLease[]>;
  counter(name: string): Promise<number>;
  /** Waits until the gateway does what its configuration says. */
  settled(): Promise<unknown>;
  reload(config: DeviceConfigInput): Promise<void>;
  stop(failed: boolean): Promise<void>;
}

export interface SiteOptions {
  name: string;
  /** Joined to the gateway before it starts. */
  build(lab: Lab, gateway: Gateway): Promise<void>;
  config: Omit<DeviceConfigInput, 'schema'>;
}

export async function startSite({ name, build, config: parts }: SiteOptions): Promise<Site> {
  const lab = await Lab.create({ name });
  try {
    const gateway = await lab.gateway('gw');
    await build(lab, gateway);
    const place = { runDir: gateway.runDir, log: LOG };
    const clients = {
      dhcpd: connect(dhcpdContract, place),
      agent: connect(agentContract, place),
      dataplane: connect(dataplaneContract, place),
    };
    const config: DeviceConfigInput = {
      schema: 1,
      hostname: 'gw',
      dataplane: { workers: 1 },
      ...parts,
    };
    const converged = async () => (await clients.agent.request('status', {}, { deadlineMs: 1000 })).converged;
    await gateway.up(config, { converged, deadlineMs: 60_000 });
    return {
      ...{ lab, gateway, config, dhcpd: clients.dhcpd, dataplane: clients.dataplane },
      leases: async () => (await clients.dhcpd.request('show-leases', { all: true })).leases,
      counter: async (wanted) => {
        const { counters } = await clients.dhcpd.request('show-dhcp', {});
        return counters.find((one) => one.name === wanted)?.count ?? Number.NaN;
      },
      settled: () => until('the gateway to converge', converged, { deadlineMs: 30_000 }),
      reload: async (next) => {
        gateway.writeConfig(next);
        await clients.agent.request('reload', {});
        await until('the new configuration to be in force', converged, { deadlineMs: 30_000 });
      },
      stop: async (failed) => {
        await Promise.all(Object.values(clients).map((client) => client.close()));
        lab.keepLogs = failed;
        await lab.stop();
      },
    };
  } catch (error) {
    lab.keepLogs = true;
    await lab.stop();
    throw error;
  }
}

export const SERVER: ServerInput = {
  interface: 'lan',
  pools: [{ range: '10.1.0.100-10.1.0.199' }],
  probe_ms: 100,
  options: {
    dns_servers: ['10.1.0.1', '192.0.2.53'],
    domain_name: 'shop.example',
    domain_search: ['shop.example', 'example'],
    ntp_servers: ['10.1.0.1'],
    classless_routes: [
      { to: '0.0.0.0/0', via: '10.1.0.1' },
      { to: '10.9.0.0/16', via: '10.1.0.254' },
    ],
  },
};

/** The address that a station has on its device; null when none. */
export async function addressOf(node: LabNode, device = 'eth0'): Promise<string | null> {
  const { stdout } = await node.run(['ip', '-j', '-4', 'address', 'show', 'dev', device]);
  const links = JSON.parse(stdout) as { addr_info?: { local?: string }[] }[];
  return (
    links.flatMap(({ addr_info: all = [] }) => all).find(({ local }) => local !== undefined)?.local ?? null
  );
}
