// Who has tunnels with whom: our side as the device configuration has it, theirs as swanctl.conf has it.

import { BEHIND_NAT, BRANCH, HQ } from '../support/two-sites.js';
import type { Role } from './scenarios.js';
import { BOTH, type ConnectionInput, PASSWORD } from './scenarios.js';

/** Two tunnels and the networks behind each: those of the peer, and addresses that vans are given. */
export const TUNNELS = ['first', 'second'] as const;
export const NETWORKS = { first: HQ.lanNetwork, second: '10.3.0.0/24' };
export const SECOND_HOST = '10.3.0.2';
export const VANS = { first: '10.9.0.11', second: '10.9.0.12' };
/** What the peer assigns to us, and nothing here configures. */
export const ASSIGNED = '10.9.0.9';
const BROAD = '10.0.0.0/8';

type Ours = Partial<ConnectionInput> & Pick<ConnectionInput, 'name' | 'children'>;

export interface Topology {
  what: string;
  roles: readonly Role[];
  /** Its connections; those of `vans` are with both of them, others with the peer. */
  ours(secret: string): ConnectionInput[];
  /** swanctl.conf of the peer, or of a van. */
  theirs(van: 'first' | 'second' | null): string;
  /** Children that the peer or each van initiates where it calls. */
  calls: readonly string[];
  vans?: true;
  /** What to ping from behind us. */
  targets: readonly string[];
  /** Traffic selectors of our outbound SAs, from and to. */
  selectors: readonly string[];
}

const CHILD = { esp_proposals: ['aes256gcm16-x25519'] };
const child = (
  tunnel: (typeof TUNNELS)[number],
  more: Partial<ConnectionInput['children'][number]> = {},
) => ({
  ...CHILD,
  ...{ name: tunnel, tunnel, local_ts: [BRANCH.lanNetwork], remote_ts: [NETWORKS[tunnel]] },
  ...more,
});

const connection = (secret: string, ours: Ours): ConnectionInput => ({
  local: { address: BRANCH.wan, id: 'branch.example' },
  remote: { address: HQ.wan, id: 'hq.example' },
  psk: { file: secret },
  detect_failure_within_s: 5,
  ...ours,
});

interface Theirs {
  name?: string;
  id?: string;
  addresses?: [string, string];
  more?: string;
  /** By name, with its selectors. */
  children: Record<string, [string, string]>;
}

/** The connections of a swanctl.conf, with one key for all. */
function swanctl(connections: readonly Theirs[], beside = ''): string {
  const text = connections.map(({ name = 'sluice', id = 'hq.example', more = '', children, ...rest }) => {
    const [local, remote] = rest.addresses ?? [HQ.wan, BRANCH.wan];
    const inside = Object.entries(children).map(
      ([key, [mine, other]]) =>
        `${key} {\nlocal_ts = ${mine}\nremote_ts = ${other}\nesp_proposals = aes256gcm16-x25519\n}`,
    );
    return (
      `${name} {\nversion = 2\nlocal_addrs = ${local}\nremote_addrs = ${remote}\n${more}\n` +
      `local {\nauth = psk\nid = ${id}\n}\nremote {\nauth = psk\nid = branch.example\n}\n` +
      `children {\n${inside.join('\n')}\n}\n}`
    );
  });
  return `connections {\n${text.join('\n')}\n}\nsecrets {\nike-a {\nsecret = "${PASSWORD}"\n}\n}\n${beside}\n`;
}

const lan = (tunnel: (typeof TUNNELS)[number]): [string, string] => [NETWORKS[tunnel], BRANCH.lanNetwork];
const to = (...networks: string[]): string[] => networks.map((network) => `${BRANCH.lanNetwork} ${network}`);

