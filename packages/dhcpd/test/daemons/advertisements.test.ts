import assert from 'node:assert/strict';
import { type DelegatedPrefix, routerAdvertisementSection } from '@sluice/shared';
import { Advertisements } from '../../src/daemons/advertisements.js';

const NOW_MS = 1_000_000_000;
const PREFIX = '2001:db8:f000:7::/64';

const link = (...delegated: DelegatedPrefix[]) => ({
  section: { ...routerAdvertisementSection.parse({ interface: 'lan' }), prefixes: [] },
  vrf: 'default',
  mtu: null,
  delegated,
});
const ending = (preferredS: number, validS: number): DelegatedPrefix => ({
  prefix: PREFIX,
  preferred_until_ms: NOW_MS + preferredS * 1000,
  valid_until_ms: NOW_MS + validS * 1000,
});

describe('what radvd is told of delegated prefixes', () => {
  const told = (advertisements: Advertisements, one: DelegatedPrefix, afterS = 0): string => {
    const [spec] = advertisements.specs([link(one)], NOW_MS + afterS * 1000);
    const [conf] = [...spec!.files.values()];
    const found = /AdvValidLifetime (\d+);\s+AdvPreferredLifetime (\d+);\s+DecrementLifetimes (on|off)/.exec(
      conf!,
    );
    return found!.slice(1).join(' ');
  };

  it('is never longer than they have, and of long ones no more than RFC 9096 says', () => {
    assert.equal(told(new Advertisements('/x'), ending(100_000, 200_000)), '5400 2700 off');
    assert.equal(told(new Advertisements('/x'), ending(60, 90)), '90 60 on');
    assert.equal(told(new Advertisements('/x'), ending(0, 200_000)), '200000 0 on');
    const gone = { prefix: PREFIX, preferred_until_ms: 0, valid_until_ms: 0 };
    assert.equal(told(new Advertisements('/x'), gone), '0 0 off');
  });

  it('stays the same text while it is counted down, and is another when the end comes near', () => {
    const advertisements = new Advertisements('/x');
    const short = ending(60, 90);
    assert.equal(told(advertisements, short), '90 60 on');
    assert.equal(told(advertisements, short, 20), '90 60 on');
    assert.equal(told(advertisements, ending(160, 190), 20), '170 140 on');

    const long = ending(3_000, 9_000);
    assert.equal(told(advertisements, long), '5400 2700 off');
    assert.ok(!advertisements.isBehind(NOW_MS + 299_000));
    assert.equal(told(advertisements, long, 299), '5400 2700 off');
    assert.ok(advertisements.isBehind(NOW_MS + 301_000));
    assert.equal(told(advertisements, long, 301), '8699 2699 on');
  });
});
