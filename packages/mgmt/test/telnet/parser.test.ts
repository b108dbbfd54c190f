// Octets of Telnet clients, cut anywhere, and of what is none.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DM, DO, IAC, NAWS, SB, SE, type Verb, WILL } from '../../src/telnet/codes.js';
import { subnegotiation, TelnetEncoder } from '../../src/telnet/encode.js';
import { TelnetParser } from '../../src/telnet/parser.js';

/** What a parser made of segments, data joined. */
function parsed(segments: readonly Uint8Array[], binary = false) {
  const said: string[] = [];
  const data: number[] = [];
  let nonsense = 0;
  const parser = new TelnetParser(
    {
      data: (octets) => data.push(...octets),
      command: (code) => said.push(`command ${code}`),
      negotiation: (verb: Verb, option) => said.push(`${verb} ${option}`),
      subnegotiation: (option, octets) => said.push(`about ${option}: ${octets.toString('hex')}`),
      nonsense: () => nonsense++,
    },
    () => binary,
  );
  for (const segment of segments) parser.push(segment);
  return { text: Buffer.from(data).toString('latin1'), said, nonsense };
}

const octets = (...parts: (string | number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

describe('octets of a Telnet client', () => {
  const all = octets(
    [IAC, DO, 1, IAC, WILL, NAWS],
    'show\r\n',
    [IAC, SB, NAWS, 0, 80, IAC, IAC, 24, IAC, SE],
    'a\r\0b\rc\n',
    [IAC, 246, IAC, 244],
  );
  const expected = {
    text: 'show\ra\rb\rc\n',
    said: [`${DO} 1`, `${WILL} ${NAWS}`, `about ${NAWS}: 0050ff18`, 'command 246', 'command 244'],
    nonsense: 0,
  };

  it('are the same however segments cut them', () => {
    assert.deepEqual(parsed([all]), expected);
    for (let cut = 1; cut < all.length; cut++)
      assert.deepEqual(parsed([all.subarray(0, cut), all.subarray(cut)]), expected, `cut at ${cut}`);
    assert.deepEqual(parsed([...all].map((octet) => Uint8Array.of(octet))), expected);
  });

  it('keep their ends of lines and 255 in binary', () => {
    assert.equal(parsed([octets('a\r\n', [IAC, IAC], 'b')], true).text, 'a\r\n\xffb');
  });

  it('go on behind a Synch of which one octet went beside the stream as urgent data', () => {
    const sync = octets('x', [IAC], 'y', [IAC, IAC, DO, 6], [DM], 'z');
    assert.deepEqual(parsed([sync]), { text: 'xyz', said: [`${DO} 6`], nonsense: 0 });
  });

  it('of a subnegotiation without end are not held, and are nonsense', () => {
    const endless = parsed([Buffer.of(IAC, SB, NAWS), Buffer.alloc(1 << 20, 0x41), Buffer.of(IAC, SE)]);
    assert.deepEqual(endless, { text: '', said: [], nonsense: 1 });
    // Too long for what we know, but not endless.
    const long = octets([IAC, SB, 24], 'x'.repeat(100), [IAC, SE], 'y');
    assert.deepEqual(parsed([long]), { text: 'y', said: [], nonsense: 0 });
  });

  it('of any kind never throw, and never become more', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (segments) => {
        // Commands are rare among random octets.
        const dense = segments.map((each) => each.map((octet) => (octet < 96 ? IAC : octet)));
        for (const each of [segments, dense]) {
          const sum = each.reduce((total, segment) => total + segment.length, 0);
          const whole = parsed([Buffer.concat(each)]);
          assert.deepEqual(parsed(each), whole);
          assert.ok(whole.text.length + whole.said.length <= sum);
        }
      }),
      { seed: 854, numRuns: 300 },
    );
  });
});

describe('octets for a Telnet client', () => {
  it('have NUL behind a CR that ends no line, and every 255 twice', () => {
    const encoder = new TelnetEncoder();
    const sent = ['a\r\nb\r', '\x1b[K\r', '\n\xff'].map((text) => [
      ...encoder.data(Buffer.from(text, 'latin1'), false),
    ]);
    assert.equal(Buffer.from(sent.flat()).toString('latin1'), 'a\r\nb\r\0\x1b[K\r\n\xff\xff');
    assert.equal(encoder.data(Buffer.from('\rx'), true).toString(), '\rx');
  });

  it('come back as they were', () => {
    // UTF-8 has no octet from 245 on, and a terminal's CR is followed by LF.
    const text = fc.array(fc.oneof(fc.integer({ min: 0, max: 0xf1 }), fc.constant(13)), { maxLength: 60 });
    fc.assert(
      fc.property(text, (octets) => {
        const lines = octets
          .filter((octet) => octet !== 10)
          .flatMap((octet) => (octet === 13 ? [13, 10] : [octet]));
        const sent = new TelnetEncoder().data(Uint8Array.from(lines), false);
        const seen = Buffer.from(lines).toString('latin1').replaceAll('\r\n', '\r');
        assert.equal(parsed([sent]).text, seen);
      }),
      { seed: 855, numRuns: 200 },
    );
    assert.deepEqual([...subnegotiation(31, [0, 255])], [IAC, SB, 31, 0, IAC, IAC, IAC, SE]);
  });
});
