import assert from 'node:assert/strict';
import { DHCP_OPTIONS, deviceConfigSchema } from '@sluice/shared';
import { encodeOptionValue } from '../../src/wire/option-values.js';

const hex = (value: Buffer): string => value.toString('hex');

describe('values of options', () => {
  it('have the octets of their specifications', () => {
    assert.equal(hex(encodeOptionValue('ip4', '192.0.2.1')), 'c0000201');
    assert.equal(hex(encodeOptionValue('ip4_list', ['192.0.2.1', '10.0.0.1'])), 'c00002010a000001');
    assert.equal(hex(encodeOptionValue('i32', -3600)), 'fffff1f0');
    assert.equal(hex(encodeOptionValue('u16', 1500)), '05dc');
    assert.equal(hex(encodeOptionValue('flag', true)), '01');
    assert.equal(hex(encodeOptionValue('text', 'a.b')), '612e62');
    assert.equal(hex(encodeOptionValue('sip_servers', ['10.0.0.1'])), '010a000001');
  });

  it('routes are those of RFC 3442, which has these destinations', () => {
    const of = (to: string) => hex(encodeOptionValue('routes', [{ to, via: '10.0.0.1' }])).slice(0, -8);
    assert.deepEqual(
      [
        '0.0.0.0/0',
        '10.0.0.0/8',
        '10.0.0.0/24',
        '10.17.0.0/16',
        '10.27.129.0/24',
        '10.229.0.128/25',
        '10.198.122.47/32',
      ].map(of),
      ['00', '080a', '180a0000', '100a11', '180a1b81', '190ae50080', '200ac67a2f'],
    );
  });

  it('domains are compressed as in the example of RFC 3397', () => {
    const encoded = encodeOptionValue('domain_list', ['eng.apple.com', 'marketing.apple.com']);
    assert.equal(
      hex(encoded),
      hex(Buffer.from('\x03eng\x05apple\x03com\x00\x09marketing\xc0\x04', 'latin1')),
    );
  });

  it("vendors' options are inside their own (RFC 2132 section 8.4, RFC 3925)", () => {
    const list = [
      { code: 1, ip4: '10.0.0.9' },
      { code: 2, text: 'x' },
      { code: 3, u8: 7 },
      { code: 4, hex: '01:02 ff' },
    ];
    const inner = '01040a000009020178' + '030107' + '04030102ff';
    assert.equal(hex(encodeOptionValue('suboptions', list)), inner);
    assert.equal(
      hex(encodeOptionValue('enterprises', [{ enterprise: 3561, options: list }])),
      `00000de9${(inner.length / 2).toString(16).padStart(2, '0')}${inner}`,
    );
  });

  it('every option has a code of its own, and the configuration refuses what is none of its kind', () => {
    const codes = Object.values(DHCP_OPTIONS).map(({ code }) => code);
    assert.equal(new Set(codes).size, codes.length);
    const problems = (options: object): string[] => {
      const result = deviceConfigSchema.safeParse({
        schema: 1,
        dhcp: { servers: [{ subnet: '10.1.0.0/24', options }] },
      });
      return result.success ? [] : result.error.issues.map(({ message }) => message);
    };
    assert.deepEqual(problems({ routers: ['10.1.0.1'], domain_search: ['a.example', 'b.example'] }), []);
    assert.match(problems({ routers: '10.1.0.1' })[0] ?? '', /array/);
    assert.match(problems({ dns_servers: ['10.1.0.300'] })[0] ?? '', /must be an IPv4 address/);
    assert.match(problems({ rooters: [] })[0] ?? '', /rooters/);
    assert.match(
      problems({ vendor_encapsulated: [{ code: 1, u8: 1, text: 'x' }] })[0] ?? '',
      /needs one value/,
    );
  });
});
