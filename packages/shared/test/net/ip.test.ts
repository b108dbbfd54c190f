import assert from 'node:assert/strict';
import { canonicalIp, ipFamily } from '../../src/net/index.js';

describe('addresses of either family', () => {
  for (const [text, family, canonical] of [
    ['192.0.2.1', 4, '192.0.2.1'],
    ['2001:DB8:0:0::1', 6, '2001:db8::1'],
    ['::', 6, '::'],
    ['192.0.2.1/24', null, null],
    ['%any', null, null],
    ['', null, null],
  ] as const) {
    it(`are told apart: "${text}"`, () => {
      assert.equal(ipFamily(text), family);
      assert.equal(canonicalIp(text), canonical);
    });
  }
});
