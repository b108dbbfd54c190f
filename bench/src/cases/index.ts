// What a side in TypeScript can run, by name: each makes a batch of packets that goes round.
import type { PacketLoop } from '../memory/packet-loop.js';
import { espOpen, espSeal } from './esp.js';
import { forwardFeatures } from './features.js';
import { forwardFlows } from './flows.js';
import { forwardIp4, forwardIp6 } from './forward.js';
import { fragment, reassembly } from './fragments.js';
import { portsAlone } from './ports.js';

type Case = (order: never) => Promise<PacketLoop> | PacketLoop;

export const CASES = {
  'forward-ip4': forwardIp4,
  'forward-ip6': forwardIp6,
  'forward-features': forwardFeatures,
  'forward-flows': forwardFlows,
  'esp-seal': espSeal,
  'esp-open': espOpen,
  fragment,
  reassembly,
  ports: portsAlone,
} satisfies Record<string, Case>;

export type CaseName = keyof typeof CASES;
export type OrderOf<Name extends CaseName> = Parameters<(typeof CASES)[Name]>[0];
