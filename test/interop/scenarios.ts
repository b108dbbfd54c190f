// What is negotiated with strongSwan: our side as the device configuration has it, its side as swanctl.conf has it.
import type { DeviceConfigInput } from '@sluice/shared';
import { BRANCH, HQ } from '../support/two-sites.js';
import type { Issued, KeyType, Pki } from './pki.js';

export type ConnectionInput = NonNullable<NonNullable<DeviceConfigInput['ike']>['connections']>[number];
type Ends = Pick<ConnectionInput, 'local' | 'remote'> & Partial<ConnectionInput>;

export type Role = 'we call' | 'the peer calls';
export const BOTH: readonly Role[] = ['we call', 'the peer calls'];

export const OUTSIDE6 = { branch: '2001:db8:1::2', hq: '2001:db8:2::2' };
/** What each end is given by the other where addresses are assigned. */
export const VIRTUAL = { ours: '10.9.0.7', theirs: '10.9.0.8' };
export const PASSWORD = 'between us and the peer';

export interface Authority extends Record<'ours' | 'theirs', Issued> {
  pki: Pki;
}

/** What a scenario may use of the files there are. */
export interface Materials {
  /** Files that hold PASSWORD and the revocation lists that revoke nothing. */
  secret: string;
  authority: Record<KeyType, Authority>;
  lists: Record<KeyType, string[]>;
}

export interface Scenario {
  ike: 'IKEv2' | 'IKEv1' | 'IKEv1 aggressive';
  /** How we authenticate, how the peer does. */
  auth: string;
  identities: string;
  outer: 4 | 6;
  roles: readonly Role[];
  ours(materials: Materials, role: Role): Ends;
  /** Lines of its connection and its child, and what stands beside the connections. */
  theirs(materials: Materials, role: Role): { connection: string; child?: string; beside?: string };
  /** Folders of swanctl's directory and what is in them. */
  files?(materials: Materials): Record<string, string[]>;
  /** Whom to ping instead of the hosts behind each end: from the peer's host, and from ours. */
  targets?: { ours?: string; theirs?: string };
}

const FOUR = { local: BRANCH.wan, remote: HQ.wan };
const SIX = { local: OUTSIDE6.branch, remote: OUTSIDE6.hq };

const secrets = (kind: string, ...ids: string[]): string =>
  `secrets {\n${kind}-a {\n${ids.map((id, i) => `id-${i} = "${id}"`).join('\n')}\nsecret = "${PASSWORD}"\n}\n}`;

/** Both ends by one pre-shared key. */
function keyed(
  ike: Scenario['ike'],
  ids: { name: string; ours: string | undefined; theirs: string | undefined },
  outer: 4 | 6,
  more: Partial<ConnectionInput> = {},
): Scenario {
  const addresses = outer === 4 ? FOUR : SIX;
  const [mine, other] = [ids.ours ?? addresses.local, ids.theirs ?? addresses.remote];
  return {
    ...{ ike, auth: 'psk, psk', identities: ids.name, outer, roles: BOTH },
    ours: ({ secret }) => ({
      local: { address: addresses.local, ...(ids.ours ? { id: ids.ours } : {}) },
      remote: { address: addresses.remote, ...(ids.theirs ? { id: ids.theirs } : {}) },
      psk: { file: secret },
      ...(ike === 'IKEv2' ? {} : { version: 1 }),
      ...(ike === 'IKEv1 aggressive' ? { aggressive: true } : {}),
      ...more,
    }),
    theirs: () => ({
      connection:
        `version = ${ike === 'IKEv2' ? 2 : 1}\n${ike === 'IKEv1 aggressive' ? 'aggressive = yes\n' : ''}` +
        `local {\nauth = psk\nid = "${other}"\n}\nremote {\nauth = psk\nid = "${mine}"\n}`,
      beside: secrets('ike', mine, other),
    }),
  };
}

/** Both ends by certificates of one authority below a root that the other knows. */
function certified(
  ike: 'IKEv2' | 'IKEv1',
  type: KeyType,
  ids: { name: string; ours?: string; theirs: string },
  outer: 4 | 6,
  revocation: 'relaxed' | 'strict' = 'relaxed',
): Scenario {
  const addresses = outer === 4 ? FOUR : SIX;
  const lists = revocation === 'strict' ? ', revocation lists' : '';
  return {
    ...{ ike, auth: `certificate ${type}${lists}`, identities: ids.name, outer, roles: BOTH },
    ours: ({ authority, lists: made }) => ({
      ...(ike === 'IKEv1' ? { version: 1 } : {}),
      local: {
        address: addresses.local,
        ...(ids.ours ? { id: ids.ours } : {}),
        auth: 'certificate',
        certificate: { file: authority[type].ours.chain },
        private_key: { file: authority[type].ours.key },
      },
      remote: {
        address: addresses.remote,
        id: ids.theirs,
        ca: [{ file: authority[type].pki.root }],
        ...(revocation === 'strict' ? { revocation, crl: made[type].map((file) => ({ file })) } : {}),
      },
    }),
    theirs: ({ authority }) => ({
      connection:
        `version = ${ike === 'IKEv2' ? 2 : 1}\nsend_cert = always\n` +
        `local {\nauth = pubkey\ncerts = ${file(authority[type].theirs.certificate)}\nid = "${ids.theirs}"\n}\n` +
        `remote {\nauth = pubkey\nid = "${ids.ours ?? 'C=CH, O=Lab, CN=branch.example'}"\n}`,
    }),
    files: (materials) => peerFiles(materials, type),
  };
}

const file = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

function peerFiles({ authority }: Materials, type: KeyType): Record<string, string[]> {
  const { pki, theirs } = authority[type];
  return { x509: [theirs.certificate], x509ca: [pki.root, pki.intermediate], private: [theirs.key] };
}

