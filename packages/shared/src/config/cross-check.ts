// What one section of a configuration says of another: names that must exist, must differ, must fit together.
import type { z } from 'zod';
import { canonicalIp } from '../net/ip.js';
import { checkAddresses } from './check-addresses.js';
import { checkDhcp, checkDhcpClients } from './check-dhcp.js';
import { checkDhcp6 } from './check-dhcp6.js';
import { checkDhcp6Clients } from './check-dhcp6-clients.js';
import { checkDns } from './check-dns.js';
import { checkIpfix } from './check-ipfix.js';
import { checkLayer2 } from './check-layer2.js';
import { checkManagement } from './check-management.js';
import { checkRouterAdvertisements } from './check-router-advertisements.js';
import { canonicalPrefix, checkRoutes } from './check-routes.js';
import type { DhcpSection } from './dhcp.js';
import type { Dhcp6Section } from './dhcp6.js';
import type { DnsSection } from './dns.js';
import type { ConnectionSection } from './ike.js';
import { ANY_ADDRESS } from './ike-auth.js';
import { type InterfaceSections, interfaceList, type ListedInterface } from './interface-list.js';
import type { IpfixSection } from './ipfix.js';
import type { ManagementSection } from './management.js';
import type { NodeSection } from './node.js';
import type { RouteSection } from './route.js';
import type { RouterAdvertisementSection } from './router-advertisement.js';
import { tunnelIfId } from './tunnel.js';
import type { VrfSection } from './vrf.js';
import { DEFAULT_VRF } from './vrf.js';

interface Sections extends InterfaceSections {
  vrfs: VrfSection[];
  routes: RouteSection[];
  nodes: NodeSection[];
  ike: { connections: ConnectionSection[] };
  dhcp: DhcpSection;
  dhcp6: Dhcp6Section;
  dns: DnsSection;
  ipfix: IpfixSection;
  router_advertisements: RouterAdvertisementSection[];
  management: ManagementSection;
}

type Path = (string | number)[];
type Report = (path: Path, message: string) => void;

export function crossCheck(config: Sections, context: z.core.$RefinementCtx): void {
  const report: Report = (path, message) => context.addIssue({ code: 'custom', path, message });
  checkNames(config, report);
  checkVrfs(config, report);
  checkAddresses(
    interfaceList(config).map((entry) => ({ entry, path: [entry.section, entry.index] })),
    (values, what) => unique(values, what, report),
    report,
  );
  unique(
    config.routes.map((route, i) => ({
      value: `${canonicalPrefix(route.prefix)} in VRF ${route.vrf}`,
      path: ['routes', i, 'prefix'],
    })),
    'the prefix',
    report,
  );
  checkRoutes(config.routes, interfaceList(config), vrfNames(config), report);
  checkLayer2(config, report);
  checkTunnels(config, report);
  checkConnections(config, report);
  checkNodes(config, report);
  checkDhcp(config, vrfNames(config), report);
  checkDhcp6(config, vrfNames(config), report);
  checkDns(config, report);
  checkIpfix(config, vrfNames(config), report);
  checkRouterAdvertisements(config, report);
  checkDhcpClients(config, report);
  checkDhcp6Clients(config, report);
  checkManagement(config, report);
}

function unique(values: { value: string; path: Path }[], what: string, report: Report): void {
  const seen = new Map<string, Path>();
  for (const { value, path } of values) {
    const first = seen.get(value);
    if (first) report(path, `"${value}" is already ${what} of ${ownerOf(first)}: choose another`);
    else seen.set(value, path);
  }
}

/** The section that has a value: `interfaces.1` of `interfaces.1.addresses.0`. */
function ownerOf(path: Path): string {
  const key = path.findLastIndex((part) => typeof part === 'string');
  return path.slice(0, key).join('.');
}

function pathOf({ section, index }: ListedInterface, key: string): Path {
  return [section, index, key];
}

function checkNames(config: Sections, report: Report): void {
  const names = interfaceList(config).map((entry) => ({ value: entry.name, path: pathOf(entry, 'name') }));
  const devices = config.interfaces.map((entry, i) => ({
    value: entry.device,
    path: ['interfaces', i, 'device'] as Path,
  }));
  unique(names, 'the name', report);
  unique(devices, 'the device', report);
  const named = new Set(names.map((entry) => entry.value));
  for (const { value, path } of devices) {
    if (named.has(value))
      report(
        path,
        `"${value}" is also an interface's name, and so its TAP twin's: name the interface otherwise`,
      );
  }
  unique(
    config.vrfs.map((vrf, i) => ({ value: vrf.name, path: ['vrfs', i, 'name'] })),
    'the name',
    report,
  );
  unique(
    config.ike.connections.map((entry, i) => ({
      value: entry.name,
      path: ['ike', 'connections', i, 'name'],
    })),
    'the name',
    report,
  );
}

