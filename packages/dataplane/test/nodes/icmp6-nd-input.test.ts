import assert from 'node:assert/strict';
import { ADJ_BLACKHOLE } from '../../src/tables/adjacencies.js';
import {
  HEARD_ADVERTISEMENT,
  HEARD_HOST,
  HEARD_IP6,
  HEARD_NO_MAC,
  HEARD_OVERRIDE,
  HEARD_ROUTER,
  HEARD_SOLICITED,
} from '../../src/tables/neighbour-records.js';
import { RECORD_CONFLICT, RECORD_HEARD, RECORD_WORDS } from '../../src/workers/shared-memory.js';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { ALL_NODES, linkOption, type NdOptions, nd, ndFrame, solicitedNode } from '../support/nd.js';
import { concat, ip, mac, pattern, viewOf } from '../support/packets.js';
import { extension, fragmentHeader, icmp6, words6 } from '../support/packets6.js';
import { HOST_MAC, HOST6, HOST6_LINK, LAN6, LAN6_LINK, STRANGER6, site6, WAN6 } from '../support/site.js';

const ROUTER_LINK = 'fe80::1';
const NS = 135;
const NA = 136;

describeNode('icmp6-nd-input', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = site6();
  });
  afterEach(() => bench.close());

  const asks: NdOptions = {
    src: HOST6,
    dst: solicitedNode(LAN6),
    target: LAN6,
    options: linkOption(1, HOST_MAC),
  };
  const probes: NdOptions = { ...asks, src: '::', options: new Uint8Array() };
  const says: NdOptions = {
    src: HOST6,
    dst: LAN6,
    target: HOST6,
    flags: 0x60,
    options: linkOption(2, HOST_MAC),
  };

  const frame = (type: number, o: NdOptions): Uint8Array =>
    ndFrame(nd(type, o), HOST_MAC, o.dst.startsWith('ff') ? undefined : bench.mac('lan'));
  const record = (kind: number, flags: number, address: string, from: string | null): unknown => {
    const view = viewOf(mac(from ?? '00:00:00:00:00:00'));
    return {
      kind,
      interface: bench.row('lan'),
      flags: flags | HEARD_IP6 | (from === null ? HEARD_NO_MAC : 0),
      address,
      mac0: view.getUint16(0, true),
      mac2: view.getInt32(2, true),
    };
  };
  const ours = (target: string, dst: string, flags: number, to?: string): Uint8Array =>
    ndFrame(
      nd(NA, { src: target, dst, target, flags, options: linkOption(2, bench.mac('lan')) }),
      bench.mac('lan'),
      to,
    );

  const answered: [string, NdOptions, boolean][] = [
    ['a solicitation to the group of the address', asks, true],
    ['one to the box alone', { ...asks, dst: LAN6 }, true],
    [
      'one without a link-layer address, to the station that sent it',
      { ...asks, options: new Uint8Array() },
      false,
    ],
    ['one from a link-local address', { ...asks, src: HOST6_LINK }, true],
    [
      'one for the link-local address',
      { ...asks, src: HOST6_LINK, dst: solicitedNode(LAN6_LINK), target: LAN6_LINK },
      true,
    ],
    [
      'one with options that nobody knows',
      { ...asks, options: concat(Uint8Array.of(14, 1), pattern(6), linkOption(1, HOST_MAC)) },
      true,
    ],
  ];
  for (const [what, o, learns] of answered) {
    it(`answers ${what}`, () => {
      bench.push('lan', concat(frame(NS, o), new Uint8Array(7).fill(0x77)));
      bench.run();
      assert.deepEqual(bench.sent('lan'), [ours(o.target!, o.src, 0xe0, HOST_MAC)]);
      assert.deepEqual(bench.records(), learns ? [record(RECORD_HEARD, 0, o.src, HOST_MAC)] : []);
      bench.expect({ 'icmp6-nd-input/answered': 1 });
    });
  }

  it('defends its address against one who wants to have it, to all nodes', () => {
    bench.push('lan', frame(NS, probes));
    bench.run();
    assert.deepEqual(bench.sent('lan'), [ours(LAN6, ALL_NODES, 0xa0)]);
    assert.deepEqual(bench.records(), []);
    bench.expect({ 'icmp6-nd-input/answered': 1 });
  });

  const flags: [string, number, number][] = [
    ['solicited, override', 0x60, HEARD_SOLICITED | HEARD_OVERRIDE],
    ['solicited', 0x40, HEARD_SOLICITED],
    ['override', 0x20, HEARD_OVERRIDE],
    ['router', 0x80, HEARD_ROUTER],
    ['none', 0, 0],
  ];
  for (const [what, octet, heard] of flags) {
    it(`hears an advertisement with flags: ${what}, and lets Linux hear it too`, () => {
      const bytes = frame(NA, { ...says, flags: octet });
      bench.push('lan', bytes);
      bench.run();
      assert.deepEqual(bench.records(), [record(RECORD_HEARD, HEARD_ADVERTISEMENT | heard, HOST6, HOST_MAC)]);
      assert.deepEqual(bench.punted(), [{ interface: bench.row('lan'), bytes }]);
      bench.expect({});
    });
  }

  it('hears one to all nodes, and one that names no link-layer address', () => {
    bench.push('lan', frame(NA, { ...says, dst: ALL_NODES, flags: 0x20 }));
    bench.push('lan', frame(NA, { ...says, options: new Uint8Array() }));
    bench.run();
    assert.deepEqual(bench.records(), [
      record(RECORD_HEARD, HEARD_ADVERTISEMENT | HEARD_OVERRIDE, HOST6, HOST_MAC),
      record(RECORD_HEARD, HEARD_ADVERTISEMENT | HEARD_OVERRIDE | HEARD_SOLICITED, HOST6, null),
    ]);
    assert.equal(bench.punted().length, 2);
    bench.expect({});
  });

  const conflicts: [string, number, NdOptions, string][] = [
    ['an advertisement of our address', NA, { ...says, target: LAN6 }, LAN6],
    ['a solicitation from our address', NS, { ...asks, src: LAN6_LINK }, LAN6_LINK],
  ];
  for (const [what, type, o, address] of conflicts) {
    it(`tells of a conflict: ${what}`, () => {
      bench.push('lan', frame(type, o));
      bench.run();
      assert.deepEqual(bench.records(), [record(RECORD_CONFLICT, 0, address, HOST_MAC)]);
      assert.deepEqual(bench.sent('lan'), []);
      bench.expect({ 'icmp6-nd-input/address_conflict': 1 });
    });
  }

  describe('while an address is being probed', () => {
    const WANTED = '2001:db8:1::dad';
    beforeEach(() => {
      const nextHop6 = words6(WANTED);
      const adjacency = bench.control.adjacencies.add({
        kind: ADJ_BLACKHOLE,
        interface: bench.row('lan'),
        mtu: 0,
        nextHop6,
      });
      bench.control.fib6.add(0, nextHop6, 128, adjacency);
    });
    const group = solicitedNode(WANTED);

    it('tells of another who probes it, and of one who has it', () => {
      bench.push('lan', frame(NS, { ...probes, dst: group, target: WANTED }));
      bench.push('lan', frame(NA, { ...says, dst: ALL_NODES, flags: 0x20, target: WANTED }));
      bench.run();
      assert.deepEqual(bench.records(), [
        record(RECORD_CONFLICT, 0, WANTED, HOST_MAC),
        record(RECORD_CONFLICT, 0, WANTED, HOST_MAC),
      ]);
      bench.expect({ 'icmp6-nd-input/address_conflict': 2 });
    });

    it('answers nobody, and takes no packet', () => {
      bench.push('lan', frame(NS, { ...asks, dst: group, target: WANTED }));
      bench.pushIp6('lan', icmp6({ src: HOST6, dst: WANTED, type: 128 }));
      bench.run();
      assert.deepEqual(bench.sent('lan'), []);
      assert.deepEqual(bench.records(), []);
      bench.expect({ 'icmp6-nd-input/not_for_us': 1, 'ip6-lookup/blackhole': 1 });
    });
  });

  const raBody = concat(Uint8Array.of(0, 0, 0, 0), Uint8Array.of(0, 0, 0, 0));
  const ra = (o: Partial<NdOptions> = {}): Uint8Array =>
    ndFrame(
      icmp6({
        src: ROUTER_LINK,
        dst: ALL_NODES,
        hopLimit: 255,
        type: 134,
        word: 0x4000_0708,
        body: concat(raBody, o.options ?? linkOption(1, HOST_MAC)),
        ...(o.src === undefined ? {} : { src: o.src }),
        ...(o.code === undefined ? {} : { code: o.code }),
      }),
      HOST_MAC,
    );

  it('gives a router advertisement to the control side, where it was asked for', () => {
    bench.push('lan', ra());
    bench.run();
    assert.deepEqual(bench.records(), []);
    bench.expect({ 'icmp6-nd-input/router_not_asked': 1 });

    bench.control.interfaces.acceptRa[bench.row('lan')] = 1;
    bench.push('lan', ra());
    bench.run();
    bench.moved();
    assert.deepEqual(bench.records(), [record(RECORD_HEARD, HEARD_ROUTER, ROUTER_LINK, HOST_MAC)]);
    assert.deepEqual(bench.given, [ra()]);
    assert.equal(bench.interface('lan').drops, 2);
    bench.push('lan', ra());
    bench.run();
    assert.equal(bench.records().length, 1);
    bench.expect({ 'icmp6-nd-input/router_heard': 1 });
  });

  it('looks at so many router advertisements of one link', () => {
    bench.control.interfaces.acceptRa[bench.row('lan')] = 1;
    bench.push('lan', ...new Array<Uint8Array>(25).fill(ra({ options: new Uint8Array() })));
    bench.run();
    bench.records();
    bench.expect({ 'icmp6-nd-input/router_heard': 20, 'icmp6-nd-input/router_limited': 5 });
    bench.now += 200;
    bench.push('lan', ra(), ra(), ra());
    bench.run();
    bench.records();
    bench.expect({ 'icmp6-nd-input/router_heard': 2, 'icmp6-nd-input/router_limited': 1 });
  });

  it('hears of a host that looks for routers, and follows no redirect', () => {
    const rs = icmp6({
      src: HOST6_LINK,
      dst: 'ff02::2',
      hopLimit: 255,
      type: 133,
      body: linkOption(1, HOST_MAC),
    });
    const redirect = icmp6({ src: ROUTER_LINK, dst: LAN6, hopLimit: 255, type: 137, body: pattern(32) });
    bench.push('lan', ndFrame(rs, HOST_MAC), ndFrame(redirect, HOST_MAC, bench.mac('lan')));
    bench.run();
    assert.deepEqual(bench.records(), [record(RECORD_HEARD, HEARD_HOST, HOST6_LINK, HOST_MAC)]);
    bench.expect({ 'icmp6-nd-input/router_solicitation': 1, 'icmp6-nd-input/redirect': 1 });
  });

  const rs = (o: Partial<Parameters<typeof icmp6>[0]>): Uint8Array =>
    ndFrame(icmp6({ src: HOST6_LINK, dst: 'ff02::2', hopLimit: 255, type: 133, ...o }), HOST_MAC);
  const bad: [string, () => Uint8Array, string][] = [
    ['a solicitation that was forwarded', () => frame(NS, { ...asks, hopLimit: 254 }), 'bad_hop_limit'],
    ['an advertisement that was forwarded', () => frame(NA, { ...says, hopLimit: 254 }), 'bad_hop_limit'],
    [
      'a router advertisement that was forwarded',
      () =>
        ndFrame(icmp6({ src: ROUTER_LINK, dst: ALL_NODES, hopLimit: 64, type: 134, body: raBody }), HOST_MAC),
      'bad_hop_limit',
    ],
    ['a wrong checksum', () => frame(NS, { ...asks, checksum: 0x1234 }), 'bad_checksum'],
    ['code 1', () => frame(NS, { ...asks, code: 1 }), 'bad_code'],
    ['code 1 of an advertisement', () => frame(NA, { ...says, code: 1 }), 'bad_code'],
    ['code 1 of a router', () => ra({ code: 1 }), 'bad_code'],
    [
      'a solicitation of 23 octets',
      () =>
        ndFrame(
          icmp6({ src: HOST6, dst: LAN6, hopLimit: 255, type: NS, body: pattern(15) }),
          HOST_MAC,
          bench.mac('lan'),
        ),
      'truncated',
    ],
    [
      'an advertisement of 23 octets',
      () =>
        ndFrame(
          icmp6({ src: HOST6, dst: LAN6, hopLimit: 255, type: NA, body: pattern(15) }),
          HOST_MAC,
          bench.mac('lan'),
        ),
      'truncated',
    ],
    [
      'a router advertisement of 15 octets',
      () =>
        ndFrame(
          icmp6({ src: ROUTER_LINK, dst: ALL_NODES, hopLimit: 255, type: 134, body: pattern(7) }),
          HOST_MAC,
        ),
      'truncated',
    ],
    [
      'a redirect of 39 octets',
      () =>
        ndFrame(
          icmp6({ src: ROUTER_LINK, dst: LAN6, hopLimit: 255, type: 137, body: pattern(31) }),
          HOST_MAC,
          bench.mac('lan'),
        ),
      'truncated',
    ],
    [
      'an option without length',
      () => frame(NS, { ...asks, options: Uint8Array.of(1, 0, 2, 0, 0, 0, 0, 1) }),
      'bad_option',
    ],
    [
      'an unknown option without length',
      () => frame(NA, { ...says, options: Uint8Array.of(200, 0, 0, 0, 0, 0, 0, 0) }),
      'bad_option',
    ],
    [
      'an option longer than the message',
      () => frame(NS, { ...asks, options: Uint8Array.of(1, 2, 2, 0, 0, 0, 0, 1) }),
      'bad_option',
    ],
    ['half an option header', () => frame(NS, { ...asks, options: Uint8Array.of(1) }), 'bad_option'],
    [
      'an option without length, of a host that looks for routers',
      () => rs({ body: Uint8Array.of(1, 0, 2, 0, 0, 0, 0, 1) }),
      'bad_option',
    ],
    [
      'a group as link-layer address',
      () => frame(NS, { ...asks, options: linkOption(1, '03:00:00:00:00:01') }),
      'bad_link_address',
    ],
    [
      'zeros as link-layer address',
      () => frame(NA, { ...says, options: linkOption(2, '00:00:00:00:00:00') }),
      'bad_link_address',
    ],
    [
      'a link-layer address of 14 octets',
      () => frame(NS, { ...asks, options: concat(Uint8Array.of(1, 2), pattern(14, 2)) }),
      'bad_link_address',
    ],
    ['a multicast target of a solicitation', () => frame(NS, { ...asks, target: ALL_NODES }), 'bad_target'],
    ['a multicast target of an advertisement', () => frame(NA, { ...says, target: ALL_NODES }), 'bad_target'],
    [
      'a probe that is not to the group of its target',
      () => frame(NS, { ...probes, dst: ALL_NODES }),
      'bad_destination',
    ],
    ['an answer to everyone', () => frame(NA, { ...says, dst: ALL_NODES, flags: 0x40 }), 'bad_destination'],
    ['a router that is no neighbour', () => ra({ src: HOST6 }), 'bad_source'],
    [
      'a redirect from no neighbour',
      () =>
        ndFrame(
          icmp6({ src: HOST6, dst: LAN6, hopLimit: 255, type: 137, body: pattern(32) }),
          HOST_MAC,
          bench.mac('lan'),
        ),
      'bad_source',
    ],
    [
      'a probe that names a link-layer address',
      () => frame(NS, { ...probes, options: linkOption(1, HOST_MAC) }),
      'unspecified_with_link_address',
    ],
    [
      'nobody who looks for routers and names a link-layer address',
      () => rs({ src: '::', body: linkOption(1, HOST_MAC) }),
      'unspecified_with_link_address',
    ],
    [
      'a solicitation for another host',
      () => frame(NS, { ...asks, dst: solicitedNode(STRANGER6), target: STRANGER6 }),
      'not_for_us',
    ],
    [
      "a solicitation on the LAN for the WAN's address",
      () => frame(NS, { ...asks, dst: solicitedNode(WAN6), target: WAN6 }),
      'not_for_us',
    ],
    [
      'a solicitation for the network',
      () => frame(NS, { ...asks, dst: ALL_NODES, target: '2001:db8:1::' }),
      'not_for_us',
    ],
    [
      'one in a fragment',
      () => frame(NS, { ...asks, extensions: fragmentHeader(58, 0, false), first: 44 }),
      'fragmented',
    ],
  ];
  for (const [what, bytes, counter] of bad) {
    it(`drops ${what}`, () => {
      bench.push('lan', bytes());
      bench.run();
      assert.deepEqual(bench.sent('lan'), []);
      assert.deepEqual(bench.records(), []);
      assert.deepEqual(bench.punted(), []);
      bench.expect({ [`icmp6-nd-input/${counter}`]: 1 });
    });
  }

  it('answers behind options that ask for nothing', () => {
    const packet = nd(NS, { ...asks, extensions: extension(58, new Uint8Array()), first: 60 });
    bench.push('lan', ndFrame(packet, HOST_MAC));
    bench.run();
    assert.deepEqual(bench.sent('lan'), [ours(LAN6, HOST6, 0xe0, HOST_MAC)]);
    bench.expect({ 'icmp6-nd-input/answered': 1 });
  });

  it('answers on when the control side takes no more, and counts what it cannot tell', () => {
    const room = (2 * 4096) / RECORD_WORDS;
    for (let i = 0; i < room; i++)
      bench.forwarders[0]!.services.heard(1, 0, ip('10.0.0.1') | 0, 0, 0, 0, 0, 0);
    bench.control.interfaces.acceptRa[bench.row('lan')] = 1;
    bench.push('lan', frame(NS, asks), frame(NA, { ...says, target: LAN6 }), ra());
    bench.run();
    assert.equal(bench.sent('lan').length, 1);
    bench.expect({
      'icmp6-nd-input/answered': 1,
      'icmp6-nd-input/not_learnt': 2,
      'icmp6-nd-input/control_busy': 2,
    });
  });

  it('takes none from a tunnel, which has no link', () => {
    bench.close();
    bench = site6();
    const packet = nd(NS, { ...asks, dst: LAN6 });
    bench.control.interfaces.kind[bench.row('lan')] = 2;
    bench.enter('ip6-input', 'lan', ndFrame(packet, HOST_MAC, bench.mac('lan')));
    bench.run();
    bench.expect({ 'icmp6-nd-input/no_ethernet': 1 });
  });
});
