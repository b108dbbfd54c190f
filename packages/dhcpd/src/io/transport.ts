// All sockets: the links and VRFs that the configuration names, opened when their twins are there, and again after those
// have been made anew.
import { DEFAULT_VRF, type DhcpState, namespacePath, vrfNamespaceName } from '@sluice/shared';
import type { Answer } from '../engine/answer.js';
import { buildArpRequest } from '../wire/arp.js';
import { PORT_CLIENT, PORT_SERVER } from '../wire/codes.js';
import { buildFrame } from '../wire/frame.js';
import { Link, type OnFrame } from './link.js';
import { buildEcho } from './prober.js';
import { type VrfEvents, VrfSockets } from './vrf.js';

export class Transport {
  readonly #links = new Map<string, Link>();
  readonly #vrfs = new Map<string, VrfSockets>();
  #echoes = 0;

  constructor(private readonly events: VrfEvents & { onFrame: OnFrame }) {}

  /** Opens what the configuration asks for, and closes the rest. */
  async configure({ networks }: DhcpState): Promise<void> {
    const enabled = networks.filter(({ server }) => server.enabled);
    const vrfs = new Set(enabled.map(({ vrf }) => vrf));
    const links = new Map(
      enabled.flatMap(({ server, vrf }) =>
        server.interface === undefined ? [] : [[server.interface, vrf] as const],
      ),
    );
    for (const [name, link] of this.#links) {
      if (links.get(name) === link.vrf) continue;
      link.close();
      this.#links.delete(name);
    }
    for (const [name, sockets] of this.#vrfs) {
      if (vrfs.has(name)) continue;
      sockets.close();
      this.#vrfs.delete(name);
    }
    for (const name of vrfs) {
      const namespace = await pathOf(name);
      if (!this.#vrfs.has(name)) this.#vrfs.set(name, new VrfSockets(name, namespace, this.events));
    }
    for (const [name, vrf] of links) {
      const namespace = await pathOf(vrf);
      if (!this.#links.has(name)) this.#links.set(name, new Link(name, vrf, namespace, this.events.onFrame));
    }
  }

  /** Looks whether all is there; cheap enough for every second. */
  check(): void {
    for (const sockets of this.#vrfs.values()) sockets.check();
    for (const link of this.#links.values()) link.check();
  }

  get problems(): string[] {
    return [...this.#vrfs.values(), ...this.#links.values()]
      .map(({ problem }) => problem)
      .filter((problem) => problem !== null);
  }

  isUp(name: string | null, vrf: string): boolean {
    const up = name === null ? this.#vrfs.get(vrf) : this.#links.get(name);
    return up !== undefined && up.problem === null;
  }

  /** False when Linux did not take it. */
  send({ to, source }: Answer, payload: Uint8Array, vrf: string, name: string | null): boolean {
    if (to.kind !== 'link') {
      const port = to.kind === 'relay' ? PORT_SERVER : PORT_CLIENT;
      return this.#vrfs.get(vrf)?.sendDatagram(payload, source, to.address, port) ?? false;
    }
    const link = name === null ? undefined : this.#links.get(name);
    if (link === undefined) return false;
    const frame = buildFrame(
      {
        sourceMac: link.mac,
        destinationMac: to.mac,
        source,
        destination: to.address,
        sourcePort: PORT_SERVER,
        destinationPort: PORT_CLIENT,
      },
      payload,
    );
    return link.send(frame);
  }

  askByArp(name: string, source: number, address: number): void {
    const link = this.#links.get(name);
    link?.send(buildArpRequest(link.mac, source, address));
  }

  askByEcho(vrf: string, source: number, address: number): void {
    this.#echoes++;
    this.#vrfs.get(vrf)?.sendEcho(buildEcho(this.#echoes), source, address);
  }

  close(): void {
    for (const link of this.#links.values()) link.close();
    for (const sockets of this.#vrfs.values()) sockets.close();
  }
}

async function pathOf(vrf: string): Promise<string> {
  return vrf === DEFAULT_VRF ? '' : namespacePath(await vrfNamespaceName(vrf));
}
