import assert from 'node:assert/strict';
import { configWarnings, deviceConfigSchema } from '../../src/index.js';

const user = { name: 'poller', password: { file: '/p' }, privacy_password: { file: '/q' } };

function parse(snmp: object) {
  return deviceConfigSchema.safeParse({ schema: 1, management: { snmp } });
}

describe('SNMP of the configuration', () => {
  it('listens on all addresses at port 161, unless told otherwise', () => {
    const { data } = parse({ sources: ['192.0.2.0/24'], users: [user] });
    assert.deepEqual(data?.management.snmp, {
      address: '0.0.0.0',
      port: 161,
      vrf: 'default',
      sources: ['192.0.2.0/24'],
      users: [{ ...user, authentication: 'sha256' }],
      communities: [],
      contact: '',
      location: '',
    });
    assert.deepEqual(configWarnings(data!), []);
  });

  it('warns of communities', () => {
    const { data } = parse({ sources: ['192.0.2.0/24'], communities: [{ file: '/c' }] });
    assert.match(
      configWarnings(data!).join(),
      /^SNMPv2c is on: whoever sees its packets reads the community/,
    );
  });

  const faults: [what: string, snmp: object, problem: string][] = [
    [
      'nobody',
      { sources: ['::/0'] },
      'users: needs somebody who may ask: users of SNMPv3, or communities of SNMPv2c',
    ],
    [
      'no networks',
      { sources: [], users: [user] },
      'sources: name the networks that may ask, such as 192.0.2.0/24',
    ],
    [
      'one user twice',
      { sources: ['::/0'], users: [user, user] },
      'users.1.name: there is another user poller: names are unique',
    ],
    [
      'a relative path',
      { sources: ['::/0'], communities: [{ file: 'c' }] },
      'communities.0.file: must be an absolute path to a file that only its owner can read',
    ],
  ];
  for (const [what, snmp, problem] of faults)
    it(`does not have ${what}`, () => {
      const issues = parse(snmp).error?.issues ?? [];
      assert.deepEqual(
        issues.map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`),
        [problem],
      );
    });
});
