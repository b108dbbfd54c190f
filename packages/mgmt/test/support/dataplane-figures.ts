// Figures that the data plane of the fake gateway answers with.
import type { dataplaneContract, NodeReport, ReplyOf, SaReport, TracedPacket } from '@sluice/shared';

type Shown<K extends keyof (typeof dataplaneContract)['requests']> = ReplyOf<typeof dataplaneContract, K>;

/** What an interface has that is no VLAN and in no bridge. */
const alone = { parent: null, vlan: null, inner_vlan: null, bridge: null, members: null };

const base = {
  rx_packets: 1_234_567,
  rx_bytes: 98_765_432,
  tx_packets: 12,
  tx_bytes: 999,
  drops: 0,
  punted: 1000,
  injected: 1,
};
export const INTERFACES: Shown<'show-interfaces'> = {
  interfaces: [
    {
      name: 'wan',
      kind: 'ethernet',
      device: 'eth0',
      driver: 'af_xdp',
      vrf: 'default',
      state: 'up',
      mtu: 1500,
      mac: '02:00:00:00:00:01',
      addresses: ['192.0.2.1/24'],
      ...alone,
      ...base,
    },
    {
      name: 'hq',
      kind: 'tunnel',
      device: null,
      driver: null,
      vrf: 'default',
      state: 'down',
      mtu: 1400,
      mac: null,
      addresses: [],
      ...alone,
      ...base,
      rx_packets: 0,
      rx_bytes: 0,
    },
    {
      name: 'guests',
      kind: 'vlan',
      device: null,
      driver: null,
      vrf: 'default',
      state: 'up',
      mtu: 1500,
      mac: '02:00:00:00:00:01',
      addresses: [],
      ...alone,
      parent: 'wan',
      vlan: 20,
      inner_vlan: 7,
      bridge: 'lan',
      ...base,
    },
    {
      name: 'lan',
      kind: 'bridge',
      device: null,
      driver: null,
      vrf: 'default',
      state: 'up',
      mtu: 1500,
      mac: '02:00:00:00:00:01',
      addresses: ['10.1.0.1/24'],
      ...alone,
      members: ['guests'],
      ...base,
    },
  ],
};

export const ROUTES: Shown<'show-routes'> = {
  routes: [
    {
      vrf: 'default',
      family: 'ipv4',
      prefix: '0.0.0.0/0',
      kind: 'static',
      action: 'forward',
      next_hops: [{ address: '192.0.2.254', interface: 'wan', weight: 1, active: true }],
      vrf_lookup: null,
    },
    {
      vrf: 'default',
      family: 'ipv4',
      prefix: '10.2.0.0/16',
      kind: 'static',
      action: 'tunnel',
      next_hops: [{ address: null, interface: 'hq', weight: 1, active: true }],
      vrf_lookup: null,
    },
    {
      vrf: 'default',
      family: 'ipv6',
      prefix: '2001:db8:2::/48',
      kind: 'static',
      action: 'forward',
      next_hops: [
        { address: '2001:db8::1', interface: 'wan', weight: 3, active: true },
        { address: null, interface: 'hq', weight: 1, active: false },
      ],
      vrf_lookup: null,
    },
    {
      vrf: 'guests',
      family: 'ipv4',
      prefix: '0.0.0.0/0',
      kind: 'static',
      action: 'lookup',
      next_hops: [],
      vrf_lookup: 'default',
    },
  ],
  total: 1_000_002,
};

export const NEIGHBOURS: Shown<'show-neighbours'> = {
  neighbours: [
    {
      interface: 'wan',
      address: '192.0.2.254',
      mac: '02:00:00:00:00:fe',
      state: 'reachable',
      router: true,
      age_s: 3725,
    },
  ],
};

export const BRIDGES: Shown<'show-bridges'> = {
  bridges: [
    {
      name: 'lan',
      state: 'up',
      mac: '02:00:00:00:00:01',
      members: [
        { name: 'p1', state: 'up', macs: 3 },
        { name: 'guests', state: 'down', macs: 0 },
      ],
      macs: 3,
      mac_limit: 8192,
      ageing_s: 300,
    },
  ],
};

