// The network that most tests use: a LAN with a host, a WAN with a router that leads everywhere else.
import { type Bench, type BenchOptions, testBench } from './bench.js';
import type { BenchTunnel } from './bench-tables.js';
import type { EspSa } from './esp.js';
import { pattern } from './packets.js';

export const HOST = '10.1.0.10';
export const HOST_MAC = '02:00:00:00:aa:10';
export const LAN = '10.1.0.1';
export const WAN = '192.0.2.1';
export const ROUTER = '192.0.2.254';
export const ROUTER_MAC = '02:00:00:00:bb:fe';
/** Somewhere behind the router. */
export const FAR = '198.51.100.7';
/** A host of the LAN that nobody knows. */
export const STRANGER = '10.1.0.77';

/** The same in IPv6. */
export const HOST6 = '2001:db8:1::10';
export const LAN6 = '2001:db8:1::1';
export const WAN6 = '2001:db8:ffff::1';
export const ROUTER6 = '2001:db8:ffff::fe';
export const FAR6 = '2001:db8:7::7';
export const STRANGER6 = '2001:db8:1::77';
export const REMOTE_HOST6 = '2001:db8:2::20';
/** Link-local addresses: the host's, and those of the bench's first two ports. */
export const HOST6_LINK = 'fe80::aa:10';
export const LAN6_LINK = 'fe80::ff:fe00:101';
export const WAN6_LINK = 'fe80::ff:fe00:201';

export function site(more: Partial<BenchOptions> = {}): Bench {
  return testBench({
    ...more,
    interfaces: more.interfaces ?? [
      { name: 'lan', address: `${LAN}/24`, address6: `${LAN6}/64` },
      { name: 'wan', address: `${WAN}/24`, address6: `${WAN6}/64` },
    ],
    neighbours: [
      { interface: 'lan', address: HOST, mac: HOST_MAC },
      { interface: 'wan', address: ROUTER, mac: ROUTER_MAC },
      ...(more.neighbours ?? []),
    ],
    routes: [{ prefix: '0.0.0.0/0', via: ROUTER }, ...(more.routes ?? [])],
  });
}

/** An SA whose key material depends on its SPI only. */
export function saOf(spi: number, more: Partial<EspSa> = {}): EspSa {
  return { spi, key: pattern(16, spi), salt: pattern(4, spi + 100), icvBytes: 16, esn: false, ...more };
}

/** The peer at the other end of the tunnel `tun`, and the network behind it. */
export const PEER = '198.51.100.1';
export const REMOTE_HOST = '10.2.0.20';
/** SPIs: of what we send, and of what we receive. */
export const SPI_OUT = 0x2002;
export const SPI_IN = 0x1001;

export interface TunnelVariant {
  esn?: boolean;
  udp?: boolean;
  key?: 16 | 32;
  window?: number;
  icvBytes?: number;
}

export function tunnelTo(variant: TunnelVariant = {}, more: Partial<BenchTunnel> = {}): BenchTunnel {
  const sa = (spi: number): EspSa =>
    saOf(spi, {
      esn: variant.esn ?? false,
      key: pattern(variant.key ?? 16, spi),
      icvBytes: variant.icvBytes ?? 16,
    });
  return {
    name: 'tun',
    address: '169.254.0.1/32',
    local: WAN,
    remote: PEER,
    outbound: sa(SPI_OUT),
    inbound: sa(SPI_IN),
    ...(variant.window === undefined ? {} : { window: variant.window }),
    ...(variant.udp ? { udp: { local: 4500, remote: 4500 } } : {}),
    ...more,
  };
}

/** A site with the tunnel, and a route into it. */
export function siteWithTunnel(variant: TunnelVariant = {}, more: Partial<BenchOptions> = {}): Bench {
  return site({
    tunnels: [tunnelTo(variant)],
    ...more,
    routes: [{ prefix: '10.2.0.0/16', via: 'tun' }, ...(more.routes ?? [])],
  });
}

/** A site whose host and router are known by their IPv6 addresses too, and the way to everywhere. */
export function site6(more: Partial<BenchOptions> = {}): Bench {
  return siteWithTunnel(
    {},
    {
      tunnels: [tunnelTo({}, { address6: '2001:db8:cafe::1/64' })],
      ...more,
      neighbours: [
        { interface: 'lan', address: HOST6, mac: HOST_MAC },
        { interface: 'lan', address: HOST6_LINK, mac: HOST_MAC },
        { interface: 'wan', address: ROUTER6, mac: ROUTER_MAC },
        ...(more.neighbours ?? []),
      ],
      routes: [
        { prefix: '::/0', via: ROUTER6 },
        { prefix: '2001:db8:2::/48', via: 'tun' },
        ...(more.routes ?? []),
      ],
    },
  );
}
