// The twins on Linux: a TAP for each interface and a TUN for each tunnel, with its addresses, MTU, carrier and routes.
// Those of the default VRF are in the namespace that the data plane runs in, those of others in the VRF's own.
//
// Level-triggered: looks at what Linux has and changes the difference. The configuration is the only truth: what
// somebody changed on a twin is put back as soon as Linux tells of it. Twins are persistent, so that they and their
// addresses outlive a crash of the data plane: charon and sshd do not notice.
import { closeFd, NativeError, tapOpen, tapRemove } from '../native/index.js';
import { deviceIndex, setSysctl } from './device.js';
import { ip, ipBatch } from './ip-command.js';
import { convergeRoutes, type LinkJson, linkChanges, readLinks, type TwinSpec } from './linux-side.js';
import type { TwinRoute } from './twin-routes.js';
import { ALIAS, VrfNamespaces } from './vrf-namespaces.js';

export type { TwinSpec } from './linux-side.js';

/** What has a twin's descriptor read and written. */
export interface TwinIo {
  addTwin(twin: { row: number; fd: number; worker: number }): Promise<void>;
  removeTwin(row: number): Promise<void>;
}

interface OpenTwin {
  fd: number;
  spec: TwinSpec;
}

/** Twins that lost() looks at; a call to Linux for each of thousands takes tens of milliseconds. */
const LOOKED_AT = 64;

export class LinuxTwins {
  private readonly open = new Map<string, OpenTwin>();
  /** What each namespace was brought to last, as text; those of VRFs are looked at only when it is another, or dirty. */
  private readonly settled = new Map<string | null, string>();
  private readonly dirty = new Set<string>();
  private nextLookedAt = 0;
  /** Told, in a sentence, of what was put back. */
  onRepair: (text: string) => void = () => undefined;

  constructor(
    private readonly io: TwinIo,
    readonly namespaces = new VrfNamespaces(),
  ) {}

  /**
   * Makes Linux have these twins and routes, and no others of ours, and these namespaces of VRFs with theirs. What one of them
   * keeps from being does not keep the others: rejects at the end, with all that was refused.
   */
  async converge(
    twins: readonly TwinSpec[],
    routes: readonly TwinRoute[],
    namespaces: ReadonlyMap<string, readonly TwinRoute[]> = new Map(),
  ): Promise<void> {
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
    await this.closeOthers(twins);
    for (const left of await this.namespaces.list()) {
      if (!namespaces.has(left)) await attempt(() => this.removeNamespace(left));
    }
    for (const namespace of [null, ...namespaces.keys()]) {
      const here = twins.filter((twin) => twin.namespace === namespace);
      const through = namespace === null ? routes : (namespaces.get(namespace) ?? []);
      const text = JSON.stringify([here, through]);
      const before = this.settled.get(namespace);
      if (namespace !== null && before === text && !this.dirty.has(namespace)) continue;
      if (namespace !== null) this.dirty.delete(namespace);
      this.settled.delete(namespace);
      const count = problems.length;
      const changes = await this.settle(namespace, here, through, attempt);
      if (problems.length === count) this.settled.set(namespace, text);
      // The same was wanted, and was there once.
      if (before === text && changes.length > 0) {
        this.onRepair(`somebody changed twins on Linux, which was put back: ${changes.join('; ')}`);
      }
    }
    if (problems.length > 0) throw new Error(problems.join('; '));
  }

  /** Linux told of a change in a VRF's namespace: it is looked at again by the next converge. */
  touched(namespace: string): void {
    this.dirty.add(namespace);
  }

  /**
   * True when somebody has removed a twin from Linux: what the box itself says and hears is lost until the next converge. Of
   * many twins some are looked at in each call: Linux tells of most changes by itself.
   */
  lost(): boolean {
    const twins = [...this.open.values()];
    for (let i = Math.min(LOOKED_AT, twins.length); i > 0; i--) {
      const { spec } = twins[this.nextLookedAt++ % twins.length]!;
      if (spec.namespace === null && deviceIndex(spec.name) === null) return true;
    }
    return false;
  }

  /** Removes every twin, and the namespaces of VRFs, from Linux. */
  async close(): Promise<void> {
    for (const name of [...this.open.keys()]) await this.remove(name);
    for (const namespace of await this.namespaces.list()) await this.namespaces.remove(namespace);
  }

