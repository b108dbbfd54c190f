// What every received packet gets before the graph sees it, and what is counted of it.
import { INTERFACE_COUNTERS_SHIFT, INTERFACE_RX_BYTES, INTERFACE_RX_PACKETS } from '../graph/counters.js';
import type { PacketPool } from '../memory/packet-pool.js';

/** Notes of the first `count` packets that they came in by the interface `row`. */
export type Arrivals = (packets: Int32Array, count: number, row: number) => void;

/** Makes it for a worker, once: see NodeDefinition.make. `counters` are the worker's of interfaces. */
export function makeArrivals({ length, rxInterface, flags }: PacketPool, counters: Float64Array): Arrivals {
  return (packets, count, row) => {
    let octets = 0;
    for (let i = 0; i < count; i++) {
      const packet = packets[i]!;
      octets += length[packet]!;
      rxInterface[packet] = row;
      flags[packet] = 0;
    }
    const at = row << INTERFACE_COUNTERS_SHIFT;
    counters[at + INTERFACE_RX_PACKETS]! += count;
    counters[at + INTERFACE_RX_BYTES]! += octets;
  };
}
