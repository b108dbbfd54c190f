// The processes of a gateway, answering with fixed figures over real sockets.
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  agentContract,
  type CaptureFilter,
  type CaptureStatus,
  createLogger,
  dataplaneContract,
  ikeBridgeContract,
  type NodeReport,
  type ReplyOf,
  type SaReport,
  SluiceError,
  serve,
  type TracedPacket,
} from '@sluice/shared';

const log = createLogger({ name: 'test', level: 'silent' });

const unused = (): never => {
  throw new SluiceError('unused', 'this fake does not answer that');
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
const sa: SaReport = {
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

const nodeReport: NodeReport = {
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

const tracedPacket: TracedPacket = {
  id: 12,
  worker: 0,
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

export interface FakeGateway {
  /** Filters of the traces that were started. */
  readonly traces: unknown[];
  /** What the agent shows. */
  config: unknown;
  /** Filters of the captures that were started. */
  readonly captures: CaptureFilter[];
  /** What the next reload answers. */
  reload: ReplyOf<typeof agentContract, 'reload'>;
  stop(): Promise<void>;
}

export async function fakeGateway(runDir: string): Promise<FakeGateway> {
  const traces: unknown[] = [];
  const captures: CaptureFilter[] = [];
  const captureFile = join(runDir, 'capture.pcapng');
  const captureStatus = (active: boolean): CaptureStatus => ({
    file: captureFile,
    active,
    packets: 2,
    bytes: 16,
    missed: 1,
  });
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
  const dataplaneStatus = () => ({
    instance: dataplane.instance,
    revision: 3,
    converged: true,
    problems: [],
  });
  const dataplane = await serve(dataplaneContract, {
    runDir,
    log,
    handlers: {
      apply: unused,
      status: dataplaneStatus,
      'sa-install': unused,
      'sa-remove': unused,
      'sa-counters': unused,
      'sa-dump': unused,
      'show-interfaces': () => ({
        interfaces: [
          {
            name: 'wan',
            kind: 'ethernet' as const,
            device: 'eth0',
            driver: 'af_xdp',
            vrf: 'default',
            state: 'up' as const,
            mtu: 1500,
            mac: '02:00:00:00:00:01',
            addresses: ['192.0.2.1/24'],
            ...alone,
            ...base,
          },
          {
            name: 'hq',
            kind: 'tunnel' as const,
            device: null,
            driver: null,
            vrf: 'default',
            state: 'down' as const,
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
            kind: 'vlan' as const,
            device: null,
            driver: null,
            vrf: 'default',
            state: 'up' as const,
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
            kind: 'bridge' as const,
            device: null,
            driver: null,
            vrf: 'default',
            state: 'up' as const,
            mtu: 1500,
            mac: '02:00:00:00:00:01',
            addresses: ['10.1.0.1/24'],
            ...alone,
            members: ['guests'],
            ...base,
          },
        ],
      }),
      'show-routes': () => ({
        routes: [
          {
            vrf: 'default',
            family: 'ipv4' as const,
            prefix: '0.0.0.0/0',
            kind: 'static' as const,
            action: 'forward' as const,
            next_hops: [{ address: '192.0.2.254', interface: 'wan', weight: 1, active: true }],
            vrf_lookup: null,
          },
          {
            vrf: 'default',
            family: 'ipv4' as const,
            prefix: '10.2.0.0/16',
            kind: 'static' as const,
            action: 'tunnel' as const,
            next_hops: [{ address: null, interface: 'hq', weight: 1, active: true }],
            vrf_lookup: null,
          },
          {
            vrf: 'default',
            family: 'ipv6' as const,
            prefix: '2001:db8:2::/48',
            kind: 'static' as const,
            action: 'forward' as const,
            next_hops: [
              { address: '2001:db8::1', interface: 'wan', weight: 3, active: true },
              { address: null, interface: 'hq', weight: 1, active: false },
            ],
            vrf_lookup: null,
          },
          {
            vrf: 'guests',
            family: 'ipv4' as const,
            prefix: '0.0.0.0/0',
            kind: 'static' as const,
            action: 'lookup' as const,
            next_hops: [],
            vrf_lookup: 'default',
          },
        ],
        total: 1_000_002,
      }),
      'show-neighbours': () => ({
        neighbours: [
          {
            interface: 'wan',
            address: '192.0.2.254',
            mac: '02:00:00:00:00:fe',
            state: 'reachable' as const,
            router: true,
            age_s: 3725,
          },
        ],
      }),
      'show-bridges': () => ({
        bridges: [
          {
            name: 'lan',
            state: 'up' as const,
            mac: '02:00:00:00:00:01',
            members: [
              { name: 'p1', state: 'up' as const, macs: 3 },
              { name: 'guests', state: 'down' as const, macs: 0 },
            ],
            macs: 3,
            mac_limit: 8192,
            ageing_s: 300,
          },
        ],
      }),
      'show-macs': () => ({
        macs: [{ bridge: 'lan', member: 'p1', mac: '02:00:00:00:0a:01', age_s: 61, moves: 1 }],
        total: 2_500,
      }),
      'show-sa': () => ({ sas: [sa] }),
      'show-runtime': () => ({
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
        large_frames_free: 64,
      }),
      'show-nodes': () => ({ nodes: [nodeReport] }),
      'nodes-reload': dataplaneStatus,
      'show-errors': () => ({
        errors: [
          {
            node: 'ip4-ttl',
            reason: 'ttl_expired',
            severity: 'error' as const,
            drop: true,
            count: 1200,
            help: 'arrived with TTL 0 or 1',
          },
          {
            node: 'ip4-ttl',
            reason: 'never',
            severity: 'info' as const,
            drop: false,
            count: 0,
            help: 'never happens',
          },
        ],
      }),
      'capture-start': (filter) => {
        captures.push(filter);
        if (filter.interfaces?.includes('nope'))
          throw new SluiceError('refused', 'there is no interface "nope"');
        writeFileSync(captureFile, 'first ');
        return captureStatus(true);
      },
      'capture-status': () => {
        appendFileSync(captureFile, 'more ');
        return captureStatus(false);
      },
      'capture-stop': () => {
        appendFileSync(captureFile, 'last');
        return captureStatus(false);
      },
      'trace-start': (filter) => {
        traces.push(filter);
        return {};
      },
      'trace-read': () => ({ packets: traces.length > 0 ? [tracedPacket] : [] }),
    },
    snapshots: { status: dataplaneStatus, sa: () => ({}), audit: () => ({}), counters: unused },
  });

  const ikeStatus = () => ({ ...dataplaneStatus(), instance: bridge.instance, charon: 'up' as const });
  const bridge = await serve(ikeBridgeContract, {
    runDir,
    log,
    handlers: {
      apply: unused,
      status: ikeStatus,
      'show-ike': () => ({
        ike_sas: [
          {
            name: 'hq',
            unique_id: '1',
            version: 2,
            state: 'ESTABLISHED',
            local_address: '192.0.2.1',
            local_id: 'branch',
            remote_address: '198.51.100.1',
            remote_id: 'hq',
            initiator: true,
            algorithm: 'AES_GCM_16-256/PRF_HMAC_SHA2_384/CURVE_25519',
            established_s: 90,
            rekey_in_s: 13_000,
            children: [
              {
                name: 'hq',
                unique_id: '2',
                state: 'INSTALLED',
                if_id: 7,
                spi_in: 0xc0ffee,
                spi_out: 0xbadcafe,
                algorithm: 'AES_GCM_16-256',
                encap: false,
                local_ts: ['10.1.0.0/16'],
                remote_ts: ['10.2.0.0/16'],
                installed_s: 89,
                rekey_in_s: 3300,
                packets_in: 10,
                bytes_in: 840,
                packets_out: 11,
                bytes_out: 924,
              },
            ],
          },
        ],
      }),
      initiate: ({ child }) =>
        child === 'hq'
          ? { initiated: true, reason: null }
          : { initiated: false, reason: 'there is no CHILD_SA of that name' },
      terminate: ({ connection }) => ({ terminated: connection === 'hq' ? 1 : 0 }),
    },
    snapshots: { status: ikeStatus, ike: () => ({ ike_sas: [] }) },
  });

  const agentStatus = () => ({
    instance: agent.instance,
    hostname: 'branch',
    revision: 3,
    converged: false,
    processes: [
      { process: 'dataplane', reachable: true, revision: 3, converged: true, problems: [] },
      {
        process: 'ike-bridge',
        reachable: false,
        revision: null,
        converged: false,
        problems: ['ike-bridge does not answer'],
      },
    ],
  });
  const agent = await serve(agentContract, {
    runDir,
    log,
    handlers: {
      status: agentStatus,
      reload: () => gateway.reload,
      'show-config': () => ({ revision: 3, config: gateway.config }),
    },
    snapshots: { status: agentStatus },
  });
  const gateway: FakeGateway = {
    traces,
    captures,
    config: {},
    reload: { revision: 3, changes: [], problems: [] },
    stop: async () => {
      await Promise.all([dataplane.close(), bridge.close(), agent.close()]);
    },
  };
  return gateway;
}
