// Known answers of every algorithm of ESP, by both backends.
import assert from 'node:assert/strict';
import { espBackend } from '../../src/native/index.js';
import type { EspKey } from '../../src/tables/esp-algorithms.js';
import { ESP_AAD_LENGTH, ESP_ESN, ESP_IV_GIVEN, ESP_STATUS } from '../../src/tables/esp-job.js';
import { EspFrames, type JobWords, jobOf, open, seal } from './support/esp-jobs.js';
import { TestPool } from './support/pool.js';
import {
  CHACHA_AEAD_VECTOR,
  CHACHA_VECTOR,
  CIPHER_VECTORS,
  GMAC_ESP_VECTOR,
  GMAC_VECTORS,
  HMAC_VECTORS,
} from './vectors/esp.js';
import { ESP_VECTORS, GCM_VECTORS, type GcmVector } from './vectors/gcm.js';

const SLOT = 4711;
// A frame of these tests, where nothing needs to stand together as in a packet.
const HEADER_AT = 0;
const IV_AT = 128;
const DATA_AT = 256;
const BEHIND = 32;

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const aeadKey = (cipher: EspKey['cipher'], key: string, icv: string): EspKey => ({
  cipher,
  key: hex(key),
  integrity: 'none',
  integrityKey: new Uint8Array(0),
  icvBytes: icv.length / 2,
});

/** What is compared; an `icv` of null is not. */
interface Case {
  header: Buffer;
  iv: Buffer;
  plaintext: Buffer;
  ciphertext: Buffer;
  icv: Buffer | null;
}

