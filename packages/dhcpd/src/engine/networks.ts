// Which network a message is from, and the address that this server has for it.
import { type DhcpState, parseIp4 } from '@sluice/shared';
import {
  OPTION_RELAY_AGENT,
  OPTION_SUBNET_SELECTION,
  RELAY_LINK_SELECTION,
  RELAY_SERVER_OVERRIDE,
} from '../wire/codes.js';
import type { Message } from '../wire/message.js';
import { parseSuboptions, readU32 } from '../wire/options.js';
import type { Arrival } from './arrival.js';
import { Network } from './network.js';

export class Networks {
  readonly all: readonly Network[];
  readonly #byInterface = new Map<string, Network>();
  readonly #byVrf = new Map<string, Network[]>();
  readonly #own = new Map<string, Set<number>>();

  constructor(state: Pick<DhcpState, 'networks' | 'vrfs'>, nowMs: number) {
    this.all = state.networks
      .filter(({ server }) => server.enabled)
      .map((network) => new Network(network, nowMs));
    for (const network of this.all) {
      if (network.interface !== null) this.#byInterface.set(network.interface, network);
      this.#byVrf.set(network.vrf, [...(this.#byVrf.get(network.vrf) ?? []), network]);
    }
    for (const { name, addresses } of state.vrfs)
      this.#own.set(name, new Set(addresses.map((text) => parseIp4(text)!)));
  }

  ofInterface(name: string): Network | undefined {
    return this.#byInterface.get(name);
  }

  ofAddress(vrf: string, address: number): Network | null {
    return this.#byVrf.get(vrf)?.find((network) => network.subnetOf(address) !== undefined) ?? null;
  }

  /**
   * By the relay, and what it says of the link (RFC 3527), or the client of its subnet (RFC 3011); by the link that it came
   * from; by the address that a routed client has.
   */
  find(message: Message, arrival: Arrival): Network | null {
    const { giaddr, ciaddr, options } = message;
    const { vrf } = arrival;
    if (giaddr !== 0) {
      const link = readU32(parseSuboptions(options.get(OPTION_RELAY_AGENT)), RELAY_LINK_SELECTION);
      const selected = link ?? readU32(options, OPTION_SUBNET_SELECTION) ?? giaddr;
      const network = this.ofAddress(vrf, selected) ?? this.#byRelay(vrf, giaddr);
      return network;
    }
    if (arrival.interface !== null) return this.#byInterface.get(arrival.interface) ?? null;
    return this.ofAddress(vrf, ciaddr === 0 ? arrival.source : ciaddr);
  }

  /** A relay whose own address is outside the network is known by name only. */
  #byRelay(vrf: string, giaddr: number): Network | null {
    return this.#byVrf.get(vrf)?.find(({ relays }) => relays?.has(giaddr)) ?? null;
  }

  isOwn(vrf: string, address: number): boolean {
    return this.#own.get(vrf)?.has(address) ?? false;
  }

  /**
   * What the relay says (RFC 5107); the address that the message was sent to; else the interface's in the subnet of the
   * client's address, or its first.
   */
  serverId(message: Message, arrival: Arrival, network: Network): number {
    const override = readU32(parseSuboptions(message.options.get(OPTION_RELAY_AGENT)), RELAY_SERVER_OVERRIDE);
    if (override !== null && message.giaddr !== 0) return override;
    if (this.isOwn(arrival.vrf, arrival.destination)) return arrival.destination;
    const subnet = network.subnetOf(message.ciaddr) ?? network.subnets[0];
    return subnet?.own ?? [...(this.#own.get(network.vrf) ?? [])][0] ?? 0;
  }
}
