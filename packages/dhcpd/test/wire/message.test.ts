import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseArpReply } from '../../src/wire/arp.js';
import { foldChecksum, sumWords } from '../../src/wire/checksum.js';
import { buildFrame, FRAME_HEADERS, parseFrame } from '../../src/wire/frame.js';
import { parseMessage } from '../../src/wire/message.js';
import { parseOptions, parseSuboptions } from '../../src/wire/options.js';
import { buildReply, MESSAGE_BYTES_USUAL, type ReplyFields, writeReply } from '../../src/wire/reply.js';

const octets = (maxLength: number) => fc.uint8Array({ maxLength }).map((value) => Buffer.from(value));
const code = fc.integer({ min: 1, max: 254 }).filter((value) => value !== 52 && value !== 82);
const u32 = fc.integer({ min: 0, max: 0xffffffff });

const fields: fc.Arbitrary<ReplyFields> = fc.record({
  op: fc.constant(2),
  xid: u32,
  flags: fc.constantFrom(0, 0x8000),
  ciaddr: u32,
  yiaddr: u32,
  siaddr: u32,
  giaddr: u32,
  htype: fc.constant(1),
  chaddr: fc.uint8Array({ minLength: 6, maxLength: 6 }),
  serverName: fc.constantFrom('', 'boot'),
  file: fc.constantFrom('', 'a.efi'),
  options: fc
    .uniqueArray(fc.tuple(code, octets(300)), { selector: ([key]) => key, maxLength: 12 })
    .chain((options) => octets(120).map((relay) => [...options, [82, relay] as [number, Buffer]])),
});

describe('messages', () => {
  it('are read as they were built, long options and those in file and sname too', () => {
    fc.assert(
      fc.property(fields, fc.integer({ min: MESSAGE_BYTES_USUAL, max: 1472 }), (given, most) => {
        const { bytes, left } = buildReply(given, most);
        assert.ok(bytes.length <= most && bytes.length >= 300);
        const message = parseMessage(bytes);
        assert.ok(message);
        for (const key of ['xid', 'flags', 'ciaddr', 'yiaddr', 'siaddr', 'giaddr', 'htype'] as const)
          assert.equal(message[key], given[key]);
        assert.deepEqual(new Uint8Array(message.chaddr), given.chaddr);
        for (const [key, value] of given.options) {
          if (left.includes(key)) assert.equal(message.options.has(key), false);
          else assert.deepEqual(message.options.get(key), value, `option ${key}`);
        }
        assert.equal(left.includes(82), false, 'what the relay added is never left out');
      }),
      { numRuns: 400 },
    );
  });

  it('are the same in a buffer that had others', () => {
    fc.assert(
      fc.property(fields, fc.integer({ min: MESSAGE_BYTES_USUAL, max: 1472 }), (given, most) => {
        const used = Buffer.alloc(1472, 0xa5);
        const { length, left } = writeReply(used, given, most);
        const fresh = buildReply(given, most);
        assert.deepEqual({ bytes: used.subarray(0, length), left }, fresh);
        assert.ok(used.subarray(most).every((octet) => octet === 0xa5));
      }),
    );
  });

  it('use file and sname only where the option field is too short', () => {
    const given = fc.sample(fields, { numRuns: 1, seed: 1 })[0]!;
    const big: ReplyFields = {
      ...given,
      ...{ serverName: '', file: '' },
      options: [
        [43, Buffer.alloc(250, 1)],
        [121, Buffer.alloc(100, 2)],
        [15, Buffer.alloc(50, 3)],
      ],
    };
    const long = parseMessage(buildReply(big, 1472).bytes)!;
    assert.equal(long.options.has(52), false);
    const short = parseMessage(buildReply(big, MESSAGE_BYTES_USUAL).bytes)!;
    assert.equal(short.options.get(52)?.[0], 1);
    assert.equal(short.options.get(121)?.length, 100);
  });

  it('of any octets are read or refused, without an error', () => {
    const cookie = Buffer.from('63825363', 'hex');
    fc.assert(
      fc.property(octets(600), octets(400), (head, tail) => {
        parseMessage(head);
        const framed = Buffer.concat([Buffer.alloc(236), cookie, tail]);
        framed.set(head.subarray(0, 236));
        parseMessage(framed);
        parseOptions(tail, new Map());
        parseSuboptions(tail);
        parseArpReply(head);
        parseFrame(head, false);
      }),
      { numRuns: 2000 },
    );
  });

  it('are refused when they are cut short, have no cookie, or an option reaches past the end', () => {
    const { bytes } = buildReply(fc.sample(fields, { numRuns: 1, seed: 2 })[0]!, 1472);
    assert.equal(parseMessage(bytes.subarray(0, 239)), null);
    const bare = Buffer.from(bytes);
    bare[236] = 0;
    assert.equal(parseMessage(bare), null);
    const hardware = Buffer.from(bytes);
    hardware[2] = 17;
    assert.equal(parseMessage(hardware), null);
    assert.equal(parseOptions(Buffer.from([53, 4, 1]), new Map()), false);
    assert.equal(parseOptions(Buffer.from([53]), new Map()), false);
    assert.equal(parseOptions(Buffer.from([0, 0, 53, 1, 1]), new Map()), true, 'without an end option');
  });

  it('go in frames whose checksums hold, and one changed octet is found', () => {
    const addresses = {
      sourceMac: Buffer.from('020000000001', 'hex'),
      destinationMac: Buffer.from('020000000002', 'hex'),
      ...{ source: 0x0a010001, destination: 0x0a01000a, sourcePort: 67, destinationPort: 68 },
    };
    fc.assert(
      fc.property(octets(600), fc.nat(), fc.integer({ min: 1, max: 255 }), (payload, where, flip) => {
        const frame = buildFrame(addresses, payload);
        assert.equal(foldChecksum(sumWords(frame, 14, 34)), 0);
        const read = parseFrame(frame, false);
        assert.deepEqual(read?.payload, payload);
        assert.deepEqual(
          [read?.source, read?.destination, read?.destinationPort],
          [0x0a010001, 0x0a01000a, 68],
        );
        const at = 14 + (where % (frame.length - 14));
        frame[at] = frame[at]! ^ flip;
        const changed = parseFrame(frame, false);
        // A checksum of 0 says that there is none; other changes of it are found.
        const without = frame.readUInt16BE(FRAME_HEADERS - 2) === 0;
        assert.ok(changed === null || without, `octet ${at}`);
      }),
      { numRuns: 500 },
    );
  });
});