for (const backend of ['ipsec-mb', 'openssl'] as const) {
  describe(`native crypto of ESP, known answers, ${backend}`, () => {
    let pool: TestPool;
    let frames: EspFrames;
    before(() => {
      pool = new TestPool(4);
      frames = new EspFrames(pool);
      assert.match(
        espBackend(backend),
        new RegExp(`^${backend} [a-z0-9.+-]+$`),
        'every algorithm has passed its self-test',
      );
    });
    after(() => {
      pool.close();
      espBackend('auto');
    });
    afterEach(() => {
      frames.wipeAll();
    });

    function check(key: EspKey, c: Case, words: JobWords = {}): void {
      frames.setKey(SLOT, key);
      // Without an IV of its own in between, the header touches the data: HMAC and GMAC cover both.
      const headerAt = words.headerOffset ?? HEADER_AT;
      const ivAt = words.ivOffset ?? IV_AT;
      const job = jobOf({
        slot: SLOT,
        headerOffset: headerAt,
        ivOffset: IV_AT,
        dataOffset: DATA_AT,
        dataLength: c.plaintext.length,
        ...words,
      });
      frames.put(headerAt, c.header);
      frames.put(ivAt, c.iv);
      frames.put(DATA_AT, c.plaintext);
      const end = DATA_AT + c.plaintext.length + key.icvBytes;
      frames.put(end, Buffer.alloc(BEHIND, 0xa5));

      assert.deepEqual([...seal(job)], [ESP_STATUS.ok]);
      assert.equal(frames.get(DATA_AT, c.ciphertext.length).toString('hex'), c.ciphertext.toString('hex'));
      if (c.icv !== null)
        assert.equal(frames.get(end - key.icvBytes, key.icvBytes).toString('hex'), c.icv.toString('hex'));
      assert.equal(frames.get(ivAt, c.iv.length).toString('hex'), c.iv.toString('hex'));
      assert.deepEqual(frames.get(end, BEHIND), Buffer.alloc(BEHIND, 0xa5), 'nothing behind the ICV');

      assert.deepEqual([...open(job)], [ESP_STATUS.ok]);
      assert.equal(frames.get(DATA_AT, c.plaintext.length).toString('hex'), c.plaintext.toString('hex'));
    }

    function checkGcm(vector: GcmVector, header: Buffer, words: JobWords): void {
      const nonce = hex(vector.nonce);
      const key = aeadKey('aes-gcm', vector.key + nonce.subarray(0, 4).toString('hex'), vector.icv);
      const [plaintext, ciphertext, icv] = [hex(vector.plaintext), hex(vector.ciphertext), hex(vector.icv)];
      check(key, { header, iv: nonce.subarray(4), plaintext, ciphertext, icv }, words);
    }

    for (const vector of GCM_VECTORS) {
      it(`aes-gcm: ${vector.name}`, () => {
        const aad = hex(vector.aad);
        checkGcm(vector, aad, { flags: ESP_AAD_LENGTH, aadLength: aad.length });
      });
    }

    for (const vector of ESP_VECTORS) {
      it(`aes-gcm: ${vector.name}`, () => {
        const aad = hex(vector.aad);
        // In the packet are the SPI and the low half; the high half is the receiver's own.
        if (aad.length === 8) checkGcm(vector, aad, {});
        else
          checkGcm(vector, Buffer.concat([aad.subarray(0, 4), aad.subarray(8)]), {
            flags: ESP_ESN,
            esnHigh: aad.readInt32BE(4),
          });
      });
    }

    for (const { name, key, nonce, aad, icv } of GMAC_VECTORS) {
      it(`aes-gmac: ${name}`, () => {
        const [header, data] = [hex(aad).subarray(0, 8), hex(aad).subarray(8)];
        check(
          aeadKey('aes-gmac', key + nonce.slice(0, 8), icv),
          { header, iv: hex(nonce).subarray(4), plaintext: data, ciphertext: data, icv: hex(icv) },
          { headerOffset: DATA_AT - 8 },
        );
      });
    }

    it('aes-gmac: a whole packet of ESP', () => {
      const { key, salt, header, iv, data, icv } = GMAC_ESP_VECTOR;
      check(
        aeadKey('aes-gmac', key + salt, icv),
        { header: hex(header), iv: hex(iv), plaintext: hex(data), ciphertext: hex(data), icv: hex(icv) },
        { headerOffset: DATA_AT - 16, ivOffset: DATA_AT - 8 },
      );
    });

    it('chacha20-poly1305: RFC 7634 appendix A', () => {
      const { key, salt, iv, header, plaintext, ciphertext, icv } = CHACHA_VECTOR;
      check(aeadKey('chacha20-poly1305', key + salt, icv), {
        header: hex(header),
        iv: hex(iv),
        plaintext: hex(plaintext),
        ciphertext: hex(ciphertext),
        icv: hex(icv),
      });
    });

    it('chacha20-poly1305: RFC 8439 section 2.8.2', () => {
      const { key, nonce, aad, plaintext, ciphertext, icv } = CHACHA_AEAD_VECTOR;
      check(
        aeadKey('chacha20-poly1305', key + nonce.slice(0, 8), icv),
        {
          header: hex(aad),
          iv: hex(nonce.slice(8)),
          plaintext: hex(plaintext),
          ciphertext: hex(ciphertext),
          icv: hex(icv),
        },
        { flags: ESP_AAD_LENGTH, aadLength: aad.length / 2 },
      );
    });

    for (const vector of CIPHER_VECTORS) {
      it(`${vector.cipher}: ${vector.name}`, () => {
        const key: EspKey = {
          cipher: vector.cipher,
          key: hex(vector.key + vector.nonce),
          integrity: 'hmac-sha1',
          integrityKey: new Uint8Array(20),
          icvBytes: 12,
        };
        const [plaintext, ciphertext] = [hex(vector.plaintext), hex(vector.ciphertext)];
        check(
          key,
          { header: Buffer.alloc(8), iv: hex(vector.iv), plaintext, ciphertext, icv: null },
          { flags: ESP_IV_GIVEN },
        );
      });
    }

    for (const vector of HMAC_VECTORS) {
      it(`${vector.integrity}: ${vector.name}`, () => {
        const [message, digest] = [hex(vector.message), hex(vector.digest)];
        const icvBytes = vector.integrity === 'hmac-sha1' ? 12 : digest.length / 2;
        const key: EspKey = {
          cipher: 'null',
          key: new Uint8Array(0),
          integrity: vector.integrity,
          integrityKey: hex(vector.key),
          icvBytes,
        };
        const [header, data] = [message.subarray(0, 8), message.subarray(8)];
        check(
          key,
          {
            header,
            iv: Buffer.alloc(0),
            plaintext: data,
            ciphertext: data,
            icv: digest.subarray(0, icvBytes),
          },
          { headerOffset: DATA_AT - 8 },
        );
      });
    }
  });
}
