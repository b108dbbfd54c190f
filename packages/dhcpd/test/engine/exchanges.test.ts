import assert from 'node:assert/strict';
import { ACK, DECLINE, DISCOVER, INFORM, NAK, OFFER, RELEASE, REQUEST } from '../../src/wire/codes.js';
import { onLink, routed } from '../support/client.js';
import { LAN, stateOf, World, words } from '../support/world.js';

const A = '02:00:00:00:00:0a';
const B = '02:00:00:00:00:0b';
const SERVER = '10.1.0.1';

describe('the states of a client (RFC 2131 section 4.3)', () => {
  let world: World;
  const selects = (mac: string, address: string) =>
    world.said({ type: REQUEST, mac, requested: address, serverId: SERVER });

  beforeEach(() => {
    world = new World();
  });

  it('offers an address and binds it to who selects it', () => {
    assert.equal(world.said({ type: DISCOVER, mac: A }), 'offer 10.1.0.10');
    assert.equal(world.said({ type: DISCOVER, mac: B }), 'offer 10.1.0.11');
    assert.equal(selects(A, '10.1.0.10'), 'ack 10.1.0.10');
    assert.equal(selects(B, '10.1.0.10'), 'nak');
    assert.equal(selects(B, '10.1.0.11'), 'ack 10.1.0.11');
  });

  it('offers the same address again, and the one that a client asks for when it is free', () => {
    assert.equal(world.said({ type: DISCOVER, mac: A }), 'offer 10.1.0.10');
    assert.equal(world.said({ type: DISCOVER, mac: A }), 'offer 10.1.0.10');
    assert.equal(world.said({ type: DISCOVER, mac: B, requested: '10.1.0.12' }), 'offer 10.1.0.12');
    assert.equal(world.said({ type: DISCOVER, mac: MAC3, requested: '10.1.0.12' }), 'offer 10.1.0.11');
  });

  it('forgets an offer when the client chooses another server', () => {
    world.said({ type: DISCOVER, mac: A, requested: '10.1.0.12' });
    assert.equal(
      world.said({ type: REQUEST, mac: A, requested: '10.1.0.77', serverId: '10.1.0.99' }),
      'other_server_chosen',
    );
    assert.equal(world.said({ type: DISCOVER, mac: B, requested: '10.1.0.12' }), 'offer 10.1.0.12');
  });

  it('INIT-REBOOT: confirms what it knows, refuses what is wrong, is silent about what it does not know', () => {
    world.said({ type: DISCOVER, mac: A });
    selects(A, '10.1.0.10');
    assert.equal(world.said({ type: REQUEST, mac: A, requested: '10.1.0.10' }), 'ack 10.1.0.10');
    assert.equal(world.said({ type: REQUEST, mac: A, requested: '10.1.0.11' }), 'nak', 'it has another');
    assert.equal(world.said({ type: REQUEST, mac: B, requested: '10.1.0.10' }), 'nak', "it is A's");
    assert.equal(world.said({ type: REQUEST, mac: B, requested: '192.0.2.9' }), 'nak', 'another network');
    assert.equal(world.said({ type: REQUEST, mac: B, requested: '10.1.0.11' }), 'unknown_lease');
  });

  it('authoritative: refuses what it does not know', () => {
    world = new World({ ...LAN, authoritative: true });
    assert.equal(world.said({ type: REQUEST, mac: B, requested: '10.1.0.11' }), 'nak');
  });

  it('renews by unicast and rebinds by broadcast, for the whole time again', () => {
    world.said({ type: DISCOVER, mac: A });
    selects(A, '10.1.0.10');
    const expires = () => world.engine.leases.get('default', 0x0a01000a)!.expiresMs;
    const first = expires();
    world.nowMs += 5_000;
    assert.equal(
      world.said({ type: REQUEST, mac: A, ciaddr: '10.1.0.10' }, routed('10.1.0.10', SERVER)),
      'ack 10.1.0.10',
    );
    assert.equal(expires(), first + 5_000);
    world.nowMs += 5_000;
    const { answer } = world.answer({ type: REQUEST, mac: A, ciaddr: '10.1.0.10' });
    assert.deepEqual(answer.to, {
      kind: 'link',
      mac: Buffer.from('02000000000a', 'hex'),
      address: 0x0a01000a,
    });
    assert.equal(expires(), first + 10_000);
    assert.equal(world.said({ type: REQUEST, mac: B, ciaddr: '10.1.0.10' }), 'nak');
    assert.equal(world.said({ type: REQUEST, mac: B, ciaddr: '10.9.0.10' }), 'nak');
  });

  it('gives a released address to others last, and back to who had it', () => {
    world.said({ type: DISCOVER, mac: A });
    selects(A, '10.1.0.10');
    assert.equal(world.said({ type: RELEASE, mac: B, ciaddr: '10.1.0.10' }), 'not_ours');
    assert.equal(world.said({ type: RELEASE, mac: A, ciaddr: '10.1.0.10' }), 'settled');
    assert.equal(world.said({ type: DISCOVER, mac: B }), 'offer 10.1.0.11');
    assert.equal(world.said({ type: DISCOVER, mac: A }), 'offer 10.1.0.10');
  });

  it('gives an expired address to others only when no other is left, the longest expired first', () => {
    for (const [mac, address] of [
      [A, '10.1.0.10'],
      [B, '10.1.0.11'],
    ] as const) {
      world.said({ type: DISCOVER, mac });
      selects(mac, address);
      world.nowMs += 1000;
    }
    world.nowMs += 43_200_000;
    assert.deepEqual(
      world.engine.expire(world.nowMs).map(({ state, address }) => [state, address & 255]),
      [
        ['expired', 10],
        ['expired', 11],
      ],
    );
    assert.equal(world.said({ type: DISCOVER, mac: MAC3 }), 'offer 10.1.0.12');
    assert.equal(world.said({ type: DISCOVER, mac: '02:00:00:00:00:0d' }), 'offer 10.1.0.10');
    assert.equal(world.said({ type: DISCOVER, mac: B }), 'offer 10.1.0.11');
    assert.equal(world.said({ type: DISCOVER, mac: A }), 'no_free_address');
  });

  it('leaves a declined address alone for a while; of who does not have it, a DECLINE is nothing', () => {
    world.said({ type: DISCOVER, mac: A });
    selects(A, '10.1.0.10');
    assert.equal(world.said({ type: DECLINE, mac: B, requested: '10.1.0.10' }), 'not_ours');
    assert.equal(world.said({ type: DECLINE, mac: A, requested: '10.1.0.10', serverId: SERVER }), 'settled');
    assert.equal(world.said({ type: DISCOVER, mac: A, requested: '10.1.0.10' }), 'offer 10.1.0.11');
    assert.equal(world.said({ type: REQUEST, mac: A, requested: '10.1.0.10' }), 'nak');
    world.nowMs += 3_600_000;
    world.engine.expire(world.nowMs);
    assert.equal(world.said({ type: DISCOVER, mac: A, requested: '10.1.0.10' }), 'offer 10.1.0.10');
  });

  it('INFORM: options for an address that it did not give, and no lease', () => {
    const { answer, message } = world.answer({ type: INFORM, mac: A, ciaddr: '10.1.0.200' });
    assert.equal(answer.type, ACK);
    assert.equal(message.yiaddr, 0);
    assert.equal(message.options.has(51), false);
    assert.equal(message.options.get(1)?.toString('hex'), 'ffffff00');
    assert.equal(world.said({ type: INFORM, mac: A }), 'no_address_of_its_own');
    assert.equal(world.engine.leases.size, 0);
  });

  it('asks about an address first, and offers the next one when somebody has it', () => {
    world = new World({ ...LAN, probe_ms: 500 });
    const first = world.receive({ type: DISCOVER, mac: A });
    assert.equal(words(first), 'probe 10.1.0.10');
    assert.equal(world.said({ type: DISCOVER, mac: A }), 'still_probed');
    assert.ok(first.kind === 'probe');
    const second = first.probe.resume(true, world.nowMs);
    assert.equal(words(second), 'probe 10.1.0.11');
    assert.ok(second.kind === 'probe');
    const third = second.probe.resume(false, world.nowMs);
    assert.equal(words(third), 'offer 10.1.0.11');
    assert.ok(third.kind === 'answer');
    assert.deepEqual(
      third.writes.map(({ address, state }) => [address & 255, state]),
      [[10, 'declined']],
    );
    assert.equal(world.engine.counters.get('conflict'), 1);
    assert.equal(selects(A, '10.1.0.11'), 'ack 10.1.0.11');
    assert.equal(world.said({ type: DISCOVER, mac: A }), 'offer 10.1.0.11', 'its own is not asked about');
  });

  it('a client that gets another address gives the first one back', () => {
    world.said({ type: DISCOVER, mac: A });
    selects(A, '10.1.0.10');
    world.engine.configure(
      stateOf({ ...LAN, reservations: [{ mac: A, address: '10.1.0.50' }] }),
      world.nowMs,
    );
    assert.equal(world.said({ type: REQUEST, mac: A, ciaddr: '10.1.0.10' }), 'nak');
    assert.equal(world.said({ type: DISCOVER, mac: A }), 'offer 10.1.0.50');
    assert.equal(selects(A, '10.1.0.50'), 'ack 10.1.0.50');
    assert.equal(world.engine.leases.get('default', 0x0a01000a)?.state, 'released');
  });

  it('answers nobody whose message is none of a client, or of no network', () => {
    assert.equal(world.said({ type: OFFER, mac: A }), 'unknown_type');
    assert.equal(world.said({ type: NAK, mac: A }), 'unknown_type');
    assert.equal(world.said({ type: 99, mac: A }), 'unknown_type');
    assert.equal(world.said({ type: DISCOVER, mac: A }, onLink(A, 'dmz')), 'no_network');
    assert.equal(world.said({ type: REQUEST, mac: A }), 'malformed');
    assert.equal(world.said({ type: DECLINE, mac: A }), 'malformed');
  });
});

const MAC3 = '02:00:00:00:00:0c';
