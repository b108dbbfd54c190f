// The box's own interfaces as clients, of DHCP and of DHCPv6, and what they were told together.
import {
  type Dhcp6ClientLease,
  type Dhcp6ClientReport,
  type Dhcp6ClientState,
  type DhcpClientLease,
  type DhcpClientReport,
  type DhcpClientState,
  type DhcpState,
  parseIp6Prefix,
  SUBNET_LENGTH,
  subnetOf6,
} from '@sluice/shared';
import type { ClientPlace } from './client.js';
import { ClientSet } from './client-set.js';
import { DHCPCD_PREFIX, dhcpcd } from './dhcpcd.js';
import { readLease } from './lease-file.js';
import { UDHCPC_PREFIX, udhcpc } from './udhcpc.js';

export class Clients {
  readonly #four: ClientSet<DhcpClientState, DhcpClientLease>;
  readonly #six: ClientSet<Dhcp6ClientState, Dhcp6ClientLease>;

  /** @param duid The device's own. */
  constructor(place: ClientPlace, duid: Buffer) {
    const ofDhcpcd = (state: Dhcp6ClientState) => dhcpcd(state, { runDir: place.runDir, duid });
    this.#four = new ClientSet(place, { prefix: UDHCPC_PREFIX, program: udhcpc, readKept: readLease });
    this.#six = new ClientSet(place, {
      prefix: DHCPCD_PREFIX,
      program: ofDhcpcd,
      readKept: (name, text, now, nowMs) => {
        const state = { interface: name, vrf: '', client: { address: true } };
        return ofDhcpcd(state).read(text, now, nowMs);
      },
    });
  }

  /** Has the interfaces of the configuration ask, and no others. True when the leases are others now. */
  async configure({ clients, clients6 }: DhcpState): Promise<boolean> {
    const [four, six] = [await this.#four.configure(clients), await this.#six.configure(clients6)];
    return four || six;
  }

  /** Looks for news; true when there are. Cheap enough for every second. */
  check(): boolean {
    const [four, six] = [this.#four.check(), this.#six.check()];
    return four || six;
  }

  get leases(): { leases: DhcpClientLease[]; leases6: Dhcp6ClientLease[] } {
    return { leases: this.#four.leases, leases6: this.#six.leases };
  }

  get reports(): { clients: DhcpClientReport[]; clients6: Dhcp6ClientReport[] } {
    return {
      clients: this.#four.all.map(({ state: { interface: name, vrf }, lease, isRefused }) => {
        const state = lease !== null ? 'bound' : isRefused ? 'refused' : 'asking';
        return { interface: name, vrf, state, lease };
      }),
      clients6: this.#six.all.map(({ state: { interface: name, vrf }, lease }) => {
        return { interface: name, vrf, state: lease === null ? 'asking' : 'bound', lease };
      }),
    };
  }

  /** Those that interfaces of a VRF were told, each once. */
  dnsServers(vrf: string): string[] {
    const told = [...this.#four.all, ...this.#six.all]
      .filter((client) => client.state.vrf === vrf)
      .flatMap(({ lease }) => lease?.dns_servers ?? []);
    return [...new Set(told)];
  }

  get problems(): string[] {
    return [...this.#four.problems, ...this.#six.problems, ...this.#six.all.flatMap(tooSmall)];
  }

  get isAsking(): boolean {
    return this.#four.isAsking || this.#six.isAsking;
  }

  async close(): Promise<void> {
    await Promise.all([this.#four.close(), this.#six.close()]);
  }
}

/** A sentence for each interface whose subnet the prefix does not have. */
function tooSmall({ state, lease }: { state: Dhcp6ClientState; lease: Dhcp6ClientLease | null }): string[] {
  const text = lease?.prefix?.prefix;
  const prefix = text === undefined ? null : parseIp6Prefix(text);
  if (prefix === null) return [];
  return (state.client.prefix_delegation?.assign ?? [])
    .filter(({ subnet }) => subnetOf6(prefix, SUBNET_LENGTH, subnet) === null)
    .map(
      ({ interface: name, subnet }) =>
        `${state.interface} was delegated ${text}, which has ${2 ** (SUBNET_LENGTH - prefix.length)} subnets, so ${name} gets none by number ${subnet}: choose a smaller number`,
    );
}
