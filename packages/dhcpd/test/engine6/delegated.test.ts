// Addresses of a delegated prefix: no longer than it, and of another one when it has changed.
import assert from 'node:assert/strict';
import * as codes from '../../src/wire6/codes.js';
import { option6 } from '../../src/wire6/options.js';
import { answerOf } from '../support/client6.js';
import { networkOf, SERVER_DUID, World6 } from '../support/world6.js';

const DUID = '0003000102000000000a';
const { SOLICIT, REQUEST6, RENEW, REBIND } = codes;

describe('DHCPv6: addresses of a delegated prefix', () => {
  let world: World6;

  /** A LAN that has subnet 7 of a prefix, for so many seconds. */
  function delegate(prefix: string, preferredS: number, validS: number): void {
    const until = (seconds: number): number => world.nowMs + seconds * 1000;
    const network = networkOf({ interface: 'lan', pools: [{ range: `${prefix}::100-${prefix}::1ff` }] });
    world.engine.configure(
      [
        {
          ...network,
          addresses: [`${prefix}::1/64`],
          delegated: [
            {
              prefix: `${prefix}::/64`,
              preferred_until_ms: until(preferredS),
              valid_until_ms: until(validS),
            },
          ],
        },
      ],
      world.nowMs,
    );
  }

  /** T1, T2, and of each address how long it is preferred and valid. */
  function times(type: number, has: string[] = []): number[][] {
    const wants = [{ kind: 'na' as const, has }];
    const outcome = world.receive({
      type,
      duid: DUID,
      ...(type !== SOLICIT && { serverId: SERVER_DUID }),
      wants,
    });
    assert.ok(outcome.kind === 'answer');
    const value = answerOf(outcome.answer.payload).options.get(codes.OPTION_IA_NA);
    assert.ok(value !== undefined);
    const words = (at: number, offset: number): number[] => [
      value.readUInt32BE(at),
      value.readUInt32BE(at + offset),
    ];
    const marker = option6(codes.OPTION_IA_ADDRESS, Buffer.alloc(24)).subarray(0, 4);
    const addresses = [];
    for (let at = value.indexOf(marker, 12); at >= 0; at = value.indexOf(marker, at + 28))
      addresses.push(words(at + 20, 4));
    return [words(4, 4), ...addresses];
  }
  const said = (type: number, has: string[]): string =>
    world.said({
      ...{ type, duid: DUID, wants: [{ kind: 'na' as const, has }] },
      ...(type !== REBIND && { serverId: SERVER_DUID }),
    });

  beforeEach(() => {
    world = new World6();
  });

  it('last no longer than hosts are told of one (RFC 9096)', () => {
    delegate('2001:db8:f000:7', 80_000, 90_000);
    assert.deepEqual(times(REQUEST6), [
      [1_350, 2_160],
      [2_700, 5_400],
    ]);
  });

  it('last no longer than it does, and so do leases', () => {
    delegate('2001:db8:f000:7', 400, 600);
    world.nowMs += 100_000;
    assert.deepEqual(times(REQUEST6), [
      [150, 240],
      [300, 500],
    ]);
    const [lease] = [...world.engine.leases.all()];
    assert.equal(lease?.expiresMs, world.nowMs + 500_000);
    assert.equal(world.engine.expire(world.nowMs + 500_000).length, 1);
  });

  for (const [what, type] of [
    ['renews', RENEW],
    ['rebinds', REBIND],
  ] as const)
    it(`are taken back from a client that ${what} when the prefix is another, and it has one of that`, () => {
      delegate('2001:db8:f000:7', 4_000, 6_000);
      const first = said(REQUEST6, []).replace('reply, na ', '');
      assert.match(first, /^2001:db8:f000:7::1[0-9a-f]{2}$/);
      delegate('2001:db8:e000:7', 4_000, 6_000);
      const answer = said(type, [first]);
      assert.match(answer, /^reply, na 2001:db8:e000:7::1[0-9a-f]{2} !2001:db8:f000:7::1[0-9a-f]{2}$/);
      assert.ok(answer.endsWith(first));
      assert.deepEqual(world.bound(), [answer.split(' ')[2]]);
    });
});