/** We are a client with a name; the peer has a certificate. */
function client(method: 'eap-mschapv2' | 'eap-tls'): Scenario {
  const tls = method === 'eap-tls';
  return {
    ...{ ike: 'IKEv2', auth: `${method}, certificate RSA`, identities: 'domain names', outer: 4 },
    roles: ['we call'],
    ours: ({ authority, secret }) => ({
      local: {
        ...{ address: FOUR.local, id: 'branch.example', auth: method },
        ...(tls
          ? { certificate: { file: authority.RSA.ours.chain }, private_key: { file: authority.RSA.ours.key } }
          : { eap: { username: 'branch', password: { file: secret } } }),
      },
      remote: { address: FOUR.remote, id: 'hq.example', ca: [{ file: authority.RSA.pki.root }] },
    }),
    theirs: ({ authority }) => ({
      connection:
        `version = 2\nsend_cert = always\n` +
        `local {\nauth = pubkey\ncerts = ${file(authority.RSA.theirs.certificate)}\nid = hq.example\n}\n` +
        `remote {\nauth = ${method}\nid = branch.example\n${tls ? '' : 'eap_id = %any\n'}}`,
      ...(tls ? {} : { beside: secrets('eap', 'branch') }),
    }),
    files: (materials) => peerFiles(materials, 'RSA'),
  };
}

/** A name and a password in IKEv1, behind the pre-shared key: who calls gives them. */
const XAUTH: Scenario = {
  ...{ ike: 'IKEv1', auth: 'psk and xauth, psk', identities: 'addresses', outer: 4, roles: BOTH },
  ours: ({ secret }, role) => {
    const account = { username: 'branch', password: { file: secret } };
    return {
      version: 1,
      local: { address: FOUR.local, ...(role === 'we call' ? { xauth: account } : {}) },
      remote: { address: FOUR.remote, ...(role === 'we call' ? {} : { xauth: { users: [account] } }) },
      psk: { file: secret },
    };
  },
  theirs: (_materials, role) => {
    const caller = role === 'we call' ? 'remote' : 'local';
    const name = role === 'we call' ? '' : 'xauth_id = branch\n';
    return {
      connection:
        `version = 1\nlocal {\nauth = psk\n}\nremote {\nauth = psk\n}\n` +
        `${caller}-xauth {\nauth = xauth\n${name}}`,
      beside:
        `secrets {\nike-a {\nid-0 = ${FOUR.local}\nid-1 = ${FOUR.remote}\nsecret = "${PASSWORD}"\n}\n` +
        `xauth-a {\nid-0 = branch\nsecret = "${PASSWORD}"\n}\n}`,
    };
  },
};

const NAMES = { name: 'domain names', ours: 'branch.example', theirs: 'hq.example' };
const NONE = { name: 'addresses', ours: undefined, theirs: undefined };

const asking = keyed('IKEv2', NAMES, 4);

export const SCENARIOS: readonly Scenario[] = [
  keyed('IKEv2', NAMES, 4),
  keyed('IKEv2', NONE, 6),
  keyed('IKEv2', { name: 'key ids', ours: 'keyid:branch-7', theirs: 'keyid:#6871' }, 4, {
    proposals: ['interoperable'],
  }),
  certified('IKEv2', 'RSA', { name: 'distinguished names', theirs: 'C=CH, O=Lab, CN=hq.example' }, 4),
  certified('IKEv2', 'ECDSA', NAMES, 6, 'strict'),
  certified('IKEv2', 'Ed25519', { ...NAMES, name: 'domain names' }, 4),
  client('eap-mschapv2'),
  client('eap-tls'),
  {
    ...asking,
    ...{ auth: 'psk, psk', identities: 'anyone, from anywhere', roles: ['the peer calls'] },
    ours: ({ secret }) => ({
      local: { address: FOUR.local, id: 'branch.example' },
      remote: { address: 'any', id: '%any' },
      psk: { file: secret },
    }),
  },
  {
    ...asking,
    ...{ identities: 'domain names; the caller gets an address' },
    ours: (materials, role) => ({
      ...asking.ours(materials, role),
      ...(role === 'we call'
        ? { request_addresses: [VIRTUAL.ours] }
        : { assign_addresses: [VIRTUAL.theirs] }),
      children: [
        role === 'we call'
          ? { name: 'hq', tunnel: 'hq', local_ts: ['dynamic'], remote_ts: [HQ.lanNetwork] }
          : { name: 'hq', tunnel: 'hq', local_ts: [BRANCH.lanNetwork], remote_ts: ['dynamic'] },
      ],
    }),
    theirs: (materials, role) => {
      const { connection, beside } = asking.theirs(materials, role);
      return role === 'we call'
        ? {
            connection: `${connection}\npools = p`,
            child: `local_ts = ${HQ.lanNetwork}\nremote_ts = dynamic`,
            beside: `${beside}\npools {\np {\naddrs = ${VIRTUAL.ours}/32\n}\n}`,
          }
        : {
            connection: `${connection}\nvips = 0.0.0.0`,
            child: `local_ts = dynamic\nremote_ts = ${BRANCH.lanNetwork}`,
            beside: beside ?? '',
          };
    },
    targets: { ours: VIRTUAL.ours, theirs: VIRTUAL.theirs },
  },
  keyed('IKEv1', NONE, 4),
  keyed('IKEv1', NONE, 6, { proposals: ['interoperable'] }),
  certified('IKEv1', 'RSA', NAMES, 4),
  keyed(
    'IKEv1 aggressive',
    { name: 'email addresses', ours: 'branch@lab.example', theirs: 'hq@lab.example' },
    4,
  ),
  XAUTH,
];
