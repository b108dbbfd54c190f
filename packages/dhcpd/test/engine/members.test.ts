// limits.per_port: what is behind one member of a bridge, whatever its stations call themselves.
import assert from 'node:assert/strict';
import { parseIp4 } from '@sluice/shared';
import { DECLINE, DISCOVER, REQUEST } from '../../src/wire/codes.js';
import { onLink, routed } from '../support/client.js';
import { LAN, type ServerInput, World, words } from '../support/world.js';

const SERVER = '10.1.0.1';
const WIDE: ServerInput = {
  ...LAN,
  pools: [{ range: '10.1.0.10-10.1.0.250' }],
  limits: { per_port: 20, requests_per_s: 1_000_000 },
};

const macOf = (n: number): string =>
  `02:00:${[24, 16, 8, 0].map((by) => ((n >>> by) & 255).toString(16).padStart(2, '0')).join(':')}`;

class Bridge extends World {
  discover(n: number, member: string, mac = macOf(n)): string {
    return this.said({ type: DISCOVER, mac }, onLink(mac, 'lan', 'default', member));
  }

  /** DISCOVER and REQUEST: the last word of the server. */
  lease(n: number, member: string): string {
    const offer = this.discover(n, member);
    const [kind, requested] = offer.split(' ');
    if (kind !== 'offer' || requested === undefined) return offer;
    return this.request(n, member, requested);
  }

  request(n: number, member: string, requested: string): string {
    const mac = macOf(n);
    return this.said(
      { type: REQUEST, mac, requested, serverId: SERVER },
      onLink(mac, 'lan', 'default', member),
    );
  }

  bound(member: string): number {
    return [...this.engine.leases.all()].filter((lease) => lease.state === 'bound' && lease.member === member)
      .length;
  }
}

