// The ports of the configuration: Linux's devices, taken for as long as a section names them, and their queues.
import { type DataplaneState, formatIp6Prefix, type InterfaceSection } from '@sluice/shared';
import type { PortSpec } from '../drivers/port.js';
import { VLAN_TAG_BYTES } from '../wire/vlan.js';
import type { Parts } from './convergence.js';
import { captureDevice, deviceIndex, releaseDevice } from './device.js';
import type { Interface } from './interface.js';
import { setMssClamp } from './mss-clamp.js';
import type { Vrfs } from './vrfs.js';

type PortParts = Pick<Parts, 'workers' | 'interfaces' | 'links' | 'features' | 'table'>;

/** Brings an interface's addresses, MTU and state to what they should be. */
type Update = (entry: Interface, addresses: readonly string[], mtu: number, enabled: boolean) => void;

export class PortConvergence {
  /** What each port was opened with: its section, and the index and MTU of its device. */
  private readonly ports = new Map<string, { section: InterfaceSection; index: number; mtu: number }>();
  /** Devices that Linux is to have back, those too whose port could not be opened. */
  private readonly captured = new Set<string>();

  constructor(
    private readonly parts: PortParts,
    private readonly vrfs: Vrfs,
    private readonly update: Update,
  ) {}

  /** False for one that is gone from the state, or that must be made anew to become what it should be. */
  isWanted(entry: Interface, state: DataplaneState): boolean {
    const port = this.ports.get(entry.name);
    return state.interfaces.some(
      (section) =>
        section.name === entry.name &&
        section.device === entry.device &&
        section.driver === port?.section.driver &&
        section.vrf === entry.vrfName &&
        deviceIndex(section.device) === port.index,
    );
  }

  /** A device that went, or came back as another, makes its port worthless without anything else saying so. */
  lost(): boolean {
    return [...this.ports.values()].some(({ section, index }) => deviceIndex(section.device) !== index);
  }

  /** Opens a port, or brings it to what its section says. */
  async ensure(section: InterfaceSection, state: DataplaneState): Promise<void> {
    const { interfaces } = this.parts;
    const entry = interfaces.get(section.name);
    const mtu = section.mtu + secondTagBytes(section, state);
    if (entry === undefined) {
      await this.open(section, mtu);
      return;
    }
    const port = this.ports.get(section.name)!;
    if (port.mtu !== mtu) await captureDevice(section.device, mtu);
    port.mtu = mtu;
    this.configureIp6(entry.row, section);
    this.update(entry, this.addressesOf(entry.row, section), section.mtu, section.enabled);
    this.clampMss(entry.row, section);
  }

  /** After its interface is gone: closes its queues, and gives Linux its device. */
  async close(entry: Interface): Promise<void> {
    const { name, worker, row, device } = entry;
    this.ports.delete(name);
    await this.parts.workers[worker]!.closePort(row);
    if (device !== null) await this.giveBack(device);
  }

  /** Gives Linux the devices that no section names any more, whose ports could never be opened. */
  async releaseOthers(state: DataplaneState): Promise<void> {
    const wanted = new Set(state.interfaces.map((section) => section.device));
    for (const device of this.captured) if (!wanted.has(device)) await this.giveBack(device);
  }

  /** Closes all ports and gives Linux its devices. */
  async releaseAll(): Promise<void> {
    for (const entry of this.parts.interfaces.list()) if (entry.device !== null) await this.close(entry);
    for (const device of this.captured) await this.giveBack(device);
  }

  private async open(section: InterfaceSection, mtu: number): Promise<void> {
    const { interfaces, workers, links } = this.parts;
    this.captured.add(section.device);
    const { mac, macOctets, index } = await captureDevice(section.device, mtu);
    const row = interfaces.reserveRow();
    const worker = this.leastLoaded();
    try {
      this.configureIp6(row, section);
      const opened = await workers[worker]!.openPort(row, specOf(section));
      const driver = `${opened.driver} ${opened.mode}`;
      const details = { mac, macOctets, worker, driver };
      interfaces.addPort(row, section, this.vrfs.id(section.vrf), details);
      this.clampMss(row, section);
    } catch (error) {
      await workers[worker]!.closePort(row);
      links().forget(row);
      interfaces.returnRow(row);
      throw error;
    }
    this.ports.set(section.name, { section, index, mtu });
  }

  private async giveBack(device: string): Promise<void> {
    await releaseDevice(device);
    this.captured.delete(device);
  }

  private configureIp6(row: number, { ipv6 }: InterfaceSection): void {
    this.parts.links().configure(row, ipv6?.accept_ra ?? false, ipv6?.dad_transmits ?? 1);
  }

  private clampMss(row: number, { mss_clamp, mtu }: InterfaceSection): void {
    setMssClamp(this.parts.features, this.parts.table, row, mss_clamp ?? false, mtu);
  }

  /** Those of the configuration, and those made of what routers advertise. */
  private addressesOf(row: number, section: InterfaceSection): string[] {
    const learnt = this.parts.links().advertisements.addresses(row);
    return [...section.addresses, ...learnt.map(formatIp6Prefix)];
  }

  private leastLoaded(): number {
    const load = this.parts.workers.map(
      (_, worker) =>
        this.parts.interfaces.list().filter((entry) => entry.kind === 'ethernet' && entry.worker === worker)
          .length,
    );
    return load.indexOf(Math.min(...load));
  }
}

function specOf({ driver, device }: InterfaceSection): PortSpec {
  return driver === 'af_xdp' ? { driver, device, queue: 0 } : { driver: 'af_packet', device };
}

/**
 * A device lets frames with one tag pass that are four octets longer than its MTU (Linux: net/core/dev.c,
 * is_skb_forwardable); for a second one its MTU has to be larger.
 */
function secondTagBytes(section: InterfaceSection, state: DataplaneState): number {
  const two = state.vlans.some((vlan) => vlan.parent === section.name && vlan.inner_vlan !== undefined);
  return two ? VLAN_TAG_BYTES : 0;
}
