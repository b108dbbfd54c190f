// Leases and networks as they are shown.
import {
  type DhcpLease,
  type DhcpNetworkReport,
  type DhcpState,
  formatIp4Prefix,
  networkOf,
  parseIp4Prefix,
} from '@sluice/shared';
import type { Engine } from './engine/engine.js';
import { isActive, type Lease, leaseReport } from './engine/lease.js';
import type { Network } from './engine/network.js';
import type { Transport } from './io/transport.js';
import type { OtherServers } from './other-servers.js';
import type { Server6 } from './server6.js';

export function leaseOf(engine: Engine, lease: Lease): DhcpLease {
  const network = engine.networks.ofAddress(lease.vrf, lease.address);
  return leaseReport(lease, network?.name ?? null, network?.isReserved(lease.address) ?? false);
}

/** Those of IPv4 by VRF and address, then those of IPv6. */
export function leaseReports(
  engine: Engine,
  server6: Server6,
  { vrf, all, limit = Number.POSITIVE_INFINITY }: { vrf?: string | undefined; all: boolean; limit?: number },
): { leases: DhcpLease[]; total: number } {
  const shown = [...engine.leases.all()].filter(
    (lease) => (vrf === undefined || lease.vrf === vrf) && (all || isActive(lease)),
  );
  shown.sort((a, b) => (a.vrf < b.vrf ? -1 : a.vrf > b.vrf ? 1 : a.address - b.address));
  const six = server6.leaseReports(vrf);
  const leases = shown.slice(0, limit).map((lease) => leaseOf(engine, lease));
  return { leases: [...leases, ...six].slice(0, limit), total: shown.length + six.length };
}

export function networkReports(
  engine: Engine,
  state: DhcpState | null,
  transport: Transport,
  others: OtherServers,
): DhcpNetworkReport[] {
  const counts = countLeases(engine);
  return (state?.networks ?? []).map(({ server, vrf, addresses }) => {
    const name = server.interface ?? server.subnet ?? '';
    const network = engine.networks.all.find((one) => one.name === name && one.vrf === vrf);
    const subnets =
      network?.subnets.map(({ prefix }) => formatIp4Prefix(prefix)) ??
      (server.subnet === undefined ? addresses.map(asNetwork) : [server.subnet]);
    const { bound = 0, declined = 0 } = (network && counts.get(network)) ?? {};
    return {
      network: name,
      vrf,
      subnets,
      state: !server.enabled ? 'disabled' : transport.isUp(server.interface ?? null, vrf) ? 'up' : 'down',
      addresses: network?.capacity ?? 0,
      bound,
      declined,
      other_servers: others.on(name, Date.now()),
    };
  });
}

function asNetwork(text: string): string {
  const prefix = parseIp4Prefix(text)!;
  return formatIp4Prefix({ address: networkOf(prefix), length: prefix.length });
}

function countLeases(engine: Engine): Map<Network, { bound: number; declined: number }> {
  const counts = new Map<Network, { bound: number; declined: number }>();
  for (const { vrf, address, state } of engine.leases.all()) {
    if (state !== 'bound' && state !== 'declined') continue;
    const network = engine.networks.ofAddress(vrf, address);
    if (network === null) continue;
    const count = counts.get(network) ?? { bound: 0, declined: 0 };
    count[state]++;
    counts.set(network, count);
  }
  return counts;
}