describe('members of a bridge', () => {
  it('one that makes up thousands of MAC addresses takes what it may have, and no more', () => {
    const world = new Bridge(WIDE);
    const said = new Map<string, number>();
    for (let n = 1; n <= 4_000; n++) {
      const kind = world.lease(n, 'p1').split(' ')[0]!;
      said.set(kind, (said.get(kind) ?? 0) + 1);
    }
    assert.deepEqual(
      [...said],
      [
        ['ack', 20],
        ['port_full', 3_980],
      ],
    );
    assert.equal(world.bound('lan/p1'), 20);
    for (let n = 5_001; n <= 5_020; n++) assert.match(world.lease(n, 'p2'), /^ack /);
    assert.equal(world.lease(5_021, 'p2'), 'port_full');
    assert.match(world.lease(1, 'p1'), /^ack /, 'who has one keeps it');
  });

  it('members that the data plane did not name are one, and so is who comes around the bridge', () => {
    const world = new Bridge(WIDE);
    for (let n = 1; n <= 20; n++) assert.match(world.lease(n, n % 2 === 0 ? '' : 'gone'), /^ack /);
    assert.equal(world.lease(21, ''), 'port_full');
    const mac = macOf(22);
    assert.equal(world.said({ type: DISCOVER, mac }, routed('10.1.0.77', SERVER)), 'port_full');
    assert.match(world.lease(23, 'p1'), /^ack /);
  });

  it('offers count, and addresses that are being asked about', () => {
    const world = new Bridge(WIDE);
    for (let n = 1; n <= 20; n++) assert.match(world.discover(n, 'p1'), /^offer /);
    assert.equal(world.discover(21, 'p1'), 'port_full');
    world.nowMs += 60_000;
    world.engine.expire(world.nowMs);
    assert.match(world.discover(21, 'p1'), /^offer /, 'offers that nobody took are over');

    const asking = new Bridge({ ...WIDE, probe_ms: 500 });
    for (let n = 1; n <= 20; n++) assert.match(asking.discover(n, 'p1'), /^probe /);
    assert.equal(asking.discover(21, 'p1'), 'port_full');
    assert.match(asking.discover(22, 'p2'), /^probe /);
  });

  it('an offer that was asked about counts once', () => {
    const world = new Bridge({ ...WIDE, probe_ms: 500, limits: { ...WIDE.limits, per_port: 2 } });
    const mac = macOf(1);
    const outcome = world.receive({ type: DISCOVER, mac }, onLink(mac, 'lan', 'default', 'p1'));
    assert.equal(outcome.kind, 'probe');
    if (outcome.kind !== 'probe') return;
    assert.match(words(outcome.probe.resume(false, world.nowMs)), /^offer /);
    assert.match(world.discover(2, 'p1'), /^probe /);
    assert.equal(world.discover(3, 'p1'), 'port_full');
  });

  it('who declines what it was offered has one less for that time', () => {
    const world = new Bridge(WIDE);
    for (let n = 1; n <= 20; n++) {
      const mac = macOf(n);
      const requested = world.discover(n, 'p1').split(' ')[1]!;
      const declined = world.said({ type: DECLINE, mac, requested }, onLink(mac, 'lan', 'default', 'p1'));
      assert.equal(declined, 'settled');
    }
    assert.equal(world.discover(21, 'p1'), 'port_full');
    assert.match(world.discover(22, 'p2'), /^offer /);
    world.nowMs += 3_600_000;
    world.engine.expire(world.nowMs);
    assert.match(world.discover(23, 'p1'), /^offer /);
  });

  it('what clients had once does not come on top', () => {
    const world = new Bridge({ ...WIDE, lease_time_s: 60 });
    const first = Array.from({ length: 20 }, (_, i) => world.lease(1 + i, 'p1').split(' ')[1]!);
    world.nowMs += 61_000;
    world.engine.expire(world.nowMs);
    for (let n = 101; n <= 120; n++) assert.match(world.lease(n, 'p1'), /^ack /);
    assert.equal(world.discover(1, 'p1'), 'port_full');
    assert.equal(world.request(2, 'p1', first[1]!), 'nak');
    const mac = macOf(3);
    const back = { type: REQUEST, mac, requested: first[2]! };
    assert.equal(world.said(back, onLink(mac, 'lan', 'default', 'p1')), 'nak');
    assert.equal(world.bound('lan/p1'), 20);
  });

  it('a client that moves counts where it is; a renewal by routing changes nothing', () => {
    const world = new Bridge({ ...WIDE, limits: { ...WIDE.limits, per_port: 1 } });
    const address = world.lease(1, 'p1').split(' ')[1]!;
    const renewal = { type: REQUEST, mac: macOf(1), ciaddr: address };
    assert.equal(world.said(renewal, routed(address, SERVER)), `ack ${address}`);
    assert.deepEqual([world.bound('lan/p1'), world.bound('lan/?')], [1, 0]);
    assert.equal(world.lease(1, 'p2'), `ack ${address}`);
    assert.deepEqual([world.bound('lan/p1'), world.bound('lan/p2')], [0, 1]);
    assert.match(world.lease(2, 'p1'), /^ack /);
  });

  it('a reservation is given behind a member that is full', () => {
    const reserved = { mac: macOf(99), address: '10.1.0.5' };
    const limits = { ...WIDE.limits, per_port: 1 };
    const world = new Bridge({ ...WIDE, limits, reservations: [reserved] });
    assert.match(world.lease(1, 'p1'), /^ack /);
    assert.equal(world.lease(2, 'p1'), 'port_full');
    assert.equal(world.lease(99, 'p1'), 'ack 10.1.0.5');
  });

  it('leases that were read again count', () => {
    const before = new Bridge(WIDE);
    for (let n = 1; n <= 20; n++) before.lease(n, 'p1');
    const world = new Bridge(WIDE);
    for (const lease of before.engine.leases.all()) world.engine.restore(lease);
    assert.equal(world.lease(21, 'p1'), 'port_full');
    assert.equal(world.engine.leases.get('default', parseIp4('10.1.0.10')!)?.member, 'lan/p1');
  });

  it('one has half of the rate', () => {
    const world = new Bridge({ ...WIDE, limits: { per_port: 200, requests_per_s: 100 } });
    const asked = (member: string, from: number): number =>
      Array.from({ length: 150 }, (_, i) => world.discover(from + i, member)).filter((text) =>
        text.startsWith('offer'),
      ).length;
    assert.equal(asked('p1', 1), 100);
    assert.equal(world.discover(900, 'p1'), 'member_over_rate');
    assert.equal(asked('p2', 1_000), 100);
    assert.equal(world.discover(2_000, ''), 'over_rate');
  });
});
