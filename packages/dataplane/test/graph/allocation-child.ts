// Started with --trace-gc by allocation.test.ts: runs rounds of forwarders between two lines of output. What stands
// around the rounds allocates nothing itself: frames are refilled from a template and go from ring to ring.
import { writeSync } from 'node:fs';
import { FLOW_METER_BIT, MSS_CLAMP_BIT, VIRTUAL_REASSEMBLY_BIT } from '../../src/graph/idle-features.js';
import { FRAME_BYTES, PACKET_START } from '../../src/memory/packet-pool.js';
import type { SpscRing } from '../../src/memory/spsc-ring.js';
import { SA_WINDOW } from '../../src/tables/security-associations.js';
import { type Bench, testBench } from '../support/bench.js';
import type { BenchTunnel } from '../support/bench-tables.js';
import { ESP_VARIANTS } from '../support/esp-variants.js';
import { arp, concat, ethernet, fragmentsOf, icmp, ip4, pattern } from '../support/packets.js';
import { extension, icmp6, ip6 } from '../support/packets6.js';
import { Pair } from '../support/pair.js';
import {
  FAR,
  FAR6,
  HOST,
  HOST_MAC,
  HOST6,
  LAN,
  LAN6,
  PEER,
  REMOTE_HOST,
  ROUTER_MAC,
  site,
  site6,
  siteWithTunnel,
  tunnelTo,
  WAN,
} from '../support/site.js';
import { tagged } from '../support/vlan.js';

const VECTOR = 256;
const [name = '', packetsText = '0'] = process.argv.slice(2);
const PACKETS = Number(packetsText);
const options = { engine: 'native', clock: Date.now } as const;

/** Frames on their way out of a ring. */
const frames = new Int32Array(1024);

class Refill {
  private readonly template: number;

  constructor(
    private readonly bench: Bench,
    private readonly octets: Uint8Array,
  ) {
    this.template = bench.frameOf(octets);
  }

  /** Sends `count` frames of the template into a port, from the pool of the outside. */
  into(ring: SpscRing, count: number): void {
    const { pool } = this.bench;
    const { length } = this.octets;
    const from = pool.offset[this.template]!;
    for (let i = 0; i < count; i++) {
      const frame = pool.alloc();
      const at = frame * FRAME_BYTES + PACKET_START;
      pool.bytes.copyWithin(at, from, from + length);
      pool.offset[frame] = at;
      pool.length[frame] = length;
      ring.push(frame);
    }
  }
}

function drain(bench: Bench, ring: SpscRing): number {
  const count = ring.popMany(frames, 0, frames.length);
  bench.pool.freeMany(frames, 0, count);
  return count;
}

/** Packets of one kind into one port, and whatever comes of them out of another. */
function oneWay(bench: Bench, octets: Uint8Array, vector: number, out: 'lan' | 'wan'): () => number {
  const refill = new Refill(bench, octets);
  const input = bench.port('lan').toPort;
  const output = bench.port(out).fromPort;
  const [forwarder] = bench.forwarders;
  return () => {
    refill.into(input, vector);
    forwarder!.round();
    return drain(bench, output);
  };
}

const plain = (more = {}): Uint8Array => ip4({ src: HOST, dst: FAR, payload: pattern(44), ...more });
const bridged = (): Bench =>
  testBench({
    ...options,
    interfaces: [{ name: 'lan' }, { name: 'wan' }, { name: 'third' }],
    bridges: [{ name: 'br', members: ['lan', 'wan', 'third'] }],
  });
const lan = (bench: Bench, packet: Uint8Array): Uint8Array => bench.toInterface('lan', packet);

const plain6 = (more = {}): Uint8Array => ip6({ src: HOST6, dst: FAR6, payload: pattern(44), ...more });
const lan6 = (bench: Bench, packet: Uint8Array): Uint8Array =>
  bench.toInterface('lan', packet, HOST_MAC, 0x86dd);

/** Sealed by one gateway, opened by another; the wire is a change of MAC addresses. */
function throughTunnel(tunnel: BenchTunnel): () => number {
  const pair = new Pair(tunnel, 'native', 1, Date.now);
  const { near, far } = pair;
  far.control.sa('tun in').words[SA_WINDOW] = 4096;
  const refill = new Refill(near, lan(near, plain({ dst: REMOTE_HOST, payload: pattern(400) })));
  const input = near.port('lan').toPort;
  const sealed = near.port('wan').fromPort;
  const opens = far.port('wan').toPort;
  const mac = far.control.macOf('wan');
  const { pool } = near;
  return () => {
    refill.into(input, VECTOR);
    near.forwarders[0]!.round();
    const count = sealed.popMany(frames, 0, VECTOR);
    for (let i = 0; i < count; i++) {
      const at = pool.offset[frames[i]!]!;
      for (let k = 0; k < 6; k++) pool.bytes[at + k] = mac[k]!;
      opens.push(frames[i]!);
    }
    far.forwarders[0]!.round();
    return drain(near, far.port('lan').fromPort);
  };
}

