import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  ESP_CIPHERS,
  ESP_INTEGRITIES,
  type EspCipher,
  type EspIntegrity,
  type EspKey,
  type EspTransform,
  espBytes,
  espFormat,
  espKeyFault,
  espName,
  espOverheadMax,
  espPayloadMax,
} from '../../src/tables/esp-algorithms.js';

const GCM: EspTransform = { cipher: 'aes-gcm', integrity: 'none', icvBytes: 16 };
const CBC: EspTransform = { cipher: 'aes-cbc', integrity: 'hmac-sha1', icvBytes: 12 };
const NULL: EspTransform = { cipher: 'null', integrity: 'hmac-sha2-512', icvBytes: 32 };

function key(transform: EspTransform, bytes: number): EspKey {
  const integrityKey = new Uint8Array(ESP_INTEGRITIES[transform.integrity].keyBytes);
  return { ...transform, key: new Uint8Array(bytes), integrityKey };
}

/** Every transform that the table allows. */
const transforms: EspTransform[] = Object.entries(ESP_CIPHERS).flatMap(([cipher, { icvBytes }]) =>
  icvBytes.length > 0
    ? icvBytes.map((icv) => ({ cipher: cipher as EspCipher, integrity: 'none' as const, icvBytes: icv }))
    : Object.entries(ESP_INTEGRITIES).flatMap(([integrity, { icvBytes: icvs }]) =>
        icvs.map((icv) => ({
          cipher: cipher as EspCipher,
          integrity: integrity as EspIntegrity,
          icvBytes: icv,
        })),
      ),
);

describe('tables/esp-algorithms', () => {
  it('knows the size of packets', () => {
    // 84 octets of ping: 8 + 8 + (84 + 2 + 2) + 16; 8 + 16 + (84 + 10 + 2) + 12; 8 + (84 + 2 + 2) + 32.
    assert.equal(espBytes(espFormat(GCM), 84), 120);
    assert.equal(espBytes(espFormat(CBC), 84), 132);
    assert.equal(espBytes(espFormat(NULL), 84), 128);
    assert.equal(espPayloadMax(espFormat(GCM), 1480), 1446);
    assert.equal(espPayloadMax(espFormat(CBC), 1480), 1438);
    assert.equal(espPayloadMax(espFormat(CBC), 30), 0);
  });

  it('fills the room exactly: one octet more of payload, and the packet no longer fits', () => {
    fc.assert(
      fc.property(fc.constantFrom(...transforms), fc.integer({ min: 100, max: 9000 }), (transform, room) => {
        const format = espFormat(transform);
        const payload = espPayloadMax(format, room);
        assert.ok(espBytes(format, payload) <= room);
        assert.ok(espBytes(format, payload + 1) > room);
        assert.ok(espBytes(format, payload) - payload <= espOverheadMax(format));
      }),
    );
  });

  it('reaches the largest overhead at some length', () => {
    for (const transform of transforms) {
      const format = espFormat(transform);
      const most = Math.max(...Array.from({ length: 64 }, (_, length) => espBytes(format, length) - length));
      assert.equal(most, espOverheadMax(format), espName(transform, 20));
    }
  });

  it('names what operators know', () => {
    assert.equal(espName(GCM, 36), 'aes-gcm-256/16');
    assert.equal(espName(CBC, 16), 'aes-cbc-128/hmac-sha1-96');
    assert.equal(espName(NULL, 0), 'null/hmac-sha2-512-256');
    assert.equal(
      espName({ cipher: 'chacha20-poly1305', integrity: 'none', icvBytes: 16 }, 36),
      'chacha20-poly1305',
    );
  });

  it('says in a sentence what is wrong with a key', () => {
    assert.equal(espKeyFault(key(GCM, 20)), null);
    assert.equal(espKeyFault(key(CBC, 32)), null);
    assert.equal(espKeyFault(key(NULL, 0)), null);
    assert.equal(espKeyFault(key(GCM, 16)), 'a key of aes-gcm with its salt has 20, 28, 36 octets, not 16');
    assert.equal(
      espKeyFault(key({ ...GCM, integrity: 'hmac-sha1' }, 20)),
      'aes-gcm authenticates by itself: integrity must be none, not hmac-sha1',
    );
    assert.equal(
      espKeyFault(key({ ...CBC, integrity: 'none' }, 16)),
      'aes-cbc needs an integrity algorithm beside it',
    );
    assert.equal(espKeyFault(key({ ...CBC, icvBytes: 16 }, 16)), 'an ICV of hmac-sha1 has 12 octets, not 16');
    assert.equal(
      espKeyFault({ ...key(CBC, 16), integrityKey: new Uint8Array(19) }),
      'a key of hmac-sha1 has 20 octets, not 19',
    );
  });
});
