import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  contains,
  formatIp4,
  formatIp4Prefix,
  ip4Mask,
  networkOf,
  parseIp4,
  parseIp4Prefix,
} from '../../src/index.js';

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const prefix = fc.record(
  { address: u32, length: fc.integer({ min: 0, max: 32 }) },
  { noNullPrototype: true },
);

/** The slow and obvious way: as a string of 32 binary digits. */
const bitsOf = (address: number): string => address.toString(2).padStart(32, '0');

describe('IPv4 arithmetic', () => {
  const addresses: [string, number][] = [
    ['0.0.0.0', 0],
    ['255.255.255.255', 0xffffffff],
    ['192.0.2.1', 0xc0000201],
    ['127.0.0.1', 0x7f000001],
    ['128.0.0.0', 0x80000000],
  ];
  for (const [text, address] of addresses) {
    it(`reads and writes ${text}`, () => {
      assert.equal(parseIp4(text), address);
      assert.equal(formatIp4(address), text);
      assert.equal(formatIp4(address | 0), text, 'as a signed number');
    });
  }

  for (const text of [
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '1.2.3.-1',
    '1.2.3.+4',
    '1..3.4',
    '0x1.2.3.4',
    '1.2.3.4/24',
    '1e1.2.3.4',
    '1.2.3.٤',
    '1.2.3.4\n',
    '::1',
    '1.2.3.1000',
  ]) {
    it(`does not read ${JSON.stringify(text)} as an address`, () => assert.equal(parseIp4(text), null));
  }

  for (const text of [
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '/8',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '10.0.0.0/-1',
    '10.0.0.0/ 8',
    '10.0.0.0/8.0',
    '10.0.0.0/255.0.0.0',
  ]) {
    it(`does not read ${JSON.stringify(text)} as a prefix`, () => assert.equal(parseIp4Prefix(text), null));
  }

  it('reads back every address and prefix that it writes', () => {
    fc.assert(fc.property(u32, (address) => assert.equal(parseIp4(formatIp4(address)), address)));
    fc.assert(
      fc.property(prefix, (value) => assert.deepEqual(parseIp4Prefix(formatIp4Prefix(value)), value)),
    );
  });

  it('makes masks, networks and containment as the binary digits say', () => {
    for (let length = 0; length <= 32; length++)
      assert.equal(bitsOf(ip4Mask(length)), '1'.repeat(length).padEnd(32, '0'));
    fc.assert(
      fc.property(prefix, u32, fc.boolean(), (value, other, near) => {
        // Half of the addresses share the prefix, which chance alone would hardly give.
        const address = near ? (networkOf(value) | (other & ~ip4Mask(value.length))) >>> 0 : other;
        const head = bitsOf(value.address).slice(0, value.length);
        assert.equal(bitsOf(networkOf(value)), head.padEnd(32, '0'));
        assert.equal(contains(value, address), bitsOf(address).startsWith(head));
      }),
    );
  });
});