  /** Lines that were needed: what Linux had was another. */
  private async settle(
    namespace: string | null,
    twins: readonly TwinSpec[],
    routes: readonly TwinRoute[],
    attempt: (step: () => Promise<void>) => Promise<boolean>,
  ): Promise<string[]> {
    let links = new Map<string, LinkJson>();
    const known = await attempt(async () => {
      if (namespace !== null) await this.namespaces.ensure(namespace);
      links = await readLinks(namespace);
      await this.removeLeft(namespace, twins, links);
    });
    if (!known) return [];
    const there: TwinSpec[] = [];
    for (const twin of twins) {
      if (await attempt(() => this.ensure(twin, links))) there.push(twin);
    }
    const lines = there.flatMap((twin) => linkChanges(twin, links.get(twin.name)));
    await attempt(() => ipBatch(lines, namespace));
    await attempt(async () => {
      if (await convergeRoutes(namespace, there, routes)) lines.push('routes');
    });
    return lines;
  }

  /** Closes twins that are not wanted, or not as they are. */
  private async closeOthers(wanted: readonly TwinSpec[]): Promise<void> {
    const byName = new Map(wanted.map((twin) => [twin.name, twin]));
    for (const [name, { spec }] of this.open) {
      const twin = byName.get(name);
      if (twin?.row === spec.row && twin.kind === spec.kind && twin.namespace === spec.namespace) continue;
      await this.remove(name);
      this.settled.delete(spec.namespace);
    }
  }

  /** Removes what a dead process of ours left and nobody wants, and takes note of what somebody deleted. */
  private async removeLeft(
    namespace: string | null,
    twins: readonly TwinSpec[],
    links: Map<string, LinkJson>,
  ): Promise<void> {
    for (const twin of twins) {
      // One that somebody deleted has an open descriptor, which leads nowhere.
      if (this.open.get(twin.name)?.spec.namespace === namespace && !links.has(twin.name))
        await this.remove(twin.name);
    }
    const kinds = new Map(twins.map(({ name, kind }) => [name, kind]));
    for (const [name, link] of links) {
      if (link.ifalias !== ALIAS || name === 'lo') continue;
      if (link.linkinfo?.info_data?.type === kinds.get(name)) continue;
      if (namespace === null) tapRemove(name);
      else await ipBatch([`link del dev ${name}`], namespace);
      links.delete(name);
    }
  }

  private async ensure(twin: TwinSpec, links: Map<string, LinkJson>): Promise<void> {
    if (this.open.has(twin.name)) return;
    const link = links.get(twin.name);
    if (link !== undefined && link.linkinfo?.info_kind !== 'tun') {
      throw new Error(`Linux has another device named ${twin.name}: name the interface otherwise`);
    }
    const fd = tapOpen({
      name: twin.name,
      kind: twin.kind,
      persist: true,
      ...(twin.namespace === null ? {} : { namespace: this.namespaces.pathOf(twin.namespace) }),
    });
    try {
      if (twin.namespace === null) await silence(twin.name);
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
    const { namespace } = twin.spec;
    try {
      if (namespace === null) tapRemove(name);
      else if ((await readLinks(namespace)).has(name)) await ip(['link', 'del', 'dev', name], '', namespace);
    } catch (error) {
      // Somebody else removed it already.
      if (!(error instanceof NativeError && error.code === 'ENODEV')) throw error;
    }
  }

  private async removeNamespace(namespace: string): Promise<void> {
    for (const [name, { spec }] of this.open) if (spec.namespace === namespace) await this.remove(name);
    this.settled.delete(namespace);
    await this.namespaces.remove(namespace);
  }
}

/**
 * The graph speaks IPv6 on the interface: Linux makes no address of its own, takes no advertisement, probes nothing. By
 * ARP it asks from an address of the link, whatever the packet's: only such questions does the graph take answers to.
 * Another address of the same network stays when the first goes.
 */
async function silence(name: string): Promise<void> {
  await setSysctl(`net/ipv4/conf/${name}/arp_announce`, '2');
  await setSysctl(`net/ipv4/conf/${name}/promote_secondaries`, '1');
  const path = `net/ipv6/conf/${name}`;
  await setSysctl(`${path}/addr_gen_mode`, '1');
  await setSysctl(`${path}/accept_ra`, '0');
  await setSysctl(`${path}/router_solicitations`, '0');
  await setSysctl(`${path}/accept_dad`, '0');
  await setSysctl(`${path}/disable_ipv6`, '0');
}
