// Switches the clamping of TCP's MSS on an interface, and keeps its value to what the interface takes.
import { MSS_CLAMP_BIT } from '../graph/idle-features.js';
import type { InterfaceTable } from '../tables/interfaces.js';
import { IP4_BYTES } from '../wire/ip4.js';
import { IP6_BYTES } from '../wire/ip6.js';
import { TCP_BYTES } from '../wire/tcp.js';
import type { Features } from './features.js';

const ARCS = ['ip4-unicast', 'ip4-output', 'ip6-unicast', 'ip6-output'] as const;

/**
 * @param setting of the configuration: false for none, true for what fits, a number for so many octets
 * @param whole longest IP packet that the interface takes without fragments
 */
export function setMssClamp(
  features: Features,
  table: InterfaceTable,
  row: number,
  setting: boolean | number,
  whole: number,
): void {
  const on = setting !== false;
  const most = (header: number): number => {
    if (!on) return 0;
    return typeof setting === 'number' ? setting : Math.max(1, whole - header - TCP_BYTES);
  };
  Atomics.store(table.mss4, row, most(IP4_BYTES));
  Atomics.store(table.mss6, row, most(IP6_BYTES));
  for (const arc of ARCS) features.switch(row, arc, MSS_CLAMP_BIT, on);
}
