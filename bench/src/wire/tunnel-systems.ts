// The systems that make a tunnel between two sites: Sluice, wireguard-go, strongSwan's kernel-libipsec.
import { randomBytes } from 'node:crypto';
import type { Gateway, Lab, LabNode } from '@sluice/lab';
import { agentContract, connect, createLogger, type DeviceConfigInput } from '@sluice/shared';
import {
  LAN_DEVICE,
  makeSites,
  type Site,
  type SitePlan,
  type Sites,
  WAN_DEVICE,
  waitForTunnel,
} from './sites.js';

export type TunnelSystem = (cores: readonly number[]) => Promise<Sites<LabNode>>;

const PLUGINS = 'random nonce openssl kdf kernel-libipsec kernel-netlink socket-default vici';
/** Both peers encrypt by AES-128-GCM. */
const ESP = 'aes128gcm16';

/** Two gateways with all their processes, which get `env`; the forwarding worker of each is pinned. */
export async function sluiceTunnel(
  cores: readonly number[],
  env: Record<string, string> = {},
): Promise<Sites<Gateway>> {
  const psk = randomBytes(32).toString('base64url');
  return upOrGone(
    await makeSites('sluice', cores, (lab, name) => lab.gateway(name)),
    async ({ branch, hq }) => {
      await startSluice(hq, branch.plan, psk, env);
      await startSluice(branch, hq.plan, psk, env);
    },
  );
}

async function startSluice(
  { plan, gateway, core }: Site<Gateway>,
  remote: SitePlan,
  psk: string,
  env: Record<string, string>,
): Promise<void> {
  const config: DeviceConfigInput = {
    schema: 1,
    hostname: plan.name,
    dataplane: { workers: 1, cpus: [core] },
    interfaces: [
      { name: 'wan', device: WAN_DEVICE, addresses: [`${plan.wan}/24`] },
      { name: 'lan', device: LAN_DEVICE, addresses: [`${plan.lan}/24`] },
    ],
    tunnels: [{ name: remote.name }],
    routes: [{ prefix: remote.network, interface: remote.name }],
    ike: {
      connections: [
        {
          name: remote.name,
          local: { address: plan.wan, id: `${plan.name}.example` },
          remote: { address: remote.wan, id: `${remote.name}.example` },
          psk: { file: gateway.writeFile('tunnel.psk', psk) },
          start: plan.name === 'branch' ? 'initiate' : 'respond',
          children: [
            {
              ...{ name: remote.name, tunnel: remote.name, esp_proposals: [ESP] },
              ...{ local_ts: [plan.network], remote_ts: [remote.network] },
            },
          ],
        },
      ],
    },
  };
  const log = createLogger({ name: 'bench', level: 'silent' });
  const agent = connect(agentContract, { runDir: gateway.runDir, log });
  try {
    await gateway.up(config, {
      env,
      converged: async () => (await agent.request('status', {}, { deadlineMs: 1000 })).converged,
    });
  } finally {
    await agent.close();
  }
}

/** wireguard-go with one thread on each gateway's core. */
export async function wireguardTunnel(cores: readonly number[]): Promise<Sites<LabNode>> {
  return upOrGone(await makeSites('wireguard', cores, router), async ({ branch, hq }) => {
    const keys = new Map<Site<LabNode>, { private: string; public: string }>();
    for (const site of [branch, hq]) {
      await site.gateway.start(['taskset', '-c', String(site.core), 'wireguard-go', '--foreground', 'wg0'], {
        ...{
          name: 'wireguard-go',
          env: { GOMAXPROCS: '1', WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD: '1' },
        },
        ready: async () => (await site.gateway.run(['wg', 'show', 'wg0'], { check: false })).code === 0,
      });
      const secret = (await site.gateway.run(['wg', 'genkey'])).stdout.trim();
      const known = (await site.gateway.run(['wg', 'pubkey'], { input: secret })).stdout.trim();
      keys.set(site, { private: secret, public: known });
    }
    for (const [site, other] of [
      [branch, hq],
      [hq, branch],
    ] as const) {
      const file = site.gateway.writeFile('wg.key', keys.get(site)!.private);
      await site.gateway.run([
        ...['wg', 'set', 'wg0', 'listen-port', '51820', 'private-key', file],
        ...['peer', keys.get(other)!.public, 'endpoint', `${other.plan.wan}:51820`],
        ...['allowed-ips', other.plan.network],
      ]);
      await site.gateway.run(['ip', 'link', 'set', 'wg0', 'mtu', '1420', 'up']);
      await site.gateway.route(other.plan.network, { dev: 'wg0' });
    }
  });
}

/** Debian's charon with its own ESP, all its threads on the gateway's core. */
export async function libipsecTunnel(cores: readonly number[]): Promise<Sites<LabNode>> {
  const psk = randomBytes(32).toString('base64url');
  return upOrGone(await makeSites('libipsec', cores, router), async ({ branch, hq }) => {
    await startCharon(hq, branch.plan, psk);
    await startCharon(branch, hq.plan, psk);
    await swanctl(branch.gateway, '--initiate', '--child', 'net', '--timeout', '15');
  });
}

async function startCharon(
  { plan, gateway, core }: Site<LabNode>,
  remote: SitePlan,
  psk: string,
): Promise<void> {
  const vici = `unix://${gateway.path('charon.vici')}`;
  const conf = gateway.writeFile(
    'strongswan.conf',
    `charon {\nload = ${PLUGINS}\nplugins { vici { socket = ${vici} } }\n}\n` +
      `charon-systemd { journal { default = -1 } }\nswanctl { load = random openssl }\n`,
  );
  await gateway.start(['taskset', '-c', String(core), '/usr/sbin/charon-systemd'], {
    ...{ name: 'charon', env: { STRONGSWAN_CONF: conf } },
    ready: async () =>
      (await gateway.run(['swanctl', '--stats', '--uri', vici], { check: false })).code === 0,
  });
  gateway.writeFile(
    'swanctl.conf',
    `connections {\nbench {\nversion = 2\nlocal_addrs = ${plan.wan}\nremote_addrs = ${remote.wan}\n` +
      `local {\nauth = psk\nid = ${plan.name}.example\n}\nremote {\nauth = psk\nid = ${remote.name}.example\n}\n` +
      `children {\nnet {\nlocal_ts = ${plan.network}\nremote_ts = ${remote.network}\nesp_proposals = ${ESP}\n}\n}\n` +
      `}\n}\nsecrets {\nike {\nsecret = "${psk}"\n}\n}\n`,
  );
  await swanctl(gateway, '--load-all', '--noprompt', '--file', gateway.path('swanctl.conf'));
}

async function swanctl(node: LabNode, command: string, ...rest: string[]): Promise<void> {
  await node.run(['swanctl', command, '--uri', `unix://${node.path('charon.vici')}`, ...rest]);
}

function router(lab: Lab, name: string): Promise<LabNode> {
  return lab.router(name);
}

/** Has the tunnel made, and waits until it carries packets; all is gone when that fails. */
async function upOrGone<Node extends LabNode>(
  sites: Sites<Node>,
  setUp: (sites: Sites<Node>) => Promise<void>,
): Promise<Sites<Node>> {
  try {
    await setUp(sites);
    await waitForTunnel(sites);
    return sites;
  } catch (error) {
    sites.lab.keepLogs = true;
    const logs = await sites.lab.stop();
    throw new Error(`the tunnel did not come up; logs: ${logs}`, { cause: error });
  }
}
