// tunnel/tcp, tunnel/udp-1400, tunnel/udp-64: host to host through two gateways and a tunnel.
import type { BenchContext, Benchmark, Figure, Side } from '../../benchmark.js';
import { valuesOf } from '../../run/context.js';
import { makeSides } from '../../run/sides.js';
import { summarise } from '../../run/statistics.js';
import { LossFreeSide } from '../../wire/loss-free-side.js';
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

export const tunnel: Benchmark = {
  names: Object.keys(LOADS),
  about:
    'Host to host through two gateways on a core each and a tunnel with AES-128-GCM (WireGuard: ChaCha20-Poly1305): one ' +
    'TCP connection of iperf3, or the highest rate of UDP packets of which at most one in 200 is lost.',
  run: async (context) => {
    const figures: Figure[] = [];
    for (const [name, length] of Object.entries(LOADS)) {
      if (context.wants(name)) figures.push(...(await measure(context, name, length)));
    }
    return figures;
  },
};

async function measure(context: BenchContext, name: string, length: number | null): Promise<Figure[]> {
  const cores = [context.cores[0]!, context.cores.at(-1)!];
  const systems = [
    ['Sluice', sluiceTunnel],
    ['wireguard-go', wireguardTunnel],
    ['kernel-libipsec', libipsecTunnel],
  ] as const;
  const { quick } = context;
  const sides = await makeSides<Side>(
    systems.map(([label, system]) => async () => {
      const sites = await system(cores);
      if (length === null) return TunnelTcpSide.make(label, sites, quick);
      return new LossFreeSide(await tunnelWay(label, sites), { length, generatorCore: cores[0]!, quick });
    }),
  );
  const [own, ...others] = await context.alternate(sides);
  const unit = length === null ? 'Gbit/s' : 'Mpps';
  const peers = others.map((rounds, i) => ({ name: systems[i + 1]![0], values: valuesOf(rounds) }));
  const median = (values: readonly number[]): number => summarise(values).median;
  const [best, second] = peers.sort((a, b) => median(b.values) - median(a.values));
  return [
    {
      ...{ name, unit, better: 'higher', values: valuesOf(own!), peer: best!, target: { ratio: REACH } },
      note: `${second!.name} ${median(second!.values).toPrecision(3)} ${unit}`,
    },
  ];
}