function vrfNames(config: Sections): Set<string> {
  return new Set([DEFAULT_VRF, ...config.vrfs.map((vrf) => vrf.name)]);
}

function checkVrfs(config: Sections, report: Report): void {
  const vrfs = vrfNames(config);
  const check = (value: string, path: Path): void => {
    if (!vrfs.has(value))
      report(path, `there is no VRF "${value}": add it under vrfs, or use one of ${[...vrfs].join(', ')}`);
  };
  for (const entry of interfaceList(config)) check(entry.vrf, pathOf(entry, 'vrf'));
  config.routes.forEach((entry, i) => {
    check(entry.vrf, ['routes', i, 'vrf']);
  });
  config.tunnels.forEach((entry, i) => {
    check(entry.outer_vrf, ['tunnels', i, 'outer_vrf']);
  });
  for (const key of ['metrics', 'snmp', 'ssh'] as const) {
    const section = config.management[key];
    if (section !== undefined) check(section.vrf, ['management', key, 'vrf']);
  }
  config.management.syslog?.servers.forEach((entry, i) => {
    check(entry.vrf, ['management', 'syslog', 'servers', i, 'vrf']);
  });
}

function checkTunnels(config: Sections, report: Report): void {
  unique(
    config.tunnels.map((tunnel, i) => ({ value: String(tunnelIfId(tunnel)), path: ['tunnels', i, 'if_id'] })),
    'the if_id',
    report,
  );
  unique(
    config.tunnels.flatMap((tunnel, i) => {
      if (tunnel.local === undefined || tunnel.remote === undefined) return [];
      const ends = `${canonicalIp(tunnel.local)} to ${canonicalIp(tunnel.remote)}`;
      const key = tunnel.key === undefined ? '' : ` with key ${tunnel.key}`;
      return [
        {
          value: `${tunnel.kind} from ${ends}${key} in VRF ${tunnel.outer_vrf}`,
          path: ['tunnels', i, 'remote'],
        },
      ];
    }),
    'the tunnel',
    report,
  );
}

function checkConnections(config: Sections, report: Report): void {
  const tunnels = new Set(config.tunnels.map((tunnel) => tunnel.name));
  const local = new Set(
    interfaceList(config).flatMap((entry) =>
      entry.addresses.map((text) => canonicalIp(text.split('/')[0] ?? '')),
    ),
  );
  config.ike.connections.forEach((connection, i) => {
    const { address } = connection.local;
    if (address !== ANY_ADDRESS && !local.has(canonicalIp(address))) {
      report(
        ['ike', 'connections', i, 'local', 'address'],
        `${address} is not an address of this device: use one of ${[...local].join(', ') || 'its interfaces, which have none'}`,
      );
    }
    unique(
      connection.children.map((child, j) => ({
        value: child.name,
        path: ['ike', 'connections', i, 'children', j, 'name'],
      })),
      'the name',
      report,
    );
    connection.children.forEach((child, j) => {
      if (!tunnels.has(child.tunnel)) {
        report(
          ['ike', 'connections', i, 'children', j, 'tunnel'],
          `there is no tunnel "${child.tunnel}": add it under tunnels`,
        );
      }
      const kind = config.tunnels.find((tunnel) => tunnel.name === child.tunnel)?.kind ?? 'ipsec';
      if (tunnels.has(child.tunnel) && child.mode !== (kind === 'ipsec' ? 'tunnel' : 'transport')) {
        report(
          ['ike', 'connections', i, 'children', j, 'mode'],
          kind === 'ipsec'
            ? `must be tunnel, or "${child.tunnel}" of kind gre or ipip: what has no header of its own needs tunnel mode`
            : `must be transport: "${child.tunnel}" is of kind ${kind}, which has a header of its own`,
        );
      }
    });
  });
}

function checkNodes(config: Sections, report: Report): void {
  const interfaces = interfaceList(config).map((entry) => entry.name);
  unique(
    config.nodes.map((node, i) => ({ value: node.file, path: ['nodes', i, 'file'] })),
    'the file',
    report,
  );
  config.nodes.forEach((node, i) => {
    node.interfaces.forEach((name, j) => {
      if (interfaces.includes(name)) return;
      report(
        ['nodes', i, 'interfaces', j],
        `there is no interface or tunnel "${name}": use one of ${interfaces.join(', ') || 'those that you add'}`,
      );
    });
  });
}
