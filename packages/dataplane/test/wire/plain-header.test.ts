import assert from 'node:assert/strict';
import fc from 'fast-check';
import { plainLength4, plainLength6 } from '../../src/wire/plain-header.js';
import { ip4 } from '../support/packets.js';
import { extension, ip6 } from '../support/packets6.js';

/** The packet at a word's offset in memory full of something else. */
function placed(packet: Uint8Array): Int32Array {
  const bytes = new Uint8Array(256).fill(0xa5);
  bytes.set(packet.subarray(0, 128), 16);
  return new Int32Array(bytes.buffer);
}
const length4 = (packet: Uint8Array, available = packet.length): number =>
  plainLength4(placed(packet), 4, available);
const length6 = (packet: Uint8Array, available = packet.length): number =>
  plainLength6(placed(packet), 4, available);

describe('plain headers of IPv4', () => {
  const from = (src: string, dst = '10.2.0.1'): Uint8Array => ip4({ src, dst, payload: new Uint8Array(8) });

  it('have the length that they say, also when the link has padded the packet', () => {
    assert.equal(length4(from('10.1.0.1')), 28);
    assert.equal(length4(from('10.1.0.1'), 46), 28);
  });

  it('are not those of another version, with options, cut off, or from or to a special address', () => {
    const sixth = from('10.1.0.1');
    sixth[0] = 0x65;
    assert.equal(length4(sixth), 0);
    assert.equal(length4(ip4({ src: '10.1.0.1', dst: '10.2.0.1', options: new Uint8Array(4) })), 0);
    assert.equal(length4(from('10.1.0.1'), 27), 0);
    for (const address of ['0.0.0.0', '0.1.2.3', '127.0.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255']) {
      assert.equal(length4(from(address)), 0, address);
    }
    for (const address of ['0.0.0.0', '127.0.0.1', '224.0.0.1', '255.255.255.255'])
      assert.equal(length4(from('10.1.0.1', address)), 0, address);
  });

  it('have a right checksum, and every other one is refused', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 19 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const packet = from('10.1.0.1');
        packet[at] = packet[at]! ^ flip;
        assert.equal(length4(packet), 0);
      }),
    );
  });
});

describe('plain headers of IPv6', () => {
  const packet = (more: { src?: string; dst?: string; nextHeader?: number } = {}): Uint8Array =>
    ip6({ src: '2001:db8::1', dst: '2001:db8:2::1', nextHeader: 17, payload: new Uint8Array(8), ...more });

  it('have the length that they say, their own 40 octets with it', () => {
    assert.equal(length6(packet()), 48);
    assert.equal(length6(packet(), 60), 48);
  });

  it('are not those of another version, cut off, of ICMPv6, with extension headers, or from or to a special address', () => {
    const fourth = packet();
    fourth[0] = 0x40;
    assert.equal(length6(fourth), 0);
    assert.equal(length6(packet(), 47), 0);
    assert.equal(length6(packet({ nextHeader: 58 })), 0);
    const content = extension(17, new Uint8Array(6));
    for (const nextHeader of [0, 43, 44, 60]) {
      assert.equal(length6(ip6({ src: '2001:db8::1', dst: '2001:db8::2', nextHeader, payload: content })), 0);
    }
    for (const address of ['::', '::1', 'fe80::1', 'ff02::1']) {
      assert.equal(length6(packet({ src: address })), 0);
      assert.equal(length6(packet({ dst: address })), 0);
    }
  });
});
