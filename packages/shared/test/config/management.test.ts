import assert from 'node:assert/strict';
import { configWarnings, deviceConfigSchema } from '../../src/index.js';
import { validConfig } from './valid.js';

const HASH = '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g';
const otto = { name: 'otto', password_hash: HASH };

function device(management: Record<string, unknown>) {
  return {
    schema: 1,
    interfaces: [
      { name: 'lan', device: 'eth0', addresses: ['10.1.0.1/24'] },
      { name: 'wan', device: 'eth1' },
    ],
    management,
  };
}

describe('the management section', () => {
  const refused: [what: string, management: Record<string, unknown>, message: RegExp][] = [
    ['nobody', { telnet: { interfaces: ['lan'] } }, /^needs somebody under users who has a password/],
    [
      'keys alone',
      { telnet: { interfaces: ['lan'] }, users: [{ name: 'anna', public_keys: ['ssh-ed25519 AAAA anna'] }] },
      /^needs somebody under users who has a password/,
    ],
    ['all interfaces', { telnet: {}, users: [otto] }, /./],
    ['no interface', { telnet: { interfaces: [] }, users: [otto] }, /^name the interfaces that it is for/],
    [
      'an unknown interface',
      { telnet: { interfaces: ['lam'] }, users: [otto] },
      /^there is no interface "lam": name one of lan, wan$/,
    ],
    [
      'one without an address',
      { telnet: { interfaces: ['wan'] }, users: [otto] },
      /^"wan" has no address for Telnet to listen on, and learns none/,
    ],
    ['one twice', { telnet: { interfaces: ['lan', 'lan'] }, users: [otto] }, /^"lan" is named twice$/],
    ['a port', { telnet: { interfaces: ['lan'], port: 2323 }, users: [otto] }, /port/],
  ];
  for (const [what, management, message] of refused) {
    it(`refuses Telnet for ${what}`, () => {
      const issues = deviceConfigSchema.safeParse(device(management)).error?.issues ?? [];
      assert.equal(issues.length, 1, JSON.stringify(issues));
      assert.match(issues[0]?.message ?? '', message);
      assert.deepEqual(issues[0]?.path.slice(0, 2), ['management', 'telnet']);
    });
  }

  const learning: [how: string, wan: object][] = [
    ['DHCP', { dhcp_client: {} }],
    ['DHCPv6', { dhcp6_client: {} }],
    ['router advertisements', { ipv6: { accept_ra: true } }],
  ];
  for (const [how, wan] of learning)
    it(`has Telnet for an interface that learns its addresses by ${how}`, () => {
      const { interfaces, ...rest } = device({ telnet: { interfaces: ['wan'] }, users: [otto] });
      const learns = interfaces.map((entry) => (entry.name === 'wan' ? { ...entry, ...wan } : entry));
      assert.deepEqual(deviceConfigSchema.safeParse({ ...rest, interfaces: learns }).error, undefined);
    });

  for (const [service, section] of Object.entries({
    metrics: {},
    snmp: { sources: ['192.0.2.0/24'], communities: [{ file: '/c' }] },
    ssh: {},
  })) {
    it(`has ${service} in a VRF that there is`, () => {
      const config = device({ [service]: { ...section, vrf: 'ops' }, users: [otto] });
      assert.deepEqual(
        deviceConfigSchema.safeParse(config).error?.issues.map(({ path, message }) => [path, message]),
        [[['management', service, 'vrf'], 'there is no VRF "ops": add it under vrfs, or use one of default']],
      );
      assert.ok(deviceConfigSchema.safeParse({ ...config, vrfs: [{ name: 'ops' }] }).success);
    });
  }

  it('has no Telnet unless asked, and warns of it', () => {
    assert.deepEqual(configWarnings(deviceConfigSchema.parse(device({ users: [otto] }))), []);
    const config = deviceConfigSchema.parse(device({ telnet: { interfaces: ['lan'] }, users: [otto] }));
    assert.deepEqual(config.management.telnet, { interfaces: ['lan'], idle_timeout_s: 900 });
    assert.match(
      configWarnings(config).join(' '),
      /^Telnet is on for lan: whoever sees its packets reads passwords/,
    );
  });

  it('warns of IKE, too', () => {
    const config = deviceConfigSchema.parse(validConfig());
    assert.deepEqual(configWarnings(config), []);
    const connections = config.ike.connections.map((each) => ({ ...each, aggressive: true }));
    assert.match(configWarnings({ ...config, ike: { connections } }).join(' '), /uses aggressive mode/);
  });
});
