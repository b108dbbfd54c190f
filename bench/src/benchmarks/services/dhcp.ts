// services/dhcp-leases: leases a second, beside Kea with its leases in a file.
import type { Benchmark } from '../../benchmark.js';
import { valuesOf } from '../../run/context.js';
import { withParts } from '../../run/with-parts.js';
import { DhcpSide } from '../../wire/dhcp-side.js';

const NAME = 'services/dhcp-leases';

export const servicesDhcp: Benchmark = {
  names: [NAME],
  about:
    'New leases a second, four messages each, over a veth pair, from perfdhcp, which asks as fast as it can as a relay: ' +
    'the DHCP server by itself, beside kea-dhcp4 with memfile, each on one core.',
  run: async (context) => {
    const options = { core: context.cores.at(-1)!, clientCore: context.cores[0]!, quick: context.quick };
    return withParts([() => DhcpSide.sluice(options), () => DhcpSide.kea(options)], async (sides) => {
      const [sluice, kea] = await context.alternate(sides);
      return [
        {
          ...{ name: NAME, unit: 'leases/s', better: 'higher', values: valuesOf(sluice!) },
          peer: { name: 'kea-dhcp4', values: valuesOf(kea!) },
          note: 'Sluice has each lease synced to the disk before its client hears of it; Kea leaves that to the kernel.',
        },
      ];
    });
  },
};
