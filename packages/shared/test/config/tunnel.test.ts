import assert from 'node:assert/strict';
import { tunnelSection } from '../../src/index.js';

const read = (changes: object) => tunnelSection.safeParse({ name: 'tun0', ...changes });
const ENDS = { local: '192.0.2.1', remote: '198.51.100.1' };

describe('a tunnel', () => {
  const right: [string, object][] = [
    ['of IPsec, without saying so', {}],
    ['of IPsec', { kind: 'ipsec' }],
    ['of GRE', { kind: 'gre', ...ENDS }],
    ['of GRE with a key, in clear', { kind: 'gre', ...ENDS, key: 0xffffffff, protect: 'none' }],
    ['of IPIP over IPv6', { kind: 'ipip', local: '2001:db8::1', remote: '2001:db8::2', protect: 'required' }],
  ];
  for (const [what, section] of right) {
    it(`may be ${what}`, () => assert.ok(read(section).success));
  }

  const wrong: [string, object, string, RegExp][] = [
    ['GRE without ends', { kind: 'gre' }, 'local', /^is missing: a tunnel of kind gre/],
    ['IPIP without the other end', { kind: 'ipip', local: '192.0.2.1' }, 'remote', /^is missing/],
    [
      'ends of two families',
      { kind: 'gre', local: '192.0.2.1', remote: '2001:db8::1' },
      'remote',
      /family of local/,
    ],
    ['a key of IPIP', { kind: 'ipip', ...ENDS, key: 1 }, 'key', /ipip has none/],
    ['ends of IPsec', { ...ENDS }, 'local', /^is of gre and ipip tunnels/],
    ['IPsec that need not be protected', { protect: 'none' }, 'protect', /^is of gre and ipip tunnels/],
    ['another kind', { kind: 'vxlan' }, 'kind', /./],
    ['a key that is too long', { kind: 'gre', ...ENDS, key: 2 ** 32 }, 'key', /./],
  ];
  for (const [what, section, path, message] of wrong) {
    it(`may not be ${what}`, () => {
      const result = read(section);
      const issue = result.error?.issues.find((candidate) => candidate.path[0] === path);
      assert.match(issue?.message ?? 'nothing was wrong', message);
    });
  }
});
