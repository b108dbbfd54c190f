// Whatever clients do: no address or prefix is anybody's twice, nor one that the configuration has not to give.
import assert from 'node:assert/strict';
import { inRange6, ip6Number, parseIp6, parseIp6Prefix, parseIp6Range, rangeOf6 } from '@sluice/shared';
import fc from 'fast-check';
import * as codes from '../../src/wire6/codes.js';
import { LAN6, onLink6, SERVER_DUID, World6 } from '../support/world6.js';

const TYPES = [
  codes.SOLICIT,
  codes.REQUEST6,
  codes.RENEW,
  codes.REBIND,
  codes.RELEASE6,
  codes.DECLINE6,
] as const;
const NAMES = ['2001:db8:1::10', '2001:db8:1::11', '2001:db8:1::13', '2001:db8:1::1', '2001:db8:2::1'];
const PREFIXES = [
  '2001:db8:f000::/56',
  '2001:db8:f000:300::/56',
  '2001:db8:f000::/60',
  '::/56',
  '2001:db8:1::/56',
];

const wish = fc.oneof(
  fc.record({
    kind: fc.constant('na' as const),
    iaid: fc.nat(1),
    has: fc.array(fc.constantFrom(...NAMES), { maxLength: 2 }),
  }),
  fc.record({
    kind: fc.constant('pd' as const),
    iaid: fc.nat(1),
    has: fc.array(fc.constantFrom(...PREFIXES), { maxLength: 2 }),
  }),
);
const step = fc.record({
  type: fc.constantFrom(...TYPES),
  who: fc.nat(5),
  wants: fc.array(wish, { maxLength: 3 }),
  passS: fc.constantFrom(0, 1, 600, 30_000),
});

describe('DHCPv6 messages in whatever order', () => {
  it('leaves every address and prefix with one client, and within the pools', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const world = new World6(LAN6);
        /** Who was told last that it has something, until when. */
        const told = new Map<string, { who: number; untilMs: number }>();
        for (const { type, who, wants, passS } of steps) {
          world.nowMs += passS * 1000;
          world.engine.expire(world.nowMs);
          const once = wants.filter(
            (one, i) => wants.findIndex(({ kind, iaid }) => kind === one.kind && iaid === one.iaid) === i,
          );
          const named = type !== codes.SOLICIT && type !== codes.REBIND;
          const said = world.said(
            {
              type,
              duid: `0003000102000000000${who}`,
              wants: once,
              ...(named ? { serverId: SERVER_DUID } : {}),
            },
            onLink6(`fe80::${who + 1}`),
          );
          if (type === codes.RELEASE6 || type === codes.DECLINE6) {
            for (const { has } of wants)
              for (const text of has) if (told.get(text)?.who === who) told.delete(text);
          } else if (said.startsWith('reply')) {
            for (const [, text] of said.matchAll(/ (2001:\S+?)(?=,| |$)/g)) {
              const other = told.get(text!);
              assert.ok(
                other === undefined || other.who === who || other.untilMs <= world.nowMs,
                `${text} is ${other?.who}'s, and was given to ${who}: ${said}`,
              );
              assert.ok(isToGive(text!), `${text} is not to give`);
              told.set(text!, { who, untilMs: world.nowMs + 43_200_000 });
            }
          }
        }
        assert.equal(world.engine.countOf(world.engine.networks[0]!), [...world.engine.leases.all()].length);
      }),
      { numRuns: 300, seed: 6 },
    );
  });
});

function isToGive(text: string): boolean {
  const prefix = parseIp6Prefix(text);
  if (prefix !== null)
    return (
      prefix.length === 56 &&
      inRange6(rangeOf6(parseIp6Prefix('2001:db8:f000::/54')!), ip6Number(prefix.address))
    );
  return inRange6(parseIp6Range(LAN6.pools![0]!.range)!, ip6Number(parseIp6(text)!));
}
