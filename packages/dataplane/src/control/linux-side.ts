// What one network namespace of Linux has of the twins: links, addresses and routes, and how to change the difference.
import { formatIp6Prefix, parseIp6Prefix } from '@sluice/shared';
import { ip, ipBatch } from './ip-command.js';
import { by, fromJson, isIp6Prefix, type RouteJson, routeText, type TwinRoute } from './twin-routes.js';
import { ALIAS } from './vrf-namespaces.js';

export interface TwinSpec {
  name: string;
  row: number;
  kind: 'tap' | 'tun';
  /** Null for a tunnel. */
  mac: string | null;
  mtu: number;
  /** Administratively up. */
  up: boolean;
  /** Its link carries packets: the twin shows the same by its carrier. */
  running: boolean;
  /** Of both families, with prefix lengths. */
  addresses: string[];
  /** The worker that takes what Linux sends to it. */
  worker: number;
  /** Null for the namespace that the data plane runs in. */
  namespace: string | null;
}

export interface LinkJson {
  ifname: string;
  ifalias?: string;
  mtu: number;
  address?: string;
  flags: string[];
  linkinfo?: { info_kind?: string; info_data?: { type?: string } };
  addr_info?: { family: string; local: string; prefixlen: number }[];
}

/** Marks routes as ours: a number of our own in rtnetlink's rtm_protocol. */
const ROUTE_PROTOCOL = '171';

export async function readLinks(namespace: string | null): Promise<Map<string, LinkJson>> {
  const text = await ip(['-details', '-json', 'address', 'show'], '', namespace);
  return new Map((JSON.parse(text || '[]') as LinkJson[]).map((link) => [link.ifname, link]));
}

/** Lines of a batch that bring a link from what it is to what the twin should be. */
export function linkChanges(twin: TwinSpec, link: LinkJson | undefined): string[] {
  const lines: string[] = [];
  if (link?.ifalias !== ALIAS) lines.push(`link set dev ${twin.name} alias ${ALIAS}`);
  if (twin.mac !== null && link?.address !== twin.mac)
    lines.push(`link set dev ${twin.name} address ${twin.mac}`);
  if (link?.mtu !== twin.mtu) lines.push(`link set dev ${twin.name} mtu ${twin.mtu}`);
  const isUp = link?.flags.includes('UP') ?? false;
  // One that goes down loses its IPv6 addresses, so it is brought up before it gets them.
  if (twin.up !== isUp) lines.push(`link set dev ${twin.name} ${twin.up ? 'up' : 'down'}`);
  const isRunning = !isUp || !(link?.flags.includes('NO-CARRIER') ?? false);
  if (twin.up && twin.running !== isRunning)
    lines.push(`link set dev ${twin.name} carrier ${twin.running ? 'on' : 'off'}`);
  const have = (link?.addr_info ?? []).map((address) => `${address.local}/${address.prefixlen}`);
  const wanted = twin.addresses.map(canonical);
  for (const address of wanted) {
    if (have.includes(address) && (twin.up || !address.includes(':'))) continue;
    // The graph has seen to it already that nobody else has the address.
    if (!address.includes(':')) lines.push(`address add ${address} dev ${twin.name}`);
    else if (twin.up) lines.push(`address add ${address} dev ${twin.name} nodad`);
  }
  // Last: with the last address of the device its routes would go too, and a daemon that looks for a way in that moment finds
  // none. (Those of the same network stay when the first goes: promote_secondaries.)
  for (const address of have) {
    if (!wanted.includes(address)) lines.push(`address del ${address} dev ${twin.name}`);
  }
  return lines;
}

/** Makes a namespace have these routes of ours through twins that are up, and no others. True when it changed any. */
export async function convergeRoutes(
  namespace: string | null,
  twins: readonly TwinSpec[],
  routes: readonly TwinRoute[],
): Promise<boolean> {
  const up = twins.filter((twin) => twin.up);
  const names = new Set(up.map((twin) => twin.name));
  // Linux takes no IPv6 route by an interface that has no IPv6.
  const names6 = new Set(up.filter((twin) => twin.addresses.some(isIp6Prefix)).map((twin) => twin.name));
  const usable = routes.map((route) => by(route, names, names6)).filter((route) => route !== null);
  let changed = false;
  for (const family of ['-4', '-6']) {
    const isIp6 = family === '-6';
    const wanted = new Set(usable.filter(({ prefix }) => isIp6Prefix(prefix) === isIp6).map(routeText));
    const text = await ip([family, '-json', 'route', 'show', 'proto', ROUTE_PROTOCOL], '', namespace);
    const have = (JSON.parse(text || '[]') as RouteJson[]).map((route) => routeText(fromJson(route, isIp6)));
    const present = new Set(have);
    const lines = have
      .filter((route) => !wanted.has(route))
      .map((route) => `route del proto ${ROUTE_PROTOCOL} ${route}`);
    for (const route of wanted) {
      if (!present.has(route)) lines.push(`route replace proto ${ROUTE_PROTOCOL} ${route}`);
    }
    if (lines.length > 0) changed = true;
    await ipBatch(lines, namespace, [family]);
  }
  return changed;
}

/** An address or prefix as the kernel's tools write it; what has no length stays as it is. */
function canonical(text: string): string {
  const prefix = parseIp6Prefix(text);
  return prefix === null ? text : formatIp6Prefix(prefix);
}