export const TOPOLOGIES: readonly Topology[] = [
  {
    ...{ what: 'two CHILD_SAs of one IKE_SA', roles: BOTH },
    ours: (secret) => [connection(secret, { name: 'office', children: [child('first'), child('second')] })],
    theirs: () => swanctl([{ children: { net: lan('first'), second: lan('second') } }]),
    ...{ calls: ['net', 'second'], targets: [HQ.host, SECOND_HOST] },
    selectors: to(NETWORKS.first, NETWORKS.second),
  },
  {
    ...{ what: 'two peers on one address, told apart by their identities', roles: BOTH },
    ours: (secret) =>
      TUNNELS.map((name) =>
        connection(secret, {
          ...{ name, children: [child(name)] },
          remote: { address: HQ.wan, id: `${name}.example` },
        }),
      ),
    theirs: () =>
      swanctl(
        TUNNELS.map((name) => ({ name, id: `${name}.example`, children: { [`net-${name}`]: lan(name) } })),
      ),
    ...{ calls: ['net-first', 'net-second'], targets: [HQ.host, SECOND_HOST] },
    selectors: to(NETWORKS.first, NETWORKS.second),
  },
  {
    ...{ what: 'the caller proposes more than it gets, and we narrow it', roles: ['the peer calls'] },
    ours: (secret) => [connection(secret, { name: 'narrow', children: [child('first')] })],
    theirs: () => swanctl([{ children: { net: [BROAD, BROAD] } }]),
    ...{ calls: ['net'], targets: [HQ.host], selectors: to(NETWORKS.first) },
  },
  {
    ...{ what: 'the caller proposes more than it gets, and the peer narrows it', roles: ['we call'] },
    ours: (secret) => [
      connection(secret, { name: 'wide', children: [child('first', { remote_ts: [BROAD] })] }),
    ],
    theirs: () => swanctl([{ children: { net: lan('first') } }]),
    ...{ calls: [], targets: [HQ.host], selectors: to(NETWORKS.first) },
  },
  {
    ...{ what: 'two peers behind one NAT, each given an address by us', roles: ['the peer calls'] },
    ours: (secret) =>
      TUNNELS.map((name) =>
        connection(secret, {
          ...{ name, assign_addresses: [VANS[name]] },
          remote: { address: 'any', id: `${name}.example` },
          children: [child(name, { remote_ts: ['dynamic'] })],
        }),
      ),
    theirs: (van) =>
      swanctl([
        {
          ...{ id: `${van}.example`, addresses: ['%any', BRANCH.wan], more: 'vips = 0.0.0.0' },
          children: { net: ['dynamic', BRANCH.lanNetwork] },
        },
      ]),
    ...{ calls: ['net'], vans: true, targets: Object.values(VANS) },
    selectors: to(`${VANS.first}/32`, `${VANS.second}/32`),
  },
];

/** The peer gives us an address that we do not configure: the tunnel has it while it is up. */
export const ADDRESS_FROM_PEER: Topology = {
  ...{ what: 'the peer gives us an address, which the tunnel interface takes', roles: ['we call'] },
  ours: (secret) => [
    connection(secret, {
      ...{ name: 'client', request_addresses: ['any4'] },
      children: [child('first', { local_ts: ['dynamic'] })],
    }),
  ],
  theirs: () =>
    swanctl(
      [{ more: 'pools = p', children: { net: [NETWORKS.first, 'dynamic'] } }],
      `pools {\np {\naddrs = ${ASSIGNED}/32\n}\n}`,
    ),
  ...{ calls: [], targets: [], selectors: [`${ASSIGNED}/32 ${NETWORKS.first}`] },
};

/** The peer loses everything at once; whoever calls does again. */
export const RESTARTED: Topology = {
  ...{ what: 'the peer is restarted without a word: its old SAs go', roles: BOTH },
  ours: (secret) => [connection(secret, { name: 'again', children: [child('first')] })],
  theirs: () => swanctl([{ children: { net: lan('first') } }]),
  ...{ calls: ['net'], targets: [HQ.host], selectors: to(NETWORKS.first) },
};

/** Where the vans are: networks of a NAT whose outside is BEHIND_NAT. */
export const INSIDE = {
  first: { nat: '192.168.1.1', van: '192.168.1.2' },
  second: { nat: '192.168.2.1', van: '192.168.2.2' },
};
export const OUTSIDE = BEHIND_NAT;
