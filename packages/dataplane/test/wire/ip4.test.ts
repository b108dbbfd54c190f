import assert from 'node:assert/strict';
import {
  headerBytes,
  headerSum,
  oneHopOn4,
  readI32,
  readU16,
  setHeaderChecksum,
  swap32,
  writeI32,
  writeIp4Header,
  writeU16,
} from '../../src/wire/ip4.js';
import { ip, ip4, pattern, slowChecksum, viewOf } from '../support/packets.js';
import { prefilled, untouchedOutside } from './buffer.js';

describe('wire/ip4', () => {
  it('writes each of the 20 octets of a header, and no other', () => {
    const { bytes, i32 } = prefilled();
    writeIp4Header(i32, 32, 1234, 0xbeef, 0x2001, 0xb8, 50, ip('192.0.2.1'), ip('203.0.113.255'));
    const expected = ip4({
      src: '192.0.2.1',
      dst: '203.0.113.255',
      totalLength: 1234,
      id: 0xbeef,
      mf: true,
      fragmentOffset: 8,
      tos: 0xb8,
      protocol: 50,
    });
    assert.deepEqual(bytes.slice(32, 52), expected);
    assert.ok(untouchedOutside(bytes, 32, 52));
  });

  for (const options of [0, 4, 8, 20, 40]) {
    it(`writes and verifies the checksum of a header with ${options} octets of options`, () => {
      const { bytes, u16 } = prefilled();
      const header = ip4({
        src: '10.0.0.1',
        dst: '10.0.0.2',
        options: pattern(options, 7),
        checksum: 0x5555,
      });
      bytes.set(header, 64);
      assert.notEqual(headerSum(u16, 64, header.length), 0xffff);
      setHeaderChecksum(u16, 64, header.length);
      assert.equal(slowChecksum(bytes.subarray(64, 64 + header.length)), 0);
      assert.equal(headerSum(u16, 64, header.length), 0xffff);
      assert.equal(headerBytes(bytes, 64), header.length);
      assert.ok(untouchedOutside(bytes, 64, 64 + header.length));
    });
  }

  it('reads what it writes, most significant octet first', () => {
    const { bytes } = prefilled();
    for (const value of [0, 1, 0x7fff_ffff, -0x8000_0000, -1, 0x0102_0304, 0x89ab_cdef | 0]) {
      writeI32(bytes, 13, value);
      assert.equal(readI32(bytes, 13), value);
      assert.equal(viewOf(bytes).getInt32(13), value);
      assert.equal(swap32(viewOf(bytes).getInt32(13, true)), value);
    }
    for (const value of [0, 1, 0x8000, 0xffff, 0x1234]) {
      writeU16(bytes, 21, value);
      assert.equal(readU16(bytes, 21), value);
    }
    assert.equal(bytes[12], 0xa5);
    assert.deepEqual([bytes[17], bytes[20], bytes[23]], [0xa5, 0xa5, 0xa5]);
  });
});

describe('oneHopOn4', () => {
  it('leaves the right checksum for each of the 65,536 that a header can have', () => {
    const { bytes, i32 } = prefilled(64);
    const view = viewOf(bytes);
    for (let id = 0; id <= 0xffff; id++) {
      bytes.set(
        ip4({ src: '10.0.0.1', dst: '10.0.0.2', ttl: 1 + (id % 255), protocol: id >> 8 }).subarray(0, 20),
        16,
      );
      view.setUint16(20, id);
      view.setUint16(26, 0);
      view.setUint16(26, slowChecksum(bytes.subarray(16, 36)));
      i32[6] = oneHopOn4(i32[6]!);
      assert.equal(bytes[24], id % 255);
      const got = view.getUint16(26);
      view.setUint16(26, 0);
      assert.equal(got, slowChecksum(bytes.subarray(16, 36)), `identification ${id}`);
    }
    assert.ok(untouchedOutside(bytes, 16, 36));
  });
});
