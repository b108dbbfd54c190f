import assert from 'node:assert/strict';
import { childEspProposals, connectionSection, connectionWarnings, identities } from '../../src/index.js';

const CERTIFICATE = { certificate: { file: '/etc/gw.pem' }, private_key: { file: '/etc/gw.key' } };
const ACCOUNT = { username: 'branch', password: { file: '/etc/password' } };
const CA = [{ file: '/etc/ca.pem' }];
const CHILD = { name: 'net', tunnel: 'tun0' };

const base = {
  name: 'hq',
  local: { address: '198.51.100.2' },
  remote: { address: '203.0.113.2' },
  psk: { file: '/etc/hq.psk' },
  children: [CHILD],
};
const read = (changes: object) => connectionSection.safeParse({ ...base, ...changes });
const certified = {
  local: { ...base.local, auth: 'certificate', ...CERTIFICATE },
  remote: { ...base.remote, ca: CA },
  psk: undefined,
};
const ike1 = { version: 1 };

describe('how the ends of a connection authenticate', () => {
  const right: [string, object][] = [
    ['a pre-shared key', {}],
    ['certificates', certified],
    ['one certificate of the peer', { ...certified, remote: { ...base.remote, certificate: CA[0] } }],
    ['revocation lists', { ...certified, remote: { ...base.remote, ca: CA, crl: CA, revocation: 'strict' } }],
    ['a key here and a certificate there', { remote: { ...base.remote, ca: CA } }],
    ['EAP-MSCHAPv2', { ...certified, local: { ...base.local, auth: 'eap-mschapv2', eap: ACCOUNT } }],
    ['EAP-TLS', { ...certified, local: { ...base.local, auth: 'eap-tls', ...CERTIFICATE } }],
    ['a peer that is anywhere', { remote: { address: 'any', id: '%any' }, start: 'respond' }],
    ['an address of ours that changes', { local: { address: 'any', id: 'branch.example' } }],
    ['IKEv1', { ...ike1, proposals: ['aes256-sha256-modp2048', 'interoperable'] }],
    ['IKEv1 in aggressive mode', { ...ike1, aggressive: true }],
    ['MOBIKE', { mobike: true }],
    ['XAuth as client', { ...ike1, local: { ...base.local, xauth: ACCOUNT } }],
    ['XAuth as server', { ...ike1, remote: { ...base.remote, xauth: { users: [ACCOUNT] } } }],
    ['a tunnel when it is needed', { start: 'on-traffic' }],
    ['addresses that are asked for', { request_addresses: ['any4', '2001:db8::7'] }],
    [
      'an address that is given',
      { start: 'respond', assign_addresses: ['10.9.0.7'], assign_dns: ['10.9.0.1'] },
    ],
  ];
  for (const [title, changes] of right) {
    it(`takes ${title}`, () => {
      const result = read(changes);
      assert.ok(result.success, JSON.stringify(result.error?.issues, null, 1));
    });
  }

  const wrong: [string, object, string, RegExp][] = [
    ['no key', { psk: undefined }, 'psk', /^is missing: local\.auth is psk/],
    ['a key that nobody uses', { ...certified, psk: base.psk }, 'psk', /^is of no use/],
    [
      'a certificate without key',
      { ...certified, local: { ...certified.local, private_key: undefined } },
      'local.private_key',
      /^is missing/,
    ],
    [
      'a certificate beside psk',
      { local: { ...base.local, ...CERTIFICATE } },
      'local.certificate',
      /^is of no use/,
    ],
    [
      'a peer of any authority',
      { ...certified, remote: { ...base.remote, auth: 'certificate' } },
      'remote.ca',
      /^is missing/,
    ],
    [
      'authorities and one certificate',
      { ...certified, remote: { ...base.remote, ca: CA, certificate: CA[0] } },
      'remote.certificate',
      /^must be left out/,
    ],
    [
      'strict revocation without list',
      { ...certified, remote: { ...base.remote, ca: CA, revocation: 'strict' } },
      'remote.crl',
      /^is missing/,
    ],
    [
      'EAP without name',
      { ...certified, local: { ...base.local, auth: 'eap-mschapv2' } },
      'local.eap',
      /^is missing/,
    ],
    [
      'EAP to a peer with a key',
      { local: { ...base.local, auth: 'eap-mschapv2', eap: ACCOUNT } },
      'remote.auth',
      /^must be certificate/,
    ],
    [
      'EAP for whoever calls',
      { ...certified, start: 'respond', local: { ...base.local, auth: 'eap-tls', ...CERTIFICATE } },
      'start',
      /is for clients$/,
    ],
    [
      'EAP in IKEv1',
      { ...certified, ...ike1, local: { ...base.local, auth: 'eap-mschapv2', eap: ACCOUNT } },
      'local.auth',
      /IKEv1 has no EAP/,
    ],
    ['two ways in IKEv1', { ...ike1, remote: { ...base.remote, ca: CA } }, 'remote.auth', /in the same way$/],
    ['XAuth in IKEv2', { local: { ...base.local, xauth: ACCOUNT } }, 'local.xauth', /eap-mschapv2/],
    ['MOBIKE in IKEv1', { ...ike1, mobike: true }, 'mobike', /^is of IKEv2/],
    [
      'MOBIKE in transport mode',
      { mobike: true, children: [{ ...CHILD, mode: 'transport' }] },
      'mobike',
      /^is for children in tunnel mode/,
    ],
    ['aggressive mode in IKEv2', { aggressive: true }, 'aggressive', /^is of IKEv1/],
    ['a call to anywhere', { remote: { address: 'any' } }, 'start', /^must be respond/],
    ['an unknown address for identity', { local: { address: 'any' } }, 'local.id', /^is missing/],
    [
      'no identity in particular for us',
      { local: { ...base.local, id: '%any' } },
      'local.id',
      /^must be one identity/,
    ],
    [
      'an identity that is none',
      { local: { ...base.local, id: 'our gateway' } },
      'local.id',
      /^is no identity\. An address, a domain name/,
    ],
    [
      'half an octet of a key id',
      { local: { ...base.local, id: 'keyid:#123' } },
      'local.id',
      /hexadecimal digits/,
    ],
    ['ends of two families', { remote: { address: '2001:db8::1' } }, 'remote.address', /same address family/],
    [
      'AEADs in IKEv1',
      { ...ike1, proposals: ['aes256gcm16-prfsha256-modp2048'] },
      'proposals.0',
      /^must be without aes256gcm16/,
    ],
    [
      'several selectors in IKEv1',
      { ...ike1, children: [{ ...CHILD, local_ts: ['10.1.0.0/24', '10.3.0.0/24'] }] },
      'children.0.local_ts',
      /^must be one selector/,
    ],
    ['ESN in IKEv1', { ...ike1, children: [{ ...CHILD, esn: 'prefer' }] }, 'children.0.esn', /^must be no/],
    [
      'a wide window beside two keys in IKEv1',
      { ...ike1, children: [{ ...CHILD, replay_window: 4096 }] },
      'children.0.replay_window',
      /^must be at most 2048/,
    ],
    [
      'two children in a tunnel',
      { children: [CHILD, { ...CHILD, name: 'more' }] },
      'children.1.tunnel',
      /serves child "net" already/,
    ],
    [
      'addresses both ways',
      { request_addresses: ['any4'], assign_addresses: ['10.9.0.7'] },
      'assign_addresses',
      /^must be left out/,
    ],
    ['name servers alone', { assign_dns: ['10.9.0.1'] }, 'assign_dns', /assign_addresses only$/],
    ['a relative path', { psk: { file: 'hq.psk' } }, 'psk.file', /^must be an absolute path/],
  ];
  for (const [title, changes, path, message] of wrong) {
    it(`refuses ${title}`, () => {
      const result = read(changes);
      assert.ok(!result.success, 'was taken');
      const found = result.error.issues.find((issue) => issue.path.join('.') === path);
      assert.ok(found, JSON.stringify(result.error.issues, null, 1));
      assert.match(found.message, message);
    });
  }

  it('knows ends by their address, or by the subject of their certificate', () => {
    const idsOf = (changes: object) => identities(connectionSection.parse({ ...base, ...changes }));
    assert.deepEqual(idsOf({}), { local: '198.51.100.2', remote: '203.0.113.2' });
    assert.deepEqual(idsOf(certified), { local: null, remote: '203.0.113.2' });
    assert.deepEqual(idsOf({ remote: { address: 'any' }, start: 'respond' }).remote, '%any');
  });

  it('warns of aggressive mode and of weak algorithms', () => {
    const warned = (changes: object) =>
      connectionWarnings(connectionSection.parse({ ...base, ...changes })).join(' ');
    assert.equal(warned({}), '');
    assert.equal(warned({ ...ike1, proposals: ['interoperable'] }), '');
    assert.match(warned({ ...ike1, aggressive: true }), /hq uses aggressive mode/);
    assert.match(warned({ ...ike1, proposals: ['3des-sha1-modp1024'] }), /allows 3des, modp1024 for IKE/);
  });

  it('proposes one algorithm of a kind at a time in IKEv1', () => {
    const child = { esp_proposals: ['aes256-aes128-sha256-sha1-modp2048'], esn: undefined };
    assert.deepEqual(childEspProposals(child, 1), [
      'aes256-sha256-modp2048',
      'aes256-sha1-modp2048',
      'aes128-sha256-modp2048',
      'aes128-sha1-modp2048',
    ]);
  });
});
