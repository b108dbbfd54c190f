// The twins on Linux: a TAP for each port and a TUN for each tunnel, with its addresses, MTU and routes.
//
// Level-triggered: looks at what Linux has and changes the difference. Twins are persistent, so that they
// and their addresses outlive a crash of the data plane: charon and sshd do not notice.
import { closeFd, NativeError, tapOpen, tapRemove } from '../native/index.js';
import { deviceIndex, setSysctl } from './device.js';
import { ip, ipBatch } from './ip-command.js';
import { by, fromJson, isIp6Prefix, type RouteJson, routeText, type TwinRoute } from './twin-routes.js';

export interface TwinSpec {
  name: string;
  row: number;
  kind: 'tap' | 'tun';
  /** Null for a tunnel. */
  mac: string | null;
  mtu: number;
  up: boolean;
  addresses: string[];
  /** The worker that takes what Linux sends to it. */
  worker: number;
}

/** What has a twin's descriptor read and written. */
export interface TwinIo {
  addTwin(twin: { row: number; fd: number; worker: number }): Promise<void>;
  removeTwin(row: number): Promise<void>;
}

/** Marks links and routes as ours: the alias of a twin, and a number of our own in rtnetlink's rtm_protocol. */
const ALIAS = 'sluice';
const ROUTE_PROTOCOL = '171';

interface LinkJson {
  ifname: string;
  ifalias?: string;
  mtu: number;
  address?: string;
  flags: string[];
  linkinfo?: { info_kind?: string; info_data?: { type?: string } };
  addr_info?: { family: string; local: string; prefixlen: number; scope?: string }[];
}

export class LinuxTwins {
  private readonly open = new Map<string, { fd: number; spec: TwinSpec }>();

  constructor(private readonly io: TwinIo) {}

