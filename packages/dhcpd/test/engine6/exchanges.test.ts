import assert from 'node:assert/strict';
import * as codes from '../../src/wire6/codes.js';
import { option6 } from '../../src/wire6/options.js';
import { answerOf, bytes6, relayed } from '../support/client6.js';
import { LAN6, number6, onLink6, SERVER_DUID, World6 } from '../support/world6.js';

const A = '0003000102000000000a';
const B = '0003000102000000000b';
const NA = [{ kind: 'na' as const }];
const PD = [{ kind: 'pd' as const }];
const serverId = SERVER_DUID;
const { SOLICIT, REQUEST6, CONFIRM, RENEW, REBIND, RELEASE6, DECLINE6, INFORMATION_REQUEST } = codes;

describe('DHCPv6: the states of a client (RFC 8415 section 18.3)', () => {
  let world: World6;
  beforeEach(() => {
    world = new World6();
  });
  const has = (text: string, kind: 'na' | 'pd' = 'na') => [{ kind, has: [text] }];
  /** What a client gets by REQUEST. */
  const binds = (duid: string, kind: 'na' | 'pd' = 'na'): string => {
    const said = world.said({ type: REQUEST6, duid, serverId, wants: [{ kind }] });
    const [, text] = new RegExp(`^reply, ${kind} (\\S+)$`).exec(said) ?? [];
    assert.ok(text, said);
    return text;
  };

  it('advertises without holding anything, and binds what is requested: the same for the same client', () => {
    const advertised = world.said({ type: SOLICIT, duid: A, wants: [...NA, ...PD] });
    assert.match(
      advertised,
      /^advertise, na 2001:db8:1::1[0-3], pd 2001:db8:f000:\d00::\/56$|^advertise, na 2001:db8:1::1[0-3], pd 2001:db8:f000::\/56$/,
    );
    assert.deepEqual(world.bound(), []);
    const said = world.said({ type: REQUEST6, duid: A, serverId, wants: [...NA, ...PD] });
    assert.equal(said, advertised.replace('advertise', 'reply'));
    assert.equal(world.bound().length, 2);
    assert.equal(world.said({ type: REQUEST6, duid: A, serverId, wants: [...NA, ...PD] }), said);
    assert.equal(world.bound().length, 2);
  });

  it('gives four clients four addresses, and the fifth a status', () => {
    const given = [0, 1, 2, 3].map((i) => binds(`000300010200000000${10 + i}`));
    assert.equal(new Set(given).size, 4);
    assert.equal(world.said({ type: SOLICIT, duid: A, wants: NA }), 'advertise, na status 2');
    assert.equal(world.engine.counters.get('dhcp6_no_address'), 1);
    world.nowMs += 43_200_000;
    assert.equal(world.engine.expire(world.nowMs).length, 4);
    assert.match(binds(A), /^2001:db8:1::1/);
  });

  it('takes a wish that is free, and a length of prefixes that it has', () => {
    assert.equal(
      world.said({ type: REQUEST6, duid: A, serverId, wants: has('2001:db8:1::12') }),
      'reply, na 2001:db8:1::12',
    );
    assert.notEqual(
      world.said({ type: REQUEST6, duid: B, serverId, wants: has('2001:db8:1::12') }),
      'reply, na 2001:db8:1::12',
    );
    world.configure({
      ...LAN6,
      delegation: [...LAN6.delegation!, { prefix: '2001:db8:e000::/56', length: 60 }],
    });
    assert.match(
      world.said({ type: REQUEST6, duid: B, serverId, wants: has('::/60', 'pd') }),
      /^reply, pd 2001:db8:e000:\S*\/60$/,
    );
  });

  it('an address of another link is refused as such', () => {
    assert.equal(
      world.said({ type: REQUEST6, duid: A, serverId, wants: has('2001:db8:2::10') }),
      'reply, na status 4',
    );
    assert.equal(world.said({ type: CONFIRM, wants: has('2001:db8:2::10') }), 'reply 4');
    assert.equal(world.said({ type: CONFIRM, wants: has('2001:db8:1::10') }), 'reply 0');
    assert.equal(world.said({ type: CONFIRM, wants: NA }), 'dhcp6_nothing_to_confirm');
  });

  it('rapid commit: two messages, where the configuration allows it', () => {
    const more = [option6(codes.OPTION_RAPID_COMMIT)];
    assert.match(world.said({ type: SOLICIT, duid: A, wants: NA, more }), /^advertise/);
    world.configure({ ...LAN6, rapid_commit: true });
    const outcome = world.receive({ type: SOLICIT, duid: A, wants: NA, more });
    assert.ok(outcome.kind === 'answer');
    assert.equal(outcome.writes.length, 1);
    const { type, options } = answerOf(outcome.answer.payload);
    assert.deepEqual([type, options.has(codes.OPTION_RAPID_COMMIT)], [codes.REPLY, true]);
  });

  it('renews and rebinds for the whole time again; of what it knows not it says so, or gives what is free', () => {
    const address = binds(A);
    const expires = () => world.engine.leases.get('default', address)!.expiresMs;
    const first = expires();
    world.nowMs += 5_000;
    assert.equal(world.said({ type: RENEW, duid: A, serverId, wants: has(address) }), `reply, na ${address}`);
    assert.equal(expires(), first + 5_000);
    world.nowMs += 5_000;
    assert.equal(world.said({ type: REBIND, duid: A, wants: has(address) }), `reply, na ${address}`);
    assert.equal(expires(), first + 10_000);
    assert.equal(world.said({ type: RENEW, duid: B, serverId, wants: has(address) }), 'reply, na status 3');
    assert.equal(world.said({ type: REBIND, duid: B, wants: has(address) }), `reply, na !${address}`);
    assert.equal(
      world.said({ type: REBIND, duid: B, wants: has('2001:db8:9::1') }),
      'reply, na !2001:db8:9::1',
    );
    // Its lease was lost, and nobody else has it.
    world.engine.free(world.engine.leases.get('default', address)!, 'expired');
    assert.equal(world.said({ type: RENEW, duid: A, serverId, wants: has(address) }), `reply, na ${address}`);
  });

  it('a renewal gets another address, and the old one withdrawn, when the configuration has others', () => {
    const address = binds(A);
    world.configure({ ...LAN6, pools: [{ range: '2001:db8:1::80-2001:db8:1::8f' }] });
    const said = world.said({ type: RENEW, duid: A, serverId, wants: has(address) });
    assert.match(said, new RegExp(`^reply, na 2001:db8:1::8. !${address}$`));
    assert.equal(world.engine.leases.get('default', address), undefined);
  });

  it('release and decline are of who has it; a declined address is left alone for a while', () => {
    const address = binds(A);
    assert.equal(
      world.said({ type: RELEASE6, duid: B, serverId, wants: has(address) }),
      'reply 0, na status 3',
    );
    assert.equal(world.said({ type: DECLINE6, duid: A, serverId, wants: has(address) }), 'reply 0');
    assert.equal(world.engine.leases.get('default', address)?.state, 'declined');
    const other = binds(A);
    assert.notEqual(other, address);
    assert.equal(world.said({ type: RELEASE6, duid: A, serverId, wants: has(other) }), 'reply 0');
    assert.deepEqual(world.bound(), []);
    world.nowMs += 3_600_000;
    world.engine.expire(world.nowMs);
    assert.equal(binds(A), address, 'the same place in the pool');
    const prefix = binds(A, 'pd');
    assert.equal(world.said({ type: DECLINE6, duid: A, serverId, wants: has(prefix, 'pd') }), 'reply 0');
    assert.equal(world.engine.leases.get('default', prefix)?.state, 'bound', 'nobody probes a prefix');
  });

  it('reservations by DUID, of addresses and prefixes, inside pools and outside', () => {
    const reserved = { duid: A, address: '2001:db8:1::99', prefix: '2001:db8:d000::/48' };
    world.configure({ ...LAN6, reservations: [reserved, { duid: B, iaid: 7, address: '2001:db8:1::11' }] });
    assert.equal(
      world.said({ type: SOLICIT, duid: A, wants: [...NA, ...PD] }),
      'advertise, na 2001:db8:1::99, pd 2001:db8:d000::/48',
    );
    assert.equal(
      world.said({ type: SOLICIT, duid: B, wants: [{ kind: 'na', iaid: 7 }] }),
      'advertise, na 2001:db8:1::11',
    );
    for (const i of [0, 1, 2]) assert.notEqual(binds(`000300010200000000${20 + i}`), '2001:db8:1::11');
    assert.equal(
      world.said({ type: SOLICIT, duid: '00030001020000000030', wants: NA }),
      'advertise, na status 2',
    );
    assert.equal(
      world.said({ type: SOLICIT, duid: '00030001020000000030', wants: has('2001:db8:1::99') }),
      'advertise, na status 2',
    );
  });

  it('options that are asked for, and when to ask again', () => {
    world.configure({
      ...LAN6,
      options: {
        dns_servers: ['2001:db8:1::1'],
        domain_search: ['shop.example'],
        ntp_servers: ['2001:db8:1::2'],
      },
      preference: 9,
    });
    const outcome = world.receive({ type: INFORMATION_REQUEST, duid: '', asks: [23, 24, 31, 56, 32, 99] });
    assert.ok(outcome.kind === 'answer');
    const { options } = answerOf(outcome.answer.payload);
    assert.equal(options.get(23)?.toString('hex'), '20010db8000100000000000000000001');
    assert.equal(options.get(24)?.toString('latin1'), '\x04shop\x07example\0');
    assert.equal(options.get(31)?.toString('hex'), '20010db8000100000000000000000002');
    assert.equal(options.get(56)?.toString('hex'), '0001001020010db8000100000000000000000002');
    assert.equal(options.get(32)?.readUInt32BE(0), 86_400);
    assert.deepEqual(options.get(2), SERVER_DUID);
    const solicited = world.receive({ type: SOLICIT, duid: A, wants: NA });
    assert.ok(solicited.kind === 'answer');
    const advertised = answerOf(solicited.answer.payload).options;
    assert.equal(advertised.get(7)?.toString('hex'), '09');
    assert.equal(advertised.get(1)?.toString('hex'), A);
    assert.equal(advertised.get(23), undefined, 'it did not ask');
    const times = advertised.get(3)!;
    assert.deepEqual([times.readUInt32BE(4), times.readUInt32BE(8)], [13_500, 21_600], 'T1 and T2');
  });

  it('who names another server, or none, or a wrong way to ask, gets nothing but its counter', () => {
    const unicast = { ...onLink6(), destination: number6('2001:db8:1::1') };
    const other = Buffer.from('00030001020000000099', 'hex');
    const cases: [Parameters<World6['said']>, string][] = [
      [[{ type: REQUEST6, serverId: other, wants: NA }], 'dhcp6_other_server'],
      [[{ type: REQUEST6, wants: NA }], 'dhcp6_server_id'],
      [[{ type: SOLICIT, serverId, wants: NA }], 'dhcp6_server_id'],
      [[{ type: SOLICIT, duid: '', wants: NA }], 'dhcp6_no_client_id'],
      [[{ type: SOLICIT, duid: 'ff', wants: NA }], 'dhcp6_no_client_id'],
      [[{ type: INFORMATION_REQUEST, wants: NA }], 'dhcp6_with_associations'],
      [[{ type: codes.REPLY, wants: NA }], 'dhcp6_unknown_type'],
      [[{ type: 99 }], 'dhcp6_unknown_type'],
      [[{ type: SOLICIT, wants: NA }, onLink6('fe80::a', 'dmz')], 'dhcp6_no_network'],
      [[{ type: SOLICIT, wants: NA }, onLink6('2001:db8:1::5')], 'dhcp6_not_link_local'],
      [[{ type: SOLICIT, wants: NA }, unicast], 'dhcp6_by_unicast'],
      [[{ type: REQUEST6, serverId, wants: NA }, unicast], 'reply 5'],
      [[{ type: SOLICIT, more: [option6(3, Buffer.alloc(11))] }], 'dhcp6_malformed'],
      [[{ type: SOLICIT, wants: [...NA, ...NA] }], 'dhcp6_malformed'],
      [
        [{ type: SOLICIT, wants: Array.from({ length: 17 }, (_, iaid) => ({ kind: 'pd' as const, iaid })) }],
        'dhcp6_too_many',
      ],
    ];
    for (const [message, expected] of cases) {
      world = new World6();
      assert.equal(world.said(...message), expected);
    }
    assert.equal(world.said({ type: SOLICIT, duid: A, wants: [{ kind: 'ta' }] }), 'advertise, ta status 2');
  });

  it('limits of one client, one place, one network', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ kind: 'pd' as const, iaid: i }));
    const granted = (said: string) => said.split('/56').length - 1;
    const ask = (duid: string, count: number, source = 'fe80::a') =>
      granted(world.said({ type: REQUEST6, duid, serverId, wants: many(count) }, onLink6(source)));
    const wide = { ...LAN6, delegation: [{ prefix: '2001:db8:f000::/40', length: 56 }] };
    world.configure({ ...wide, limits: { leases_per_client: 3, leases_per_port: 5, leases: 7 } });
    assert.equal(ask(A, 8), 3);
    assert.equal(ask(B, 8), 2, 'behind the same address');
    assert.equal(ask(B, 8, 'fe80::b'), 3, 'two that it has, and one more');
    assert.equal(ask('0003000102000000000c', 8, 'fe80::c'), 1, 'the network is full');
    world.configure({ ...wide, limits: { client_requests_per_s: 1, requests_per_s: 3 } });
    const rate = (source: string) => world.said({ type: SOLICIT, wants: NA }, onLink6(source));
    for (let i = 0; i < 4; i++) assert.match(rate('fe80::a'), /^advertise/);
    assert.equal(rate('fe80::a'), 'dhcp6_client_over_rate');
    for (let i = 0; i < 2; i++) assert.match(rate('fe80::b'), /^advertise/);
    assert.equal(rate('fe80::c'), 'dhcp6_over_rate');
  });

  it('through relays: by the link that the nearest one names, and back through all of them', () => {
    world.configure(
      { subnet: '2001:db8:5::/64', pools: [{ range: '2001:db8:5::100' }], relays: ['2001:db8:9::1'] },
      LAN6,
    );
    const inner = bytes6({ type: SOLICIT, duid: A, wants: NA });
    const near = relayed(inner, '2001:db8:5::1', 'fe80::a', 'port 7');
    const both = relayed(near, '::', '2001:db8:5::1', undefined, 1);
    const arrival = {
      vrf: 'default',
      interface: null,
      source: number6('2001:db8:9::1'),
      destination: number6('2001:db8:1::1'),
    };
    assert.equal(world.saidTo(both, arrival), 'advertise, na 2001:db8:5::100');
    assert.equal(world.saidTo(both, { ...arrival, source: number6('2001:db8:9::2') }), 'dhcp6_relay_refused');
    assert.equal(world.saidTo(relayed(inner, '2001:db8:6::1', 'fe80::a'), arrival), 'dhcp6_no_network');
    // A relay that names no link of its own is on the link that its message came in by (RFC 6221).
    assert.match(
      world.saidTo(relayed(inner, '::', 'fe80::a', 'eth1'), onLink6('fe80::99')),
      /^advertise, na 2001:db8:1::1/,
    );
    const outcome = world.engine.receive({ relays: [], message: answerOf(inner) }, onLink6(), world.nowMs);
    assert.ok(outcome.kind === 'answer');
  });

  it('a RELAY-REPL has what the RELAY-FORW had', () => {
    const inner = bytes6({ type: SOLICIT, duid: A, wants: NA });
    const forward = relayed(
      relayed(inner, '2001:db8:1::2', 'fe80::a', 'p7'),
      '2001:db8:1::3',
      'fe80::b',
      'q',
      1,
    );
    const received = world.saidTo(forward, onLink6('fe80::99'));
    assert.match(received, /^advertise/);
  });
});
