import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Framer } from '../../src/vici/framer.js';
import {
  decodeMessage,
  decodePacket,
  encodeMessage,
  encodePacket,
  PACKET,
  SEGMENT_MAX,
  subsection,
  text,
  textList,
  ViciError,
  type ViciInput,
  type ViciSection,
} from '../../src/vici/index.js';

const bytes = (...parts: Array<number | string>): Buffer =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part, 'latin1'))),
  );

/** The encoding example of the protocol's description, byte by byte. */
const EXAMPLE = bytes(
  ...[3, 4, 'key1', 0, 6, 'value1'],
  ...[1, 8, 'section1'],
  ...[1, 11, 'sub-section', 3, 4, 'key2', 0, 6, 'value2', 2],
  ...[4, 5, 'list1', 5, 0, 5, 'item1', 5, 0, 5, 'item2', 6],
  2,
);
const EXAMPLE_INPUT = {
  key1: 'value1',
  section1: { 'sub-section': { key2: 'value2' }, list1: ['item1', 'item2'] },
};

const malformed = (error: unknown): boolean => error instanceof ViciError && error.code === 'malformed';
const invalid = (error: unknown): boolean => error instanceof ViciError && error.code === 'invalid';

describe('vici message codec', () => {
  it('encodes the example of the protocol description', () => {
    assert.deepEqual(encodeMessage(EXAMPLE_INPUT), EXAMPLE);
  });

  it('decodes the example of the protocol description', () => {
    const message = decodeMessage(EXAMPLE);
    assert.equal(text(message, 'key1'), 'value1');
    const section = subsection(message, 'section1');
    assert.equal(text(subsection(section, 'sub-section'), 'key2'), 'value2');
    assert.deepEqual(textList(section, 'list1'), ['item1', 'item2']);
  });

  it('sends numbers as decimal text, booleans as yes and no, and leaves undefined out', () => {
    const expected = bytes(3, 1, 'n', 0, 4, '1400', 3, 1, 'b', 0, 3, 'yes', 3, 1, 'c', 0, 2, 'no');
    assert.deepEqual(encodeMessage({ n: 1400, gone: undefined, b: true, c: false }), expected);
    assert.throws(() => encodeMessage({ n: Number.NaN }), invalid);
  });

  it('keeps empty lists, sections and values', () => {
    const expected = bytes(4, 1, 'l', 6, 1, 1, 's', 2, 3, 1, 'v', 0, 0);
    assert.deepEqual(encodeMessage({ l: [], s: {}, v: '' }), expected);
    const message = decodeMessage(expected);
    assert.deepEqual(message.get('l'), []);
    assert.deepEqual(message.get('s'), new Map());
    assert.deepEqual(message.get('v'), Buffer.alloc(0));
  });

  it('carries names and values up to their length fields, and no longer ones', () => {
    const name = 'n'.repeat(255);
    const value = Buffer.alloc(0xffff, 0xa5);
    assert.deepEqual(decodeMessage(encodeMessage({ [name]: value })).get(name), value);
    assert.throws(() => encodeMessage({ [`${name}n`]: 'x' }), invalid);
    assert.throws(() => encodeMessage({ x: Buffer.alloc(0x10000) }), invalid);
    assert.throws(() => encodeMessage({ x: [Buffer.alloc(0x10000)] }), invalid);
    assert.throws(() => encodeMessage({ 'n\u0153ud': 'x' }), invalid);
  });

  it('decodes any depth without recursion', () => {
    const depth = 100_000;
    const deep = Buffer.concat([...Array<Buffer>(depth).fill(bytes(1, 1, 's')), Buffer.alloc(depth, 2)]);
    let section: ViciSection | undefined = decodeMessage(deep);
    let levels = 0;
    for (section = subsection(section, 's'); section; section = subsection(section, 's')) levels++;
    assert.equal(levels, depth);
  });

  it('keeps the names that JavaScript objects treat in their own way', () => {
    const message = decodeMessage(bytes(1, 9, '__proto__', 2, 3, 1, '2', 0, 0, 3, 1, '1', 0, 0));
    assert.deepEqual([...message.keys()], ['__proto__', '2', '1']);
  });

  const wrong: Array<[string, Buffer]> = [
    ['an unknown element type', bytes(7)],
    ['element type 0', bytes(0)],
    ['a section that does not end', bytes(1, 1, 's')],
    ['a section end too many', bytes(1, 1, 's', 2, 2)],
    ['a list that does not end', bytes(4, 1, 'l', 5, 0, 1, 'x')],
    ['a list end outside a list', bytes(6)],
    ['an item outside a list', bytes(5, 0, 1, 'x')],
    ['a key/value inside a list', bytes(4, 1, 'l', 3, 1, 'k', 0, 0, 6)],
    ['a list inside a list', bytes(4, 1, 'l', 4, 1, 'm', 6, 6)],
    ['a section end inside a list', bytes(1, 1, 's', 4, 1, 'l', 2)],
    ['a name cut off', bytes(3, 4, 'key')],
    ['a missing name length', bytes(3)],
    ['half a value length', bytes(3, 1, 'k', 0)],
    ['a value cut off', bytes(3, 1, 'k', 0, 3, 'ab')],
    ['a name twice', bytes(3, 1, 'k', 0, 0, 3, 1, 'k', 0, 0)],
  ];
  for (const [what, message] of wrong) {
    it(`refuses ${what}`, () => assert.throws(() => decodeMessage(message), malformed));
  }

  it('refuses every truncation of a message, or decodes what is whole', () => {
    for (let length = 0; length < EXAMPLE.length; length++) {
      // Only the cut right after key1 leaves a whole message; so does the empty one.
      const whole = length === 0 || length === 14;
      if (whole) decodeMessage(EXAMPLE.subarray(0, length));
      else assert.throws(() => decodeMessage(EXAMPLE.subarray(0, length)), malformed, `${length} bytes`);
    }
  });

  it('survives random bytes', () => {
    const soup = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 300 }).map((types) => Uint8Array.from(types)),
    );
    fc.assert(
      fc.property(soup, (random) => {
        try {
          decodeMessage(Buffer.from(random));
        } catch (error) {
          if (!malformed(error)) throw error;
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('decodes what it encoded', () => {
    const name = fc.string({
      unit: fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c)),
      maxLength: 20,
    });
    const value = fc.uint8Array({ maxLength: 40 }).map((raw) => Buffer.from(raw));
    const { section } = fc.letrec<{ section: Map<string, unknown> }>((tie) => ({
      section: fc
        .array(
          fc.tuple(
            name,
            fc.oneof({ depthSize: 'small' }, value, fc.array(value, { maxLength: 4 }), tie('section')),
          ),
          { maxLength: 6 },
        )
        .map((entries) => new Map(entries)),
    }));
    fc.assert(
      fc.property(section, (message) => {
        assert.deepEqual(decodeMessage(encodeMessage(message as ViciInput)), message);
      }),
      { numRuns: 500 },
    );
  });
});

describe('vici packets', () => {
  it('puts length, type and name before the message', () => {
    assert.deepEqual(
      encodePacket(PACKET.CMD_REQUEST, 'version', { a: 'b' }),
      bytes(0, 0, 0, 15, 0, 7, 'version', 3, 1, 'a', 0, 1, 'b'),
    );
    assert.deepEqual(encodePacket(PACKET.EVENT_REGISTER, 'log'), bytes(0, 0, 0, 5, 3, 3, 'log'));
  });

  it('refuses what does not fit a segment, and names that cannot be', () => {
    const big = Buffer.alloc(0xffff);
    const list = Array<Buffer>(8).fill(big);
    assert.throws(() => encodePacket(PACKET.CMD_REQUEST, 'load', { list }), invalid);
    for (const name of ['', 'n'.repeat(256), 'two words']) {
      assert.throws(() => encodePacket(PACKET.CMD_REQUEST, name), invalid);
    }
  });

  it('decodes responses, events and confirmations', () => {
    const unnamed = decodePacket(bytes(1, 3, 1, 'a', 0, 1, 'b'));
    assert.deepEqual(unnamed, { type: PACKET.CMD_RESPONSE, message: new Map([['a', Buffer.from('b')]]) });
    assert.deepEqual(decodePacket(bytes(7, 3, 'log')), {
      type: PACKET.EVENT,
      name: 'log',
      message: new Map(),
    });
    assert.deepEqual(decodePacket(bytes(5)), { type: PACKET.EVENT_CONFIRM });
  });

  for (const [what, packet] of [
    ['an empty segment', bytes()],
    ['an unknown type', bytes(8)],
    ['a request', bytes(0, 1, 'x')],
    ['an event without name', bytes(7)],
    ['an event whose name is cut off', bytes(7, 4, 'log')],
    ['a confirmation with a tail', bytes(5, 0)],
  ] as const) {
    it(`refuses ${what}`, () => assert.throws(() => decodePacket(packet), malformed));
  }
});

describe('vici framer', () => {
  it('finds the segments however the stream is cut', () => {
    const segments = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 8 });
    fc.assert(
      fc.property(segments, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (wanted, cuts) => {
        const stream = Buffer.concat(
          wanted.flatMap((body) => {
            const header = Buffer.alloc(4);
            header.writeUInt32BE(body.length);
            return [header, Buffer.from(body)];
          }),
        );
        const framer = new Framer();
        const found: Buffer[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const n = cuts[i % cuts.length]!;
          found.push(...framer.push(stream.subarray(at, at + n)));
          at += n;
        }
        assert.deepEqual(
          found,
          wanted.map((body) => Buffer.from(body)),
        );
        assert.equal(framer.idle, true);
      }),
    );
  });

  it('takes a segment of the largest size and refuses the next larger and the empty one', () => {
    const header = Buffer.alloc(4);
    header.writeUInt32BE(SEGMENT_MAX);
    const framer = new Framer();
    assert.deepEqual([...framer.push(header)], []);
    assert.equal(framer.idle, false);
    assert.equal([...framer.push(Buffer.alloc(SEGMENT_MAX))][0]?.length, SEGMENT_MAX);

    header.writeUInt32BE(SEGMENT_MAX + 1);
    assert.throws(() => [...new Framer().push(header)], malformed);
    assert.throws(() => [...new Framer().push(Buffer.alloc(4))], malformed);
  });
});
