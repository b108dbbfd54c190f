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
      /^"wan" has no address in the configuration/,
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
