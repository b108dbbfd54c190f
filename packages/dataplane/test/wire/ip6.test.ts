import assert from 'node:assert/strict';
import { foldSum, sumBytes } from '../../src/wire/checksum.js';
import { icmp6Sum, isIcmp6Error, isNeighbourDiscovery, setIcmp6Checksum } from '../../src/wire/icmp6.js';
import {
  copyAddress6,
  isLinkLocalAt,
  isUnspecifiedAt,
  pseudoSum6,
  readWord,
  sameAddress6,
  writeAddress6,
  writeIp6Header,
} from '../../src/wire/ip6.js';
import { pattern, viewOf } from '../support/packets.js';
import { address6, checksum6, icmp6, ip6, words6 } from '../support/packets6.js';
import { prefilled, untouchedOutside } from './buffer.js';

function buffer(length = 512): { bytes: Uint8Array; u16: Uint16Array; i32: Int32Array } {
  const { bytes, u16 } = prefilled(length);
  return { bytes, u16, i32: new Int32Array(bytes.buffer) };
}

const SRC = '2001:db8::ff00:42:8329';
const DST = 'fe80::1:2:3';

describe('wire/ip6', () => {
  for (const [trafficClass, flowLabel, length] of [
    [0, 0, 0],
    [0xff, 0xfffff, 0xffff],
    [0x80, 0x80000, 0x8000],
    [0xb8, 0x12345, 1234],
  ] as const) {
    it(`writes each of the 40 octets of a header, and no other: class ${trafficClass}, label ${flowLabel}`, () => {
      const { bytes, i32 } = buffer();
      const words = Int32Array.from([7, ...words6(SRC), ...words6(DST)]);
      writeIp6Header(i32, 32, length, trafficClass, flowLabel, 50, words, 1, 5);
      const expected = ip6({
        src: SRC,
        dst: DST,
        nextHeader: 50,
        trafficClass,
        flowLabel,
        payloadLength: length,
      });
      assert.deepEqual(bytes.slice(32, 72), expected);
      assert.ok(untouchedOutside(bytes, 32, 72));
    });
  }

  it('reads, copies and compares addresses, the most significant octet first', () => {
    const { bytes, i32 } = buffer();
    writeAddress6(i32, 16, Int32Array.from(words6(SRC)), 0);
    assert.deepEqual(bytes.slice(16, 32), address6(SRC));
    assert.deepEqual(
      [0, 1, 2, 3].map((word) => readWord(i32, 16, word) >>> 0),
      words6(SRC),
    );
    copyAddress6(i32, 16, 64);
    assert.deepEqual(bytes.slice(64, 80), address6(SRC));
    assert.ok(sameAddress6(i32, 16, 64));
    for (const octet of [0, 5, 10, 15]) {
      bytes[64 + octet]! ^= 1;
      assert.ok(!sameAddress6(i32, 16, 64), `octet ${octet}`);
      bytes[64 + octet]! ^= 1;
    }
    assert.ok(untouchedOutside(bytes.subarray(32, 64), 0, 0));
  });

  it('tells link-local and unspecified addresses from their neighbours', () => {
    const { bytes, i32 } = buffer();
    for (const [text, linkLocal] of [
      ['fe80::', true],
      ['febf:ffff::1', true],
      ['fec0::', false],
      ['fe7f::', false],
      ['ff80::', false],
    ] as const) {
      bytes.set(address6(text), 16);
      assert.equal(isLinkLocalAt(bytes, 16), linkLocal, text);
    }
    for (const [text, none] of [
      ['::', true],
      ['::1', false],
      ['1::', false],
      ['0:0:1::', false],
      ['::1:0:0:0', false],
    ] as const) {
      bytes.set(address6(text), 16);
      assert.equal(isUnspecifiedAt(i32, 16), none, text);
    }
  });

  it('sums the pseudo header as RFC 8200 section 8.1 has it, for every kind of length', () => {
    for (const length of [0, 1, 255, 256, 1000, 65_535]) {
      const { bytes, u16 } = buffer();
      bytes.set(ip6({ src: SRC, dst: DST, payloadLength: length }), 32);
      const message = pattern(length, 3);
      const padded = new Uint8Array(length + (length & 1));
      padded.set(message);
      const sum = foldSum(
        pseudoSum6(u16, 32, length, 17) + sumBytes(new Uint16Array(padded.buffer), padded, 0, length),
      );
      const swapped = ((sum & 0xff) << 8) | (sum >>> 8);
      assert.equal(~swapped & 0xffff, checksum6(address6(SRC), address6(DST), 17, message), `${length}`);
    }
  });
});

describe('wire/icmp6', () => {
  for (const size of [0, 1, 2, 3, 17, 100]) {
    it(`writes and verifies the checksum of a message with ${size} octets behind its header`, () => {
      const { bytes, u16 } = buffer();
      const packet = icmp6({ src: SRC, dst: DST, type: 135, word: 0x01020304, body: pattern(size) });
      bytes.set(packet, 64);
      assert.equal(icmp6Sum(u16, bytes, 64, 104, 8 + size), 0xffff);
      viewOf(bytes).setUint16(106, 0x5555);
      assert.notEqual(icmp6Sum(u16, bytes, 64, 104, 8 + size), 0xffff);
      setIcmp6Checksum(u16, bytes, 64, 104, 8 + size);
      assert.deepEqual(bytes.slice(64, 64 + packet.length), packet);
      assert.ok(untouchedOutside(bytes, 64, 64 + packet.length));
    });
  }

  it('knows errors and neighbour discovery by their types', () => {
    const types = Array.from({ length: 256 }, (_, type) => type);
    assert.deepEqual(types.filter(isIcmp6Error), [...types.slice(0, 128), 137]);
    assert.deepEqual(types.filter(isNeighbourDiscovery), [133, 134, 135, 136, 137]);
  });
});
