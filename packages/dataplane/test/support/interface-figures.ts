// An interface's counters, summed over workers.
import {
  INTERFACE_COUNTERS_SHIFT,
  INTERFACE_DROPS,
  INTERFACE_INJECTED,
  INTERFACE_PUNTED,
  INTERFACE_RX_BYTES,
  INTERFACE_RX_PACKETS,
  INTERFACE_TX_BYTES,
  INTERFACE_TX_PACKETS,
} from '../../src/graph/counters.js';
import type { Forwarder } from '../../src/workers/forwarder.js';

export interface InterfaceFigures {
  rxPackets: number;
  rxBytes: number;
  txPackets: number;
  txBytes: number;
  drops: number;
  punted: number;
  injected: number;
}

/** Those of the interface in a row. */
export function interfaceFigures(forwarders: readonly Forwarder[], row: number): InterfaceFigures {
  const at = row << INTERFACE_COUNTERS_SHIFT;
  const sum = (counter: number): number =>
    forwarders.reduce((total, { counters }) => total + counters.interfaces[at + counter]!, 0);
  return {
    rxPackets: sum(INTERFACE_RX_PACKETS),
    rxBytes: sum(INTERFACE_RX_BYTES),
    txPackets: sum(INTERFACE_TX_PACKETS),
    txBytes: sum(INTERFACE_TX_BYTES),
    drops: sum(INTERFACE_DROPS),
    punted: sum(INTERFACE_PUNTED),
    injected: sum(INTERFACE_INJECTED),
  };
}
