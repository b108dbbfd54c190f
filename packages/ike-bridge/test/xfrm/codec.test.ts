import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as events from '../../src/xfrm/event-structs.js';
import {
  decodeAttributes,
  decodeMessage,
  encodeMessage,
  encodePayload,
  errorReply,
  findAttribute,
} from '../../src/xfrm/netlink.js';
import * as policies from '../../src/xfrm/policy-structs.js';
import { cryptoOfSpec, decodeCrypto, encodeCrypto, espCryptoOf } from '../../src/xfrm/sa-crypto.js';
import { decodeSa } from '../../src/xfrm/sa-decode.js';
import { encodeSa } from '../../src/xfrm/sa-encode.js';
import { entryOfSpec, specOf } from '../../src/xfrm/sa-spec.js';
import * as sas from '../../src/xfrm/sa-structs.js';
import { selectorOf, trafficSelectorOf } from '../../src/xfrm/selector.js';
import { decodePolicy } from '../../src/xfrm/spd.js';
import { decode, encode, type Field } from '../../src/xfrm/struct.js';
import { anyCrypto, anySelector, anySpec } from './any-spec.js';
import { ZERO } from './memory-sink.js';
import { NOW } from './requests.js';

const structs: [string, Field<unknown>][] = Object.entries({ ...events, ...policies, ...sas });

describe('xfrm codec', () => {
  it('writes every octet of a structure that it reads, and no other', () => {
    for (const [name, field] of structs) {
      fc.assert(
        fc.property(fc.uint8Array({ minLength: field.size, maxLength: field.size }), (octets) => {
          const value = field.read(Buffer.from(octets), 0);
          assert.deepEqual(field.read(encode(field, value), 0), value, name);
          const guarded = Buffer.alloc(field.size + 16, 0xa5);
          field.write(guarded, 8, value);
          assert.ok(
            guarded.subarray(0, 8).every((octet) => octet === 0xa5),
            name,
          );
          assert.ok(
            guarded.subarray(field.size + 8).every((octet) => octet === 0xa5),
            name,
          );
        }),
        { numRuns: 50 },
      );
      assert.equal(decode(field, Buffer.alloc(field.size - 1)), null, name);
    }
  });

  it('gives messages and attributes back as they were', () => {
    const attribute = fc.record(
      {
        type: fc.integer({ min: 0, max: 0x3fff }),
        value: fc.uint8Array({ maxLength: 80 }).map((octets) => Buffer.from(octets)),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(
        fc.array(attribute, { maxLength: 8 }),
        fc.uint8Array({ maxLength: 30 }),
        (attributes, octets) => {
          const body = Buffer.from(octets);
          const message = { type: 0x10, flags: 5, seq: 7, pid: 9, payload: encodePayload(body, attributes) };
          const read = decodeMessage(encodeMessage(message));
          assert.deepEqual(read, message);
          assert.deepEqual(decodeAttributes(message.payload, body.length), attributes);
        },
      ),
    );
  });

  it('carries an SA through NEWSA without a change', () => {
    fc.assert(
      fc.property(anySpec(), (spec) => {
        const entry = entryOfSpec(spec, ZERO);
        const read = decodeSa(encodeSa(entry), () => spec.direction, NOW);
        // Policies have the selectors; without extended numbers only the plain half of a state is kept by GETAE.
        const expected = { ...spec, selectors: null, added_at_ms: NOW };
        const started = read.startSequence;
        assert.deepEqual({ ...specOf(read), start_sequence: spec.start_sequence }, expected);
        assert.ok(started === 0 || started === spec.start_sequence);
        assert.deepEqual(read.ownSelector, entry.ownSelector);
      }),
    );
  });

  it('makes the same SA of what the data plane has as was installed there', () => {
    fc.assert(
      fc.property(anySpec(), (spec) => {
        assert.deepEqual(specOf(entryOfSpec(spec, ZERO)), spec);
      }),
    );
  });

  it('reads and writes the keys of every algorithm', () => {
    fc.assert(
      fc.property(anyCrypto, (crypto) => {
        const read = decodeCrypto(encodeCrypto(cryptoOfSpec({ crypto })), 'of a test');
        assert.deepEqual(read, cryptoOfSpec({ crypto }));
        assert.deepEqual(espCryptoOf(read), crypto);
      }),
    );
  });

  it('reads and writes selectors of either family, with ports or types of ICMP', () => {
    fc.assert(
      fc.property(anySelector, (selector) => {
        assert.deepEqual(trafficSelectorOf(selectorOf(selector)), selector);
      }),
    );
  });

  it('keeps the last of attributes of one type and refuses impossible lengths', () => {
    const twice = encodePayload(Buffer.alloc(0), [
      { type: 31, value: Buffer.of(1, 0, 0, 0) },
      { type: 31, value: Buffer.of(2, 0, 0, 0) },
    ]);
    assert.deepEqual(findAttribute(decodeAttributes(twice, 0) ?? [], 31), Buffer.of(2, 0, 0, 0));
    twice.writeUInt16LE(3, 0);
    assert.equal(decodeAttributes(twice, 0), null);
    twice.writeUInt16LE(200, 0);
    assert.equal(decodeAttributes(twice, 0), null);
  });

  it('echoes only the header of a refused request, so that no key goes back', () => {
    const request = { type: 0x10, flags: 5, seq: 77, pid: 88, payload: Buffer.alloc(400, 0xee) };
    const bytes = encodeMessage(errorReply(request, 17));
    assert.equal(bytes.length, 36);
    assert.equal(bytes.readInt32LE(16), -17);
    assert.ok(!bytes.includes(0xee));
  });

  it('throws nothing but refusals on garbage', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), (octets) => {
        for (const read of [
          () => decodeSa(Buffer.from(octets), () => 'in', NOW),
          () => decodePolicy(Buffer.from(octets)),
        ]) {
          try {
            read();
          } catch (error) {
            assert.equal((error as Error).name, 'Refused');
          }
        }
      }),
    );
  });
});
