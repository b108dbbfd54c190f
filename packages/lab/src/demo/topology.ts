// The demo's network: branch-host - branch gateway - router ("the internet") - hq gateway - hq-host.
import type { Lab } from '../lab.js';
import type { Gateway } from '../nodes/gateway.js';
import type { LabNode } from '../nodes/node.js';

/** One end of the tunnel. The networks are from RFC 1918 (inside) and RFC 5737 (the internet). */
export interface Site {
  name: 'branch' | 'hq';
  lan: { network: string; gateway: string; host: string; length: number };
  wan: { address: string; router: string; length: number };
}

export const BRANCH: Site = {
  name: 'branch',
  lan: { network: '10.1.0.0/24', gateway: '10.1.0.1', host: '10.1.0.2', length: 24 },
  wan: { address: '198.51.100.2', router: '198.51.100.1', length: 24 },
};

export const HQ: Site = {
  name: 'hq',
  lan: { network: '10.2.0.0/24', gateway: '10.2.0.1', host: '10.2.0.2', length: 24 },
  wan: { address: '203.0.113.2', router: '203.0.113.1', length: 24 },
};

/** Network devices: of the gateways, whose interfaces are called `lan` and `wan`, and of the hosts. */
export const LAN_DEVICE = 'lan0';
export const WAN_DEVICE = 'wan0';
export const HOST_DEVICE = 'eth0';

export interface Topology {
  branchHost: LabNode;
  branch: Gateway;
  /** Its devices are called as the site that each leads to. */
  router: LabNode;
  hq: Gateway;
  hqHost: LabNode;
}

export async function buildTopology(lab: Lab): Promise<Topology> {
  const [branchHost, branch, router, hq, hqHost] = await Promise.all([
    lab.host('branch-host'),
    lab.gateway('branch'),
    lab.router('router'),
    lab.gateway('hq'),
    lab.host('hq-host'),
  ]);
  await Promise.all([
    connectSite(lab, BRANCH, branchHost, branch, router),
    connectSite(lab, HQ, hqHost, hq, router),
  ]);
  return { branchHost, branch, router, hq, hqHost };
}

async function connectSite(
  lab: Lab,
  { name, lan, wan }: Site,
  host: LabNode,
  gateway: Gateway,
  router: LabNode,
): Promise<void> {
  await Promise.all([
    lab.link(host.port(HOST_DEVICE, `${lan.host}/${lan.length}`), gateway.port(LAN_DEVICE)),
    lab.link(gateway.port(WAN_DEVICE), router.port(name, `${wan.router}/${wan.length}`)),
  ]);
  await host.route('default', lan.gateway);
}

/** The network as it stands, for people. */
export const PICTURE = `\
 branch-host       branch gateway          router           hq gateway        hq-host
┌───────────┐     ┌──────────────┐     ┌────────────┐     ┌────────────┐     ┌──────────┐
│ 10.1.0.2  ├─lan─┤ 198.51.100.2 ├─wan─┤ "internet" ├─wan─┤ 203.0.113.2├─lan─┤ 10.2.0.2 │
└───────────┘     └──────┬───────┘     └────────────┘     └──────┬─────┘     └──────────┘
                         └───────── IPsec tunnel (ESP) ──────────┘`;