/** Each returns what handles one vector, and says how many packets came out. */
const paths: Record<string, () => () => number> = {
  forward() {
    const bench = site(options);
    return oneWay(bench, lan(bench, plain()), VECTOR, 'wan');
  },
  'forward-one-by-one'() {
    const bench = site(options);
    return oneWay(bench, lan(bench, plain()), 1, 'wan');
  },
  fragment() {
    const bench = site(options);
    return oneWay(bench, lan(bench, plain({ payload: pattern(1481) })), VECTOR, 'wan');
  },
  /** Two fragments of each of 128 datagrams, and the rest of their time. */
  reassemble() {
    const bench = site(options);
    const whole = ip4({ src: HOST, dst: LAN, protocol: 1, payload: icmp(8, 0, 1, pattern(2000)) });
    const refills = fragmentsOf(whole, 1480).map((part) => new Refill(bench, lan(bench, part)));
    const input = bench.port('lan').toPort;
    const output = bench.port('lan').fromPort;
    return () => {
      for (let i = 0; i < VECTOR / 2; i++) for (const refill of refills) refill.into(input, 1);
      bench.forwarders[0]!.round();
      return drain(bench, output);
    };
  },
  /** Later fragments before first ones, so that they wait. */
  'virtual-reassembly'() {
    const bench = site(options);
    bench.control.interfaces.features4[bench.row('lan')] = 1 << VIRTUAL_REASSEMBLY_BIT;
    const parts = fragmentsOf(plain({ payload: pattern(400) }), 200);
    const refills = parts.reverse().map((part) => new Refill(bench, lan(bench, part)));
    const input = bench.port('lan').toPort;
    const output = bench.port('wan').fromPort;
    return () => {
      for (let i = 0; i < VECTOR / 2; i++) for (const refill of refills) refill.into(input, 1);
      bench.forwarders[0]!.round();
      return drain(bench, output);
    };
  },
  'mss-clamp'() {
    const bench = site(options);
    const row = bench.row('lan');
    bench.control.interfaces.features4[row] = 1 << MSS_CLAMP_BIT;
    bench.control.interfaces.mss4[row] = 1300;
    const syn = Uint8Array.of(
      0,
      9,
      0,
      80,
      0,
      0,
      0,
      1,
      0,
      0,
      0,
      0,
      0x60,
      2,
      255,
      255,
      0,
      0,
      0,
      0,
      2,
      4,
      5,
      180,
    );
    return oneWay(bench, lan(bench, plain({ protocol: 6, payload: syn })), VECTOR, 'wan');
  },
  echo() {
    const bench = site(options);
    const packet = ip4({ src: HOST, dst: LAN, protocol: 1, payload: icmp(8, 0, 1, pattern(44)) });
    return oneWay(bench, lan(bench, packet), VECTOR, 'lan');
  },
  forward6() {
    const bench = site6(options);
    return oneWay(bench, lan6(bench, plain6()), VECTOR, 'wan');
  },
  /** Behind an options header, so that the walk over extensions is met too. */
  'forward6-extended'() {
    const bench = site6(options);
    const payload = concat(extension(17, new Uint8Array(6)), pattern(44));
    return oneWay(bench, lan6(bench, plain6({ nextHeader: 60, payload })), VECTOR, 'wan');
  },
  echo6() {
    const bench = site6(options);
    const packet = icmp6({ src: HOST6, dst: LAN6, type: 128, body: pattern(44) });
    return oneWay(bench, lan6(bench, packet), VECTOR, 'lan');
  },
  'echo6-fragmented'() {
    const bench = site6(options);
    const packet = icmp6({ src: HOST6, dst: LAN6, type: 128, body: pattern(1500) });
    return oneWay(bench, lan6(bench, packet), VECTOR, 'lan');
  },
  error6() {
    const bench = site6(options);
    const handle = oneWay(bench, lan6(bench, plain6({ hopLimit: 1 })), VECTOR, 'lan');
    return () => Math.max(1, handle());
  },
  arp() {
    const bench = site(options);
    const request = arp({ operation: 1, senderMac: HOST_MAC, senderIp: '0.0.0.0', targetIp: LAN });
    return oneWay(bench, request, VECTOR, 'lan');
  },
  error() {
    const bench = site(options);
    const handle = oneWay(bench, lan(bench, plain({ ttl: 1 })), VECTOR, 'lan');
    return () => Math.max(1, handle());
  },
  drop() {
    const bench = site(options);
    const handle = oneWay(bench, lan(bench, plain({ checksum: 0 })), VECTOR, 'lan');
    return () => handle() + 1;
  },
  /** Routed from a VLAN to one with two tags. */
  vlan() {
    const bench = site({
      ...options,
      vlans: [
        { name: 'in', parent: 'lan', vlan: 5, address: '10.5.0.1/24' },
        { name: 'out', parent: 'wan', vlan: 6, inner: 7, address: '10.6.0.1/24' },
      ],
      neighbours: [{ interface: 'out', address: '10.6.0.9', mac: ROUTER_MAC }],
    });
    const frame = tagged(bench.toInterface('in', plain({ dst: '10.6.0.9' })), { vid: 5 });
    return oneWay(bench, frame, VECTOR, 'wan');
  },
  bridge() {
    const bench = bridged();
    bench.control.two.learn('br', 'wan', ROUTER_MAC);
    bench.control.two.learn('br', 'lan', HOST_MAC);
    return oneWay(bench, ethernet(ROUTER_MAC, HOST_MAC, 0x0800, plain()), VECTOR, 'wan');
  },
  'flow-meter'() {
    const bench = site(options);
    bench.control.interfaces.features4[bench.row('lan')] = 1 << FLOW_METER_BIT;
    return oneWay(bench, lan(bench, plain()), VECTOR, 'wan');
  },
  'flow-meter6'() {
    const bench = site6(options);
    bench.control.interfaces.features6[bench.row('lan')] = 1 << FLOW_METER_BIT;
    return oneWay(bench, lan6(bench, plain6()), VECTOR, 'wan');
  },
  /** To two members, because nobody has heard of the station; soon more than the rate allows. */
  flood() {
    const bench = bridged();
    const handle = oneWay(bench, ethernet(ROUTER_MAC, HOST_MAC, 0x0800, plain()), VECTOR, 'wan');
    const third = bench.port('third').fromPort;
    return () => handle() + drain(bench, third) + 1;
  },
  tunnel: () => throughTunnel(tunnelTo({ udp: true })),
  'tunnel-selectors-tfc'() {
    const anyPort: [number, number] = [0, 65_535];
    const ports = { protocol: 253, src_ports: anyPort, dst_ports: anyPort };
    const selectors = [
      { src: '192.0.2.0/24', dst: '192.0.2.0/24', ...ports },
      { src: '10.0.0.0/8', dst: '10.0.0.0/8', ...ports },
    ];
    return throughTunnel(tunnelTo({ esn: true }, { spec: { selectors, tfc_bytes: 1000 } }));
  },
  'tunnel-cbc'() {
    const { sa } = ESP_VARIANTS.find(({ name }) => name === 'aes-cbc-128 hmac-sha2-256/16')!;
    return throughTunnel(tunnelTo({}, { inbound: sa(1), outbound: sa(2) }));
  },
  'gre-in-transport-mode': () => {
    return throughTunnel(tunnelTo({}, { section: { kind: 'gre', key: 7 }, spec: { mode: 'transport' } }));
  },
  /** SPIs that nobody knows: counted, and now and then told to the audit log, which nobody reads here. */
  'unknown-spi'() {
    const bench = siteWithTunnel({}, options);
    const esp = ip4({ src: PEER, dst: WAN, protocol: 50, payload: pattern(60, 1) });
    const refill = new Refill(bench, bench.toInterface('wan', esp));
    return () => {
      refill.into(bench.port('wan').toPort, VECTOR);
      bench.forwarders[0]!.round();
      return 1;
    };
  },
  /** Allocates on purpose, to show that the test would notice. */
  allocating() {
    let kept: object = {};
    return () => {
      for (let i = 0; i < VECTOR; i++) kept = { at: i, before: kept === frames };
      return Object.keys(kept).length;
    };
  },
};

const handle = paths[name]!();
function run(packets: number): number {
  let out = 0;
  const per = name.endsWith('one-by-one') ? 1 : VECTOR;
  for (let i = 0; i < packets; i += per) {
    const count = handle();
    if (count === 0) throw new Error(`${name}: a vector came to nothing`);
    out += count;
  }
  return out;
}
run(PACKETS / 2);
writeSync(1, 'measured from here\n');
const out = run(PACKETS);
writeSync(1, `to here: ${out}\n`);
process.exit(0);
