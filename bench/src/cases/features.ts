// 64-byte TCP segments from `lan` to `wan` by one route, with optional nodes switched on.
import {
  Features,
  FLOW_METER_BIT,
  loadUserFile,
  setMssClamp,
  VIRTUAL_REASSEMBLY_BIT,
} from '@sluice/dataplane/test-support';
import { MemoryGateway } from '../memory/gateway.js';
import {
  ETHERNET,
  FRAME_64,
  LAN_MAC,
  network,
  nextHop,
  put16,
  writeEthernet,
  writeIp4,
} from '../memory/network.js';
import { PACKETS, PacketLoop } from '../memory/packet-loop.js';
import { ROOT } from '../run/root.js';

const TCP = 6;
const SYN = 0x02;
const ACK = 0x10;
/** Of the IPv4 header's flags and offset. */
const MORE_FRAGMENTS = 0x2000;
/** A bit of those that users' nodes have; see graph/arcs.ts of the data plane. */
const USER_BIT = 8;
/** An example that looks at every packet's protocol and port. */
const USER_NODE = `${ROOT}/examples/nodes/block-telnet.ts`;

export const FEATURES = ['mss-clamp', 'virtual-reassembly', 'flow-meter', 'user-node'] as const;
export type FeatureName = (typeof FEATURES)[number];

export interface ForwardFeatures {
  features: readonly FeatureName[];
  /** Where a user's node is compiled to. */
  folder: string;
  /** Packets that this one has something to do with; without, segments that all but users' nodes are passed by for. */
  needing?: FeatureName;
}

export async function forwardFeatures({ features, folder, needing }: ForwardFeatures): Promise<PacketLoop> {
  const route = { prefix: '10.9.0.0/16', via: nextHop(0) };
  const gateway = new MemoryGateway({ ...network(), routes: [route] }, { frames: PACKETS * 2 });
  for (const feature of features) await SWITCH[feature](gateway, folder);
  return new PacketLoop(gateway, { from: 'lan', to: 'wan', recycles: true, write: segments(needing) });
}

const SWITCH: Record<FeatureName, (gateway: MemoryGateway, folder: string) => Promise<void> | void> = {
  'mss-clamp': (gateway) => {
    const { control } = gateway;
    const [features, row] = [featuresOf(gateway), control.row('wan')];
    setMssClamp(features, control.interfaces, row, true, 1500);
  },
  'virtual-reassembly': (gateway) => {
    featuresOf(gateway).switch(gateway.control.row('lan'), 'ip4-unicast', VIRTUAL_REASSEMBLY_BIT, true);
  },
  'flow-meter': (gateway) => {
    featuresOf(gateway).switch(gateway.control.row('lan'), 'ip4-unicast', FLOW_METER_BIT, true);
  },
  'user-node': async (gateway, folder) => {
    const { url } = await loadUserFile(USER_NODE, folder);
    await gateway.forwarder.userNodes.load({ slot: 0, url, bit: USER_BIT, onFault: 'drop' });
    featuresOf(gateway).switch(gateway.control.row('lan'), 'ip4-unicast', USER_BIT, true);
  },
};

/** One a gateway: it remembers what is on. */
const known = new WeakMap<MemoryGateway, Features>();

function featuresOf(gateway: MemoryGateway): Features {
  const { control } = gateway;
  const features = known.get(gateway) ?? new Features(control.interfaces, control.adjacencies);
  known.set(gateway, features);
  return features;
}

/** Whole segments of connections that are open; SYNs or first fragments where those are needed. */
function segments(needing: FeatureName | undefined) {
  const flags = needing === 'mss-clamp' ? SYN : ACK;
  const fragment = needing === 'virtual-reassembly' ? MORE_FRAGMENTS : 0;
  return (bytes: Uint8Array, at: number, index: number): number =>
    writeSegment(bytes, at, index, flags, fragment);
}

function writeSegment(bytes: Uint8Array, at: number, index: number, flags: number, fragment: number): number {
  // All fragments but the last carry a multiple of 8 octets (RFC 791 section 3.2).
  const total = FRAME_64 - ETHERNET + (fragment === 0 ? 0 : 6);
  writeEthernet(bytes, at, LAN_MAC, 0x0800);
  const ip = at + ETHERNET;
  writeIp4(bytes, ip, {
    total,
    protocol: TCP,
    source: 0x0a010002,
    destination: 0x0a090000 | index,
    id: index,
    fragment,
  });
  put16(bytes, ip + 20, 40_000);
  put16(bytes, ip + 22, 443);
  bytes[ip + 32] = 5 << 4;
  bytes[ip + 33] = flags;
  return ETHERNET + total;
}
