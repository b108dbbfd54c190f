// tunnel/tcp, tunnel/udp-1400, tunnel/udp-64: host to host through two gateways and a tunnel.
import { existsSync } from 'node:fs';
import type { LabNode } from '@sluice/lab';
import type { BenchContext, Benchmark, Figure } from '../../benchmark.js';
import { valuesOf } from '../../run/context.js';
import { summarise } from '../../run/statistics.js';
import { withParts } from '../../run/with-parts.js';
import { LossFreeSide } from '../../wire/loss-free-side.js';
import type { Sites } from '../../wire/sites.js';
import { libipsecTunnel, sluiceTunnel, wireguardTunnel } from '../../wire/tunnel-systems.js';
import { TunnelTcpSide } from '../../wire/tunnel-tcp-side.js';
import { tunnelWay } from '../../wire/tunnel-way.js';

/** Octets of UDP's frames without FCS, 14 more than of their IP packets; null for TCP. */
const LOADS: Record<string, number | null> = {
  'tunnel/tcp': null,
  'tunnel/udp-1400': 1414,
  'tunnel/udp-64': 78,
};
/** As fast as the better of the peers, so many times. */
const REACH = 3;

/** The first is the one that is measured; `program` is what a peer needs that not every machine has. */
const SYSTEMS = [
  { name: 'Sluice', make: sluiceTunnel, program: null },
  { name: 'wireguard-go', make: wireguardTunnel, program: '/usr/bin/wireguard-go' },
  { name: 'kernel-libipsec', make: libipsecTunnel, program: null },
] as const;

interface System {
  name: string;
  sites: Sites<LabNode>;
  close(): Promise<void>;
}

export const tunnel: Benchmark = {
  names: Object.keys(LOADS),
  about:
    'Host to host through two gateways on a core each and a tunnel with AES-128-GCM (WireGuard: ChaCha20-Poly1305): one ' +
    'TCP connection of iperf3, or the highest rate of UDP packets of which at most one in 200 is lost.',
  run: (context) => {
    const cores = [context.cores[0]!, context.cores.at(-1)!];
    const there = SYSTEMS.filter(({ name, program }) => {
      if (program === null || existsSync(program)) return true;
      context.say(`without ${name}, which is not installed: npm run bench installs it`);
      return false;
    });
    const makers = there.map(({ name, make }) => async (): Promise<System> => {
      const sites = await make(cores);
      return { name, sites, close: async () => void (await sites.lab.stop()) };
    });
    return withParts(makers, async (systems) => {
      const figures: Figure[] = [];
      for (const [name, length] of Object.entries(LOADS)) {
        if (context.wants(name)) figures.push(...(await measure(context, systems, name, length)));
      }
      return figures;
    });
  },
};

async function measure(
  context: BenchContext,
  systems: readonly System[],
  name: string,
  length: number | null,
): Promise<Figure[]> {
  const { quick } = context;
  const generatorCore = context.cores[0]!;
  const results =
    length === null
      ? await context.alternate(systems.map((each) => new TunnelTcpSide(each.name, each.sites, quick)))
      : await withParts(
          systems.map((each) => () => tunnelWay(each.name, each.sites)),
          (ways) =>
            context.alternate(ways.map((way) => new LossFreeSide(way, { length, generatorCore, quick }))),
        );
  const [own, ...others] = results;
  const unit = length === null ? 'Gbit/s' : 'Mpps';
  const peers = others.map((rounds, i) => ({ name: systems[i + 1]!.name, values: valuesOf(rounds) }));
  const median = (values: readonly number[]): number => summarise(values).median;
  const [best, second] = peers.sort((a, b) => median(b.values) - median(a.values));
  return [
    {
      ...{ name, unit, better: 'higher', values: valuesOf(own!), target: { ratio: REACH } },
      ...(best === undefined ? {} : { peer: best }),
      ...(second === undefined
        ? {}
        : { note: `${second.name} ${median(second.values).toPrecision(3)} ${unit}` }),
    },
  ];
}
