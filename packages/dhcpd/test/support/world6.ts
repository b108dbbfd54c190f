// An engine with a network, a clock of the test's, and what its answers say in words.
import { type Dhcp6Network, dhcp6ServerSection, ip6Number, parseIp6 } from '@sluice/shared';
import type { z } from 'zod';
import type { Arrival6 } from '../../src/engine6/client6.js';
import { Engine6 } from '../../src/engine6/engine6.js';
import type { Outcome6 } from '../../src/engine6/outcome6.js';
import { parseMessage6 } from '../../src/wire6/message.js';
import { type ClientMessage6, received6, words6 } from './client6.js';

export type Server6Input = z.input<typeof dhcp6ServerSection>;

export const LAN6: Server6Input = {
  interface: 'lan',
  pools: [{ range: '2001:db8:1::10-2001:db8:1::13' }],
  delegation: [{ prefix: '2001:db8:f000::/54', length: 56 }],
};

export const SERVER_DUID = Buffer.from('000400112233445566778899aabbccddeeff', 'hex');

export function networkOf(server: Server6Input): Dhcp6Network {
  return {
    server: dhcp6ServerSection.parse(server),
    vrf: server.vrf ?? 'default',
    addresses: server.interface === undefined ? [] : ['2001:db8:1::1/64', 'fe80::1/64'],
    delegated: [],
  };
}

export const number6 = (text: string): bigint => ip6Number(parseIp6(text)!);

export function onLink6(source = 'fe80::a', name = 'lan'): Arrival6 {
  return { vrf: 'default', interface: name, source: number6(source), destination: 0n };
}

export class World6 {
  readonly engine = new Engine6(SERVER_DUID);
  nowMs = 1_000_000;

  constructor(...servers: Server6Input[]) {
    this.configure(...servers);
  }

  configure(...servers: Server6Input[]): void {
    this.engine.configure((servers.length === 0 ? [LAN6] : servers).map(networkOf), this.nowMs);
  }

  receive(message: ClientMessage6, arrival: Arrival6 = onLink6()): Outcome6 {
    return this.engine.receive(received6(message), arrival, this.nowMs);
  }

  said(message: ClientMessage6, arrival?: Arrival6): string {
    return sentence(this.receive(message, arrival));
  }

  saidTo(bytes: Buffer, arrival: Arrival6): string {
    const received = parseMessage6(bytes);
    return received === null
      ? 'dhcp6_malformed'
      : sentence(this.engine.receive(received, arrival, this.nowMs));
  }

  bound(): string[] {
    return [...this.engine.leases.all()]
      .filter(({ state }) => state === 'bound')
      .map(({ address }) => address);
  }
}

export function sentence(outcome: Outcome6): string {
  return outcome.kind === 'drop' ? outcome.reason : words6(outcome.answer.payload);
}
