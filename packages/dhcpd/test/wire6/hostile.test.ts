// Octets of anybody's: none makes the server fail, and each message ends answered or under one name.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as codes from '../../src/wire6/codes.js';
import { buildMessage6, parseMessage6 } from '../../src/wire6/message.js';
import { Options6, option6 } from '../../src/wire6/options.js';
import { bytes6, relayed } from '../support/client6.js';
import { LAN6, onLink6, World6 } from '../support/world6.js';

const VALID = [
  bytes6({
    type: codes.SOLICIT,
    wants: [
      { kind: 'na', has: ['2001:db8:1::10'] },
      { kind: 'pd', has: ['::/56'] },
    ],
    asks: [23],
  }),
  relayed(
    relayed(
      bytes6({ type: codes.REBIND, wants: [{ kind: 'ta', iaid: 3 }] }),
      '2001:db8:1::9',
      'fe80::1',
      'x',
    ),
    '::',
    'fe80::2',
  ),
];

describe('DHCPv6 messages that nobody should send', () => {
  it('random octets, and honest messages with octets changed, cut or repeated', () => {
    const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    const changed = fc
      .tuple(
        fc.constantFrom(...VALID),
        fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 6 }),
        fc.nat(200),
      )
      .map(([bytes, changes, cut]) => {
        const copy = Buffer.from(
          bytes.subarray(0, cut === 0 ? bytes.length : Math.max(1, bytes.length - (cut % bytes.length))),
        );
        for (const [at, value] of changes) copy[at % copy.length] = value;
        return copy;
      });
    const world = new World6({
      ...LAN6,
      limits: { requests_per_s: 1_000_000, client_requests_per_s: 10_000 },
    });
    fc.assert(
      fc.property(fc.oneof(noise, changed), (bytes) => {
        const received = parseMessage6(bytes);
        if (received === null) return;
        world.nowMs += 10;
        const outcome = world.engine.receive(received, onLink6(), world.nowMs);
        if (outcome.kind === 'drop') world.engine.counters.add(outcome.reason);
        else assert.ok(outcome.answer.payload.length < 4_096);
      }),
      { numRuns: 5_000, seed: 547 },
    );
    const names = new Set(world.engine.counters.report().map(({ name }) => name));
    assert.ok(names.has('dhcp6_malformed'));
  });

  it('relays in relays, more than there may be, and options without an end are refused', () => {
    let bytes: Buffer = bytes6({ type: codes.SOLICIT });
    for (let i = 0; i < 9; i++) bytes = relayed(bytes, '::', 'fe80::1');
    assert.equal(parseMessage6(bytes)?.relays.length, 9);
    assert.equal(parseMessage6(relayed(bytes, '::', 'fe80::1')), null);
    assert.equal(parseMessage6(Buffer.from([codes.SOLICIT, 1, 2])), null);
    assert.equal(parseMessage6(Buffer.from([codes.SOLICIT, 1, 2, 3, 0, 1, 0, 5, 1])), null);
    assert.equal(parseMessage6(Buffer.from([codes.RELAY_REPL, 1, 2, 3])), null);
    assert.equal(parseMessage6(Buffer.alloc(0)), null);
    assert.equal(Options6.parse(Buffer.concat(Array.from({ length: 129 }, () => option6(1)))), null);
    assert.notEqual(Options6.parse(Buffer.concat(Array.from({ length: 128 }, () => option6(1)))), null);
  });

  it('what is answered through relays has their links, peers and ports', () => {
    const { relays, message } = parseMessage6(VALID[1]!)!;
    const answer = buildMessage6(
      codes.REPLY,
      message.transaction,
      [option6(13, Buffer.from([0, 0]))],
      relays,
    );
    const outer = Options6.parse(answer, 34)!;
    assert.equal(answer[0], codes.RELAY_REPL);
    assert.equal(answer.subarray(18, 34).toString('hex'), 'fe800000000000000000000000000002');
    assert.equal(outer.has(codes.OPTION_INTERFACE_ID), false);
    const inner = outer.get(codes.OPTION_RELAY_MESSAGE)!;
    assert.equal(inner[0], codes.RELAY_REPL);
    assert.equal(Options6.parse(inner, 34)!.get(codes.OPTION_INTERFACE_ID)?.toString(), 'x');
    assert.equal(Options6.parse(inner, 34)!.get(codes.OPTION_RELAY_MESSAGE)?.[0], codes.REPLY);
  });
});