export const FLOWS: Shown<'show-flows'> = {
  flows: [
    {
      interface: 'lan',
      vrf: 'default',
      egress_interface: 'wan',
      src: '10.1.0.10',
      dst: '198.51.100.7',
      protocol: 6,
      tos: 0xb8,
      src_port: 40_000,
      dst_port: 443,
      icmp: null,
      tcp_flags: 0x1b,
      packets: 1_200,
      octets: 1_500_000,
      first_ms: 1_700_000_000_000,
      last_ms: 1_700_000_030_000,
    },
    {
      interface: 'lan',
      vrf: 'default',
      egress_interface: null,
      src: '2001:db8:1::10',
      dst: '2001:db8:1::1',
      protocol: 58,
      tos: 0,
      src_port: 0,
      dst_port: 0,
      icmp: 0x8000,
      tcp_flags: 0,
      packets: 2,
      octets: 208,
      first_ms: 1_700_000_029_000,
      last_ms: 1_700_000_030_000,
    },
  ],
  total: 2_500,
  max_flows: 65_536,
  not_metered: 3,
  collectors: [
    {
      host: '192.0.2.9',
      port: 4739,
      vrf: 'default',
      messages: 40,
      records: 800,
      lost_records: 7,
      problem: null,
    },
  ],
};

export const MACS: Shown<'show-macs'> = {
  macs: [{ bridge: 'lan', member: 'p1', mac: '02:00:00:00:0a:01', age_s: 61, moves: 1 }],
  total: 2_500,
};

export const RUNTIME: Shown<'show-runtime'> = {
  workers: [
    {
      worker: 0,
      cpu: 1,
      loops: 5000,
      sleeps: 4000,
      packets: 10_000,
      vectors: 500,
      ns_per_packet: 123.456,
    },
  ],
  nodes: [
    { worker: 0, node: 'ip4-input', calls: 500, packets: 10_000, vector: 20, ns_per_packet: 12.34 },
    { worker: 0, node: 'ip4-frag', calls: 0, packets: 0, vector: 0, ns_per_packet: null },
  ],
  frames: 16_384,
  frames_free: 16_380,
  large_frames: 512,
  large_frames_free: 64,
};

export const ERRORS: Shown<'show-errors'> = {
  errors: [
    {
      node: 'ip4-ttl',
      reason: 'ttl_expired',
      severity: 'error',
      drop: true,
      count: 1200,
      help: 'arrived with TTL 0 or 1',
    },
    {
      node: 'ip4-ttl',
      reason: 'never',
      severity: 'info',
      drop: false,
      count: 0,
      help: 'never happens',
    },
  ],
};

const counters = {
  packets: 1_234_567,
  bytes: 98_765_432,
  first_used_at_ms: 1,
  last_used_at_ms: 2,
  sequence: 1_234_567,
  replayed: 3,
  integrity_failed: 0,
};

export const SA: SaReport = {
  dst: '192.0.2.1',
  spi: 0xc0ffee,
  direction: 'in',
  src: '198.51.100.1',
  if_id: 7,
  reqid: 1,
  encap: { src_port: 4500, dst_port: 4500 },
  esn: true,
  replay_window: 256,
  lifetime: {
    soft_bytes: null,
    hard_bytes: null,
    soft_packets: null,
    hard_packets: null,
    soft_add_s: 3300,
    hard_add_s: 3600,
    soft_use_s: null,
    hard_use_s: null,
  },
  added_at_ms: 0,
  mode: 'tunnel',
  selectors: null,
  dscp: 'copy',
  ecn: true,
  df: 'clear',
  algorithm: 'AES-256-GCM',
  interface: 'hq',
  worker: 1,
  active: false,
  exhausted: false,
  counters,
};

export const NODE: NodeReport = {
  name: 'block-telnet',
  file: '/etc/sluice/nodes/block-telnet.ts',
  arc: 'ip4-unicast',
  interfaces: ['lan', 'wan'],
  state: 'failed',
  fault: {
    message: "RangeError: offset 40 is beyond the packet's 28 octets (line 12)",
    packet_hex: '4500001c',
    summary: '10.1.0.5 → 10.2.0.9 ICMP',
    worker: 1,
    at_ms: 1_700_000_000_000,
  },
};

export const TRACED: TracedPacket = {
  id: 12,
  worker: 0,
  under_way: false,
  steps: [
    {
      node: 'ethernet-input',
      next: 'ip4-input',
      at_us: 100,
      bytes_hex: '00',
      length: 98,
      summary: '02:00:00:00:00:01 > 02:00:00:00:00:02',
    },
    {
      node: 'ip4-input',
      next: 'drop',
      at_us: 103,
      bytes_hex: '45',
      length: 84,
      summary: '10.1.0.2 > 10.2.0.2 ICMP ttl 64',
    },
  ],
};
