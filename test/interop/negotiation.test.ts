// Every way to authenticate, in IKEv1 and IKEv2, over IPv4 and IPv6, with strongSwan as the peer: who calls proves who
// it is, both ends have the same SAs, traffic passes both ways, and nothing of it is readable on the wire.
import assert from 'node:assert/strict';
import { type Capture, Lab, type LabNode } from '@sluice/lab';
import { type DeviceConfigInput, messageOf, until } from '@sluice/shared';
import { ping } from '../support/ping.js';
import { BRANCH, HQ, Site, siteConfig } from '../support/two-sites.js';
import { type KeyType, Pki } from './pki.js';
import {
  type Materials,
  OUTSIDE6,
  PASSWORD,
  type Role,
  SCENARIOS,
  type Scenario,
  VIRTUAL,
} from './scenarios.js';
import { StockPeer } from './stock-peer.js';
import { Table } from './table.js';

const KEY_TYPES: readonly KeyType[] = ['RSA', 'ECDSA', 'Ed25519'];

describe('with strongSwan as the peer, every negotiation', () => {
  const table = new Table('negotiation', [
    'IKE',
    'Ours, theirs',
    'Identities',
    'Over',
    'Who calls',
    'Algorithms of IKE',
  ]);
  let lab: Lab;
  let branch: Site;
  let peer: StockPeer;
  let wire: LabNode;
  let hosts: { ours: LabNode; theirs: LabNode };
  let capture: Capture;
  let materials: Materials;
  let failed = false;
  let seen = 0;

  before(async function () {
    this.timeout(120_000);
    lab = await Lab.create({ name: 'negotiation' });
    const [branchHost, gateway, router, peerNode, hqHost] = await Promise.all([
      lab.host('branch-host'),
      lab.gateway('branch'),
      lab.router('router', { ipv6: true }),
      lab.router('peer', { ipv6: true }),
      lab.host('hq-host'),
    ]);
    await Promise.all([
      lab.link(branchHost.port('eth0', `${BRANCH.host}/24`), gateway.port('lan0')),
      lab.link(gateway.port('wan0'), router.port('branch', `${BRANCH.router}/24`, '2001:db8:1::1/64')),
      lab.link(
        router.port('hq', `${HQ.router}/24`, '2001:db8:2::1/64'),
        peerNode.port('wan', `${HQ.wan}/24`, `${OUTSIDE6.hq}/64`),
      ),
      lab.link(peerNode.port('lan', `${HQ.lan}/24`), hqHost.port('eth0', `${HQ.host}/24`)),
    ]);
    await Promise.all([
      branchHost.route('default', BRANCH.lan),
      hqHost.route('default', HQ.lan),
      peerNode.route('default', HQ.router),
      peerNode.route('::/0', '2001:db8:2::1'),
    ]);
    wire = router;
    hosts = { ours: branchHost, theirs: hqHost };
    materials = makeMaterials(gateway.writeFile('secret', PASSWORD), gateway.directory);
    peer = await StockPeer.bare(peerNode, {
      local: { address: HQ.wan, id: 'hq.example', network: HQ.lanNetwork },
      remote: { address: BRANCH.wan, id: 'branch.example', network: BRANCH.lanNetwork },
      ...{ psk: PASSWORD, esp: 'aes128gcm16' },
    });
    branch = new Site(BRANCH, gateway, { ...configuration(), ike: { connections: [] } });
    await branch.up();
    // Whatever of the inner packets would be readable, and ESP in UDP.
    capture = await router.capture({ interface: 'branch', name: 'wire' });
  });
  after(async function () {
    this.timeout(120_000);
    lab.keepLogs = failed;
    await branch?.close();
    await lab?.stop();
  });

  function configuration(): DeviceConfigInput {
    const config = siteConfig(BRANCH, HQ, materials.secret);
    const [wan] = config.interfaces ?? [];
    wan?.addresses?.push(`${OUTSIDE6.branch}/64`);
    for (const tunnel of config.tunnels ?? []) tunnel.addresses = [`${VIRTUAL.ours}/32`];
    config.routes?.push(
      { prefix: '::/0', next_hop: '2001:db8:1::1' },
      { prefix: `${VIRTUAL.theirs}/32`, interface: 'hq' },
    );
    return config;
  }

  /** Both ends have this scenario and nothing else; who calls does. */
  async function bringUp(scenario: Scenario, role: Role, name: string): Promise<void> {
    const config = configuration();
    config.ike = { connections: [] };
    await reload(config);
    await peer.forget();
    const { connection, child, beside } = scenario.theirs(materials, role);
    // strongSwan by itself offers one proposal in IKEv1, with X25519, and no perfect forward secrecy, on which both agree.
    const proposals = scenario.ike === 'IKEv2' ? '' : 'proposals = aes256-sha256-modp2048\n';
    const pfs = scenario.ike === 'IKEv2' ? '' : 'esp_proposals = aes256gcm16-modp2048\n';
    const outside = scenario.outer === 4 ? [HQ.wan, BRANCH.wan] : [OUTSIDE6.hq, OUTSIDE6.branch];
    await peer.load(
      `connections {\nsluice {\nlocal_addrs = ${outside[0]}\nremote_addrs = ${outside[1]}\n${proposals}${connection}\n` +
        `children {\nnet {\n${child ?? `local_ts = ${HQ.lanNetwork}\nremote_ts = ${BRANCH.lanNetwork}`}\n${pfs}}\n}\n}\n}\n` +
        `${beside ?? ''}\n`,
      scenario.files?.(materials),
    );
    const base = siteConfig(BRANCH, HQ, materials.secret).ike?.connections?.[0];
    assert.ok(base !== undefined);
    const { psk: _psk, ...rest } = base;
    const start = role === 'we call' ? 'initiate' : 'respond';
    config.ike = { connections: [{ ...rest, start, ...scenario.ours(materials, role), name }] };
    await reload(config);
    if (role !== 'the peer calls') return;
    try {
      await peer.initiate();
    } catch (error) {
      // charon ignores a quick mode request that one of its threads takes before another has the acknowledgement of
      // XAuth, and the caller's next call succeeds. Nothing else may need two.
      if (!scenario.auth.includes('xauth')) throw error;
      await peer.forget();
      await peer.initiate();
    }
  }

  async function reload(config: DeviceConfigInput): Promise<void> {
    branch.gateway.writeConfig(config);
    const { problems } = await branch.agent.request('reload', {});
    assert.deepEqual(problems, []);
    await until('the configuration is in force', () => branch.converged());
  }

  /** @returns what IKE agreed on */
  async function agreed(name: string): Promise<{ version: number; algorithm: string; spis: number[] }> {
    const { sas, ike } = await until('both sides to have the same two SAs', async () => {
      const [ours, theirs, tunnels] = await Promise.all([
        branch.dataplane.request('show-sa', {}),
        peer.sas(),
        branch.tunnels(),
      ]);
      const [ike] = tunnels.filter((tunnel) => tunnel.name === name);
      const spis = ours.sas.map(({ spi }) => spi).sort();
      const same = theirs.some(({ spiIn, spiOut }) => `${[spiIn, spiOut].sort()}` === `${spis}`);
      return same && ike !== undefined && { sas: spis, ike };
    });
    return { version: ike.version, algorithm: ike.algorithm, spis: sas };
  }

  async function passes({ targets }: Scenario, role: Role): Promise<void> {
    // An address that only one end was given has nobody behind it but that end.
    const alone = targets !== undefined;
    if (!alone || role === 'we call') {
      const report = await ping(hosts.theirs, targets?.ours ?? BRANCH.host);
      assert.ok(report.answered, report.output);
    }
    if (!alone || role === 'the peer calls') {
      const report = await ping(hosts.ours, targets?.theirs ?? HQ.host);
      assert.ok(report.answered, report.output);
    }
  }

  const test = (title: string, body: () => Promise<void>): void => {
    it(title, async function () {
      this.timeout(120_000);
      try {
        await body();
      } catch (error) {
        failed = true;
        throw new Error(`${messageOf(error)} (logs: ${lab.keptLogs})`, { cause: error });
      }
    });
  };

  SCENARIOS.forEach((scenario, i) => {
    for (const role of scenario.roles) {
      const { ike, auth, identities, outer } = scenario;
      test(`${ike}, ${auth}, ${identities}, IPv${outer}, ${role}`, async () => {
        const name = `s${i}-${role === 'we call' ? 'out' : 'in'}`;
        await bringUp(scenario, role, name);
        const { version, algorithm } = await agreed(name);
        assert.equal(version, ike === 'IKEv2' ? 2 : 1);
        await passes(scenario, role);
        seen++;
        const { processes } = await branch.agent.request('status', {});
        const said = processes.flatMap(({ problems }) => problems).join('\n');
        if (ike === 'IKEv1 aggressive') assert.match(said, /uses aggressive mode/);
        else assert.equal(said, '');
        table.record([ike, auth, identities, `IPv${outer}`, role, algorithm]);
      });
    }
  });

  test('a peer whose certificate is revoked is refused, and it is said why', async () => {
    const scenario = SCENARIOS.find(({ auth }) => auth === 'certificate ECDSA, revocation lists');
    assert.ok(scenario !== undefined);
    const { pki, theirs } = materials.authority.ECDSA;
    materials.lists.ECDSA = pki.lists([theirs]);
    await bringUp(scenario, 'we call', 'revoked');
    const said = await until('the reason to be said', async () => {
      const { processes } = await branch.agent.request('status', {});
      return processes.flatMap(({ problems }) => problems).find((problem) => /revoked/.test(problem));
    });
    assert.match(said, /The certificate of the peer, C=CH, O=Lab, CN=hq\.example, was revoked/);
    assert.deepEqual((await branch.dataplane.request('show-sa', {})).sas, []);
  });

  test('nothing was readable on the wire, and no secret is in a log', async () => {
    const readable = 'icmp || icmpv6.type == 128 || icmpv6.type == 129';
    await capture.waitFor(seen, { filter: 'udp.port == 4500 && esp' });
    const path = await capture.stop();
    const { stdout } = await wire.run(['tshark', '-n', '-r', path, '-Y', readable]);
    assert.equal(stdout, '');
    const { runDir } = branch.gateway;
    const { stdout: found } = await branch.gateway.run(['grep', '-rlF', PASSWORD, runDir], { check: false });
    assert.equal(found, '');
    const { stdout: keys } = await branch.gateway.run(['grep', '-rl', 'PRIVATE KEY', runDir], {
      check: false,
    });
    assert.equal(keys, '');
  });

  it('is in the docs as it was run', () => {
    table.settle();
  });
});

function makeMaterials(secret: string, dir: string): Materials {
  const made = KEY_TYPES.map((type) => {
    const pki = new Pki(`${dir}/pki-${type}`, type);
    const authority = { pki, ours: pki.issue('branch.example'), theirs: pki.issue('hq.example') };
    return { type, authority, lists: pki.lists([]) };
  });
  return {
    secret,
    authority: Object.fromEntries(
      made.map(({ type, authority }) => [type, authority]),
    ) as Materials['authority'],
    lists: Object.fromEntries(made.map(({ type, lists }) => [type, lists])) as Materials['lists'],
  };
}
