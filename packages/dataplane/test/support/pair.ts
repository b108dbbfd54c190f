// Two gateways and what is between them: a router that carries whole packets from one to the other.
import { type Bench, testBench } from './bench.js';
import type { BenchTunnel } from './bench-tables.js';
import type { EngineName } from './esp-crypto-engines.js';
import { forwarded } from './packets.js';
import { HOST_MAC, PEER, REMOTE_HOST, ROUTER_MAC, siteWithTunnel, WAN } from './site.js';

export class Pair {
  readonly near: Bench;
  readonly far: Bench;

  /** @param tunnel as the near gateway has it; the far one's is its mirror image. */
  constructor(tunnel: BenchTunnel, engine: EngineName, workers = 1, clock?: () => number) {
    const time = clock === undefined ? {} : { clock };
    this.near = siteWithTunnel({}, { ...time, engine, workers, frames: 8192, tunnels: [tunnel] });
    const { inbound, outbound } = tunnel;
    this.far = testBench({
      ...time,
      beside: this.near,
      workers,
      interfaces: [
        { name: 'lan', address: '10.2.0.1/24' },
        { name: 'wan', address: `${PEER}/24` },
      ],
      tunnels: [{ ...tunnel, local: PEER, remote: WAN, inbound: outbound, outbound: inbound }],
      neighbours: [
        { interface: 'lan', address: REMOTE_HOST, mac: HOST_MAC },
        { interface: 'wan', address: '198.51.100.254', mac: ROUTER_MAC },
      ],
      routes: [
        { prefix: '0.0.0.0/0', via: '198.51.100.254' },
        { prefix: '10.1.0.0/16', via: 'tun' },
      ],
    });
  }

  /** Packets from one LAN to the other; returns what the router saw and what arrived. */
  carry(from: Bench, to: Bench, packets: Uint8Array[]): { seen: Uint8Array[]; arrived: Uint8Array[] } {
    from.pushIp('lan', ...packets);
    from.run();
    const seen = from.sentIp('wan');
    to.pushIp('wan', ...seen.map(forwarded));
    to.run();
    return { seen, arrived: to.sentIp('lan') };
  }

  expect(moved = {}): void {
    this.near.expect(moved);
    this.far.expect(moved);
  }

  close(): void {
    this.far.close();
    this.near.close();
  }
}
