import assert from 'node:assert/strict';
import { decapsulate, innerDf, outerTrafficClass, trafficClass } from '../../src/wire/ecn.js';
import { ip4, slowChecksum } from '../support/packets.js';
import { ip6 } from '../support/packets6.js';
import { prefilled, untouchedOutside } from './buffer.js';

const AT = 64;
const FAMILIES: [string, (tos: number) => Uint8Array][] = [
  ['IPv4', (tos) => ip4({ src: '10.0.0.1', dst: '10.0.0.2', tos, id: 0xfffe })],
  [
    'IPv6',
    (trafficClass) => ip6({ src: '2001:db8::1', dst: '2001:db8::2', trafficClass, flowLabel: 0xfedcb }),
  ],
];

/** RFC 6040 section 4.2, figure 4: columns are the outer mark, Not-ECT, ECT(0), ECT(1), CE; null is a drop. */
const NOT_ECT = 0;
const ECT_1 = 1;
const ECT_0 = 2;
const CE = 3;
const FIGURE_4: Record<number, (number | null)[]> = {
  [NOT_ECT]: [NOT_ECT, NOT_ECT, NOT_ECT, null],
  [ECT_0]: [ECT_0, ECT_0, ECT_1, CE],
  [ECT_1]: [ECT_1, ECT_1, ECT_1, CE],
  [CE]: [CE, CE, CE, CE],
};
const COLUMNS = [NOT_ECT, ECT_0, ECT_1, CE];

describe('wire/ecn', () => {
  for (const [name, header] of FAMILIES) {
    it(`${name}: what the path did to any outer class comes to any inner one as the policy says`, () => {
      for (const policy of [0, 0x03, 0xfc, 0xff]) {
        for (let inside = 0; inside < 256; inside++) {
          for (const outside of [0, 1, 2, 3, 0xb8, 0xb9, 0xba, 0xbb, 0xff]) {
            const mark = FIGURE_4[inside & 3]![COLUMNS.indexOf(outside & 3)]!;
            const dscp = policy & 0xfc ? outside & 0xfc : inside & 0xfc;
            const expected = policy & 3 ? (mark === null ? null : dscp | mark) : dscp | (inside & 3);
            const { bytes, u16 } = prefilled();
            bytes.set(header(inside), AT);
            const taken = decapsulate(bytes, u16, outside, AT, policy);
            const end = AT + header(0).length;
            const result = bytes.slice(AT, end);
            assert.equal(taken, expected !== null);
            assert.deepEqual(
              result,
              header(expected ?? inside),
              `${outside} over ${inside}, policy ${policy}`,
            );
            assert.ok(untouchedOutside(bytes, AT, end));
            if (name === 'IPv4') assert.equal(slowChecksum(result), 0);
          }
        }
      }
    });

    it(`${name}: reads its class, and an outer header takes of it what the policy says`, () => {
      for (let inside = 0; inside < 256; inside++) {
        assert.equal(trafficClass(header(inside), 0), inside);
        assert.equal(outerTrafficClass(inside, 0x303), inside & 3);
        assert.equal(outerTrafficClass(inside, 0x3fc), inside & 0xfc);
        assert.equal(outerTrafficClass(inside, 0x100), 0);
      }
    });
  }

  it('copies DF from IPv4, and has IPv6 never fragmented on the way (RFC 4301 section 8.1)', () => {
    assert.equal(innerDf(ip4({ src: '10.0.0.1', dst: '10.0.0.2', df: true, mf: true }), 0), 0x4000);
    assert.equal(innerDf(ip4({ src: '10.0.0.1', dst: '10.0.0.2', mf: true }), 0), 0);
    assert.equal(innerDf(ip6({ src: '::1', dst: '::2' }), 0), 0x4000);
  });
});
