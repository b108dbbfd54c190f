import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import {
  contains6,
  formatIp6,
  formatIp6Prefix,
  isLinkLocal6,
  isMulticast6,
  isNetwork6,
  networkOf6,
  parseIp6,
  parseIp6Prefix,
} from '../../src/net/ip6.js';

const word = fc.integer({ min: 0, max: 0xffffffff });
const sparse = fc.oneof(fc.constant(0), fc.constant(0xffff), word);

describe('IPv6 addresses', () => {
  // RFC 5952 sections 4 and 5: what each form is written as.
  for (const [text, canonical] of [
    ['2001:0db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['::', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1::', '1::'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ] as const) {
    it(`writes ${text} as ${canonical}`, () => {
      const words = parseIp6(text);
      assert.ok(words);
      assert.equal(formatIp6(words), canonical);
    });
  }

  for (const text of [
    '',
    ':',
    ':::',
    '1',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '12345::',
    'g::',
  ]) {
    it(`refuses "${text}"`, () => assert.equal(parseIp6(text), null));
  }
  for (const text of ['1:2:3:4:5:6:7:8::', '::1.2.3', '1.2.3.4::', '::1.2.3.4:1', 'fe80::1%eth0', ' ::1']) {
    it(`refuses "${text}"`, () => assert.equal(parseIp6(text), null));
  }

  it('reads what it wrote, and accepts what Node accepts', () => {
    fc.assert(
      fc.property(sparse, sparse, sparse, sparse, (...words) => {
        const text = formatIp6(words);
        assert.ok(isIPv6(text), text);
        assert.deepEqual(parseIp6(text), words);
      }),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-f:.]{0,20}$/), (text) => {
        assert.equal(parseIp6(text) !== null, isIPv6(text), text);
      }),
      { numRuns: 2000 },
    );
  });

  it('knows prefixes', () => {
    const prefix = parseIp6Prefix('2001:db8:1:2::3/52');
    assert.ok(prefix);
    assert.equal(isNetwork6(prefix), false);
    assert.equal(formatIp6Prefix({ address: networkOf6(prefix), length: 52 }), '2001:db8:1::/52');
    assert.equal(contains6(prefix, parseIp6('2001:db8:1:fff::')!), true);
    assert.equal(contains6(prefix, parseIp6('2001:db8:1:1000::')!), false);
    assert.equal(contains6({ address: [0, 0, 0, 0], length: 0 }, parseIp6('ff02::1')!), true);
    for (const text of ['::/129', '::/', '::/01', '::', '::/-1'])
      assert.equal(parseIp6Prefix(text), null, text);
  });

  it('knows scopes', () => {
    assert.deepEqual(
      ['fe80::1', 'febf::1', 'fec0::1', 'ff02::1'].map((text) => isLinkLocal6(parseIp6(text)!)),
      [true, true, false, false],
    );
    assert.deepEqual(
      ['ff02::1', 'fe80::1'].map((text) => isMulticast6(parseIp6(text)!)),
      [true, false],
    );
  });
});