  /**
   * Makes Linux have these twins and routes, and no others of ours. What one of them keeps from being does not
   * keep the others: rejects at the end, with all that was refused.
   */
  async converge(twins: readonly TwinSpec[], routes: readonly TwinRoute[]): Promise<void> {
    const problems: string[] = [];
    const attempt = async (step: () => Promise<void>): Promise<boolean> => {
      try {
        await step();
        return true;
      } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error));
        return false;
      }
    };
    const links = await this.links();
    await this.removeOthers(new Map(twins.map((twin) => [twin.name, twin])), links);
    const there: TwinSpec[] = [];
    for (const twin of twins) {
      if (await attempt(() => this.ensure(twin, links.get(twin.name)))) there.push(twin);
    }
    await attempt(() => ipBatch(there.flatMap((twin) => linkChanges(twin, links.get(twin.name)))));
    await attempt(() => this.convergeRoutes(there, routes));
    if (problems.length > 0) throw new Error(problems.join('; '));
  }

  /** True when somebody has removed a twin from Linux: what the box itself says and hears is lost until the next converge. */
  lost(): boolean {
    return [...this.open.keys()].some((name) => deviceIndex(name) === null);
  }

  /** Removes every twin from Linux. */
  async close(): Promise<void> {
    for (const name of [...this.open.keys()]) await this.remove(name);
  }

  private async links(): Promise<Map<string, LinkJson>> {
    const links = JSON.parse((await ip(['-details', '-json', 'address', 'show'])) || '[]') as LinkJson[];
    return new Map(links.map((link) => [link.ifname, link]));
  }

  /** Removes twins that are not wanted, or not as they are: ours, and those that a dead process of ours left. */
  private async removeOthers(wanted: Map<string, TwinSpec>, links: Map<string, LinkJson>): Promise<void> {
    for (const [name, { spec }] of this.open) {
      const twin = wanted.get(name);
      // A twin that somebody deleted has an open descriptor, which leads nowhere.
      if (twin?.row === spec.row && twin.kind === spec.kind && links.has(name)) continue;
      await this.remove(name);
      links.delete(name);
    }
    for (const [name, link] of links) {
      if (link.ifalias !== ALIAS || link.linkinfo?.info_data?.type === wanted.get(name)?.kind) continue;
      tapRemove(name);
      links.delete(name);
    }
  }

  private async ensure(twin: TwinSpec, link: LinkJson | undefined): Promise<void> {
    if (this.open.has(twin.name)) return;
    if (link !== undefined && link.linkinfo?.info_kind !== 'tun') {
      throw new Error(`Linux has another device named ${twin.name}: name the interface otherwise`);
    }
    const fd = tapOpen({ name: twin.name, kind: twin.kind, persist: true });
    try {
      // The gateway speaks IPv4 on this interface; without this Linux would announce itself by IPv6.
      await setSysctl(`net/ipv6/conf/${twin.name}/disable_ipv6`, '1');
      await this.io.addTwin({ row: twin.row, fd, worker: twin.worker });
    } catch (error) {
      // The next attempt opens it again: a twin that nobody reads would look like one that works.
      closeFd(fd);
      throw error;
    }
    this.open.set(twin.name, { fd, spec: twin });
  }

  private async remove(name: string): Promise<void> {
    const twin = this.open.get(name);
    if (twin === undefined) return;
    this.open.delete(name);
    await this.io.removeTwin(twin.spec.row);
    closeFd(twin.fd);
    try {
      tapRemove(name);
    } catch (error) {
      // Somebody else removed it already.
      if (!(error instanceof NativeError && error.code === 'ENODEV')) throw error;
    }
  }

  private async convergeRoutes(twins: readonly TwinSpec[], routes: readonly TwinRoute[]): Promise<void> {
    const up = twins.filter((twin) => twin.up);
    const names = new Set(up.map((twin) => twin.name));
    // Linux takes no IPv6 route by an interface that has no IPv6.
    const names6 = new Set(up.filter((twin) => twin.addresses.some(isIp6Prefix)).map((twin) => twin.name));
    const wanted = new Set(
      routes
        .map((route) => by(route, names, names6))
        .filter((route) => route !== null)
        .map(routeText),
    );
    const have: string[] = [];
    for (const family of ['-4', '-6']) {
      const text = await ip([family, '-json', 'route', 'show', 'proto', ROUTE_PROTOCOL]);
      const shown = JSON.parse(text || '[]') as RouteJson[];
      have.push(...shown.map((route) => routeText(fromJson(route, family === '-6'))));
    }
    const lines = have
      .filter((route) => !wanted.has(route))
      .map((route) => `route del proto ${ROUTE_PROTOCOL} ${route}`);
    for (const route of wanted) {
      if (!have.includes(route)) lines.push(`route replace proto ${ROUTE_PROTOCOL} ${route}`);
    }
    await ipBatch(lines);
  }
}

/** Lines of a batch that bring a link from what it is to what the twin should be. */
function linkChanges(twin: TwinSpec, link: LinkJson | undefined): string[] {
  const lines: string[] = [];
  if (link?.ifalias !== ALIAS) lines.push(`link set dev ${twin.name} alias ${ALIAS}`);
  if (twin.mac !== null && link?.address !== twin.mac)
    lines.push(`link set dev ${twin.name} address ${twin.mac}`);
  if (link?.mtu !== twin.mtu) lines.push(`link set dev ${twin.name} mtu ${twin.mtu}`);
  const isUp = link?.flags.includes('UP') ?? false;
  const have = (link?.addr_info ?? [])
    .filter((address) => address.family === 'inet')
    .map((address) => `${address.local}/${address.prefixlen}`);
  for (const address of have) {
    if (!twin.addresses.includes(address)) lines.push(`address del ${address} dev ${twin.name}`);
  }
  for (const address of twin.addresses) {
    if (!have.includes(address)) lines.push(`address add ${address} dev ${twin.name}`);
  }
  if (twin.up !== isUp) lines.push(`link set dev ${twin.name} ${twin.up ? 'up' : 'down'}`);
  return lines;
}
