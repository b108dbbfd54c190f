// What Linux is to have of the data plane's interfaces and routes: twins in the namespaces of their VRFs.
import { DEFAULT_VRF, messageOf } from '@sluice/shared';
import type { Parts } from './convergence.js';
import type { TwinSpec } from './linux-twins.js';
import { mirror, type TwinRoute } from './twin-routes.js';
import type { Vrfs } from './vrfs.js';

export class TwinConvergence {
  constructor(
    private readonly parts: Pick<Parts, 'interfaces' | 'twins' | 'monitor' | 'layer2' | 'statics' | 'links'>,
    private readonly vrfs: Vrfs,
  ) {}

  /** Namespaces of the VRFs that have interfaces, by VRF; the default one's is where Linux's processes run. */
  private async namespaces(): Promise<Map<string, string | null>> {
    const namespaces = new Map<string, string | null>([[DEFAULT_VRF, null]]);
    for (const { vrfName } of this.parts.interfaces.list()) {
      if (!namespaces.has(vrfName))
        namespaces.set(vrfName, await this.parts.twins.namespaces.nameOf(vrfName));
    }
    return namespaces;
  }

  async converge(): Promise<void> {
    const namespaces = await this.namespaces();
    const others = new Map<string, TwinRoute[]>();
    for (const [vrf, namespace] of namespaces) {
      if (namespace !== null) others.set(namespace, this.twinRoutes(this.vrfs.id(vrf)));
    }
    const own = this.twinRoutes(this.vrfs.id(DEFAULT_VRF));
    const { twins, monitor } = this.parts;
    const problems: string[] = [];
    for (const step of [
      () => twins.converge(this.twinSpecs(namespaces), own, others),
      () => monitor.follow([...others.keys()]),
    ]) {
      await step().catch((error: unknown) => problems.push(messageOf(error)));
    }
    if (problems.length > 0) throw new Error(problems.join('; '));
  }

  private twinSpecs(namespaces: ReadonlyMap<string, string | null>): TwinSpec[] {
    // What comes in by a bridge's member is the bridge's.
    const entries = this.parts.interfaces.list().filter((entry) => !this.parts.layer2.isMember(entry));
    return entries.map((entry) => ({
      name: entry.name,
      row: entry.row,
      kind: entry.mac === null ? 'tun' : 'tap',
      mac: entry.mac,
      mtu: entry.mtu,
      up: entry.enabled,
      running: entry.running,
      addresses: this.parts.interfaces.addressTexts(entry),
      worker: entry.worker,
      namespace: namespaces.get(entry.vrfName) ?? null,
    }));
  }

  /** The routes that Linux has for what runs in a VRF's namespace. */
  private twinRoutes(vrf: number): TwinRoute[] {
    const { statics, interfaces } = this.parts;
    const configured = mirror(statics.mirrored(vrf), (row) => interfaces.ofRow(row)?.name);
    if (configured.some(({ prefix }) => prefix === '::/0')) return configured;
    return [...configured, ...this.parts.links().advertised.mirrored(vrf)];
  }
}
