// wire/tcp: one TCP connection of iperf3 through a gateway with one worker, with and without the hosts' offloads.
import type { BenchContext, Benchmark, Figure } from '../../benchmark.js';
import { valuesOf } from '../../run/context.js';
import { withParts } from '../../run/with-parts.js';
import type { Driver } from '../../wire/dataplane.js';
import { type TcpOptions, TcpSide } from '../../wire/tcp-side.js';

const WITH = 'wire/tcp-offloads';
const WITHOUT = 'wire/tcp-plain';

export const wireTcp: Benchmark = {
  names: [WITH, WITHOUT],
  about:
    'One TCP connection of iperf3 over veth, client and server on one core, the gateway on the other. With offloads the ' +
    'hosts hand over segments of up to 64 KiB without checksums, which AF_PACKET can take and AF_XDP cannot.',
  run: async (context) => [
    ...(context.wants(WITH) ? await measure(context, WITH, 'af_packet', true, 7.7) : []),
    ...(context.wants(WITHOUT) ? await measure(context, WITHOUT, 'af_xdp', false, 2.75) : []),
  ],
};

/** `reach` in Gbit/s is what VPP reaches on such a machine by the same driver. */
async function measure(
  context: BenchContext,
  name: string,
  driver: Driver,
  offloads: boolean,
  reach: number,
): Promise<Figure[]> {
  const options: TcpOptions = {
    ...{ offloads, quick: context.quick },
    ...{ core: context.cores.at(-1)!, hostCore: context.cores[0]! },
  };
  const others: Driver[] = offloads ? [] : ['af_packet'];
  const makers = [
    () => TcpSide.kernel(options),
    ...[driver, ...others].map((each) => () => TcpSide.sluice(each, options)),
  ];
  const [kernel, ...own] = await withParts(makers, (sides) => context.alternate(sides));
  const peer = { name: 'Linux', values: valuesOf(kernel!) };
  return [driver, ...others].map((each, i) => ({
    ...({ name: i === 0 ? name : `${name}-af-packet`, unit: 'Gbit/s', better: 'higher', peer } as const),
    values: valuesOf(own[i]!),
    note: each,
    ...(i === 0 ? { target: { value: reach } } : {}),
  }));
}
