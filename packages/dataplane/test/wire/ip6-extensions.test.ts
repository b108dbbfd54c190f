import assert from 'node:assert/strict';
import { seed } from '@sluice/shared/test-support';
import {
  CHAIN_GOOD,
  CHAIN_MISPLACED,
  CHAIN_TOO_LONG,
  CHAIN_TRUNCATED,
  checkOptions,
  findIp6Upper,
  ip6Upper,
  OPTIONS_BROKEN,
  OPTIONS_DISCARD,
  OPTIONS_GOOD,
  OPTIONS_PROBLEM,
  OPTIONS_TOO_MANY,
  optionAt,
} from '../../src/wire/ip6-extensions.js';
import { concat, pattern, viewOf } from '../support/packets.js';
import { extension, fragmentHeader, ip6 } from '../support/packets6.js';
import { xorshift } from '../tables/random.js';

const AT = 16;

/** Walks a packet that stands among octets of another kind. */
function walk(nextHeader: number, payload: Uint8Array): number {
  const packet = ip6({ src: '2001:db8::1', dst: '2001:db8::2', nextHeader, payload });
  const bytes = new Uint8Array(AT + packet.length + 64).fill(0xa5);
  bytes.set(packet, AT);
  return findIp6Upper(bytes, AT, AT + packet.length);
}

/** The same walk again, as slowly and plainly as can be. */
function slowWalk(
  nextHeader: number,
  payload: Uint8Array,
): { verdict: number; protocol: number; at: number } {
  let protocol = nextHeader;
  let at = 0;
  for (let count = 0; ; count++) {
    if (![0, 43, 44, 51, 60].includes(protocol)) return { verdict: CHAIN_GOOD, protocol, at };
    if (protocol === 0 && count > 0) return { verdict: CHAIN_MISPLACED, protocol, at };
    if (count >= 8) return { verdict: CHAIN_TOO_LONG, protocol, at };
    if (at + 8 > payload.length) return { verdict: CHAIN_TRUNCATED, protocol, at };
    const field = payload[at + 1]!;
    const size = protocol === 44 ? 8 : protocol === 51 ? (field + 2) * 4 : (field + 1) * 8;
    if (at + size > payload.length) return { verdict: CHAIN_TRUNCATED, protocol, at };
    if (at + size > 512) return { verdict: CHAIN_TOO_LONG, protocol, at };
    const later = protocol === 44 && viewOf(payload).getUint16(at + 2) >= 8;
    protocol = payload[at]!;
    at += size;
    if (later) return { verdict: CHAIN_GOOD, protocol, at };
  }
}

describe('wire/ip6-extensions', () => {
  it('finds what is behind each kind of header, and where it is named', () => {
    const chain = concat(
      extension(60, new Uint8Array(6)),
      extension(43, new Uint8Array(14)),
      Uint8Array.of(44, 0, 4, 0, 0, 0, 0, 0),
      fragmentHeader(51, 0, true),
      Uint8Array.of(6, 1, ...new Uint8Array(10)),
    );
    assert.equal(walk(0, concat(chain, pattern(20))), CHAIN_GOOD);
    assert.deepEqual(
      { ...ip6Upper },
      {
        protocol: 6,
        at: AT + 40 + chain.length,
        named: AT + 40 + 40,
        routing: AT + 40 + 24,
        fragmentAt: AT + 40 + 32,
        fragment: true,
        laterFragment: false,
      },
    );
    assert.equal(walk(17, pattern(8)), CHAIN_GOOD);
    assert.deepEqual(
      { ...ip6Upper },
      {
        protocol: 17,
        at: AT + 40,
        named: AT + 6,
        routing: 0,
        fragmentAt: 0,
        fragment: false,
        laterFragment: false,
      },
    );
  });

  it('looks no further than a fragment header with an offset', () => {
    assert.equal(walk(44, concat(fragmentHeader(60, 8, false), pattern(3))), CHAIN_GOOD);
    assert.equal(ip6Upper.protocol, 60);
    assert.equal(ip6Upper.laterFragment, true);
  });

  it(`agrees with a slow walk about any octets (seed ${seed})`, () => {
    const random = xorshift(seed);
    const kinds = [0, 43, 44, 51, 60, 60, 60, 6, 17];
    const seen = new Set<number>();
    for (let round = 0; round < 20_000; round++) {
      const payload = Uint8Array.from({ length: random() % 700 }, () => random());
      // Mostly headers one after another, with lengths that are short.
      for (let at = 0, left = random() % 12; at + 1 < payload.length && left > 0; left--) {
        payload[at] = kinds[random() % kinds.length]!;
        payload[at + 1] = random() % 20 === 0 ? random() : random() % 3;
        if (random() % 3 !== 0 && at + 3 < payload.length) payload.fill(0, at + 2, at + 4);
        at += (payload[at + 1]! + 1) * 8;
      }
      const first = kinds[random() % kinds.length]!;
      const verdict = walk(first, payload);
      const { protocol, at } = ip6Upper;
      assert.deepEqual({ verdict, protocol, at: at - AT - 40 }, slowWalk(first, payload));
      seen.add(verdict);
    }
    assert.equal(seen.size, 4, 'every verdict');
  });

  const toGroup = ip6({ src: '2001:db8::1', dst: 'ff02::1' });
  const toHost = ip6({ src: '2001:db8::1', dst: '2001:db8::2' });
  const check = (header: Uint8Array, packet = toHost): number => checkOptions(concat(packet, header), 0, 40);
  const of = (type: number): Uint8Array => extension(17, Uint8Array.of(type, 0, 0, 0, 0, 0));

  it('does with an unknown option what the upper bits of its type say', () => {
    assert.deepEqual(
      [0x02, 0x42, 0x82, 0xc2].map(of).map((header) => check(header)),
      [OPTIONS_GOOD, OPTIONS_DISCARD, OPTIONS_PROBLEM, OPTIONS_PROBLEM],
    );
    assert.equal(optionAt.at, 42);
    assert.deepEqual(
      [0x02, 0x42, 0x82, 0xc2].map(of).map((header) => check(header, toGroup)),
      [OPTIONS_GOOD, OPTIONS_DISCARD, OPTIONS_PROBLEM, OPTIONS_DISCARD],
    );
  });

  it('refuses options that reach beyond their header, and too many of them', () => {
    assert.equal(check(Uint8Array.of(17, 0, 1, 4, 0, 0, 0, 0)), OPTIONS_GOOD);
    assert.equal(check(Uint8Array.of(17, 0, 1, 5, 0, 0, 0, 0)), OPTIONS_BROKEN);
    assert.equal(check(Uint8Array.of(17, 0, 1, 3, 0, 0, 0, 1)), OPTIONS_BROKEN);
    assert.equal(check(Uint8Array.of(17, 0, 0, 0, 0, 0, 0, 0)), OPTIONS_GOOD);
    const many = (count: number): Uint8Array => {
      const content = new Uint8Array(count * 2);
      for (let i = 0; i < count; i++) content[2 * i] = 0x1e;
      return extension(17, content);
    };
    assert.equal(check(many(8)), OPTIONS_GOOD);
    assert.equal(check(many(9)), OPTIONS_TOO_MANY);
    assert.equal(check(extension(17, Uint8Array.of(1, 5, 0, 0, 0, 0, 0, 0x1e, 0))), OPTIONS_GOOD);
    assert.equal(check(extension(17, Uint8Array.of(1, 6, 0, 0, 0, 0, 0, 0, 0x1e, 0))), OPTIONS_TOO_MANY);
  });
});
