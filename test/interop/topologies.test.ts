// More than one tunnel with one peer: several CHILD_SAs, peers that share an address or a NAT, selectors that are
// narrowed, addresses that are assigned, and a peer that is restarted; with strongSwan as the peer.
import assert from 'node:assert/strict';
import { Lab, type LabNode } from '@sluice/lab';
import { type DeviceConfigInput, messageOf, type SaReport, until } from '@sluice/shared';
import { ping } from '../support/ping.js';
import { BRANCH, HQ, Site, siteConfig } from '../support/two-sites.js';
import { PASSWORD, type Role } from './scenarios.js';
import { StockPeer } from './stock-peer.js';
import { Table } from './table.js';
import {
  ADDRESS_FROM_PEER,
  ASSIGNED,
  INSIDE,
  NETWORKS,
  OUTSIDE,
  RESTARTED,
  SECOND_HOST,
  TOPOLOGIES,
  type Topology,
  TUNNELS,
  VANS,
} from './topologies.js';

const DEADLINE = { deadlineMs: 30_000 };

describe('with strongSwan as the peer, several tunnels', () => {
  const table = new Table('topologies', ['What', 'Who calls', 'CHILD_SAs']);
  let lab: Lab;
  let branch: Site;
  let peer: StockPeer;
  const vans: StockPeer[] = [];
  let hosts: { ours: LabNode; theirs: LabNode };
  let secret: string;
  let failed = false;

  before(async function () {
    this.timeout(120_000);
    lab = await Lab.create({ name: 'topologies' });
    const [branchHost, gateway, router, peerNode, hqHost, nat] = await Promise.all([
      lab.host('branch-host'),
      lab.gateway('branch'),
      lab.router('router'),
      lab.router('peer'),
      lab.host('hq-host'),
      lab.nat('nat'),
    ]);
    const vanNodes = await Promise.all(TUNNELS.map((name) => lab.host(`van-${name}`)));
    await Promise.all([
      lab.link(branchHost.port('eth0', `${BRANCH.host}/24`), gateway.port('lan0')),
      lab.link(gateway.port('wan0'), router.port('branch', `${BRANCH.router}/24`)),
      lab.link(router.port('hq', `${HQ.router}/24`), peerNode.port('wan', `${HQ.wan}/24`)),
      lab.link(
        peerNode.port('lan', `${HQ.lan}/24`, '10.3.0.1/24'),
        hqHost.port('eth0', `${HQ.host}/24`, `${SECOND_HOST}/24`),
      ),
      lab.link(nat.port('wan', `${OUTSIDE.address}/24`), router.port('nat', `${OUTSIDE.router}/24`)),
      ...TUNNELS.map((name, i) =>
        lab.link(
          (vanNodes[i] as LabNode).port('eth0', `${INSIDE[name].van}/24`),
          nat.port(name, `${INSIDE[name].nat}/24`),
        ),
      ),
    ]);
    await Promise.all([
      branchHost.route('default', BRANCH.lan),
      hqHost.route('default', HQ.lan),
      peerNode.route('default', HQ.router),
      nat.route('default', OUTSIDE.router),
      ...TUNNELS.map((name, i) => (vanNodes[i] as LabNode).route('default', INSIDE[name].nat)),
    ]);
    hosts = { ours: branchHost, theirs: hqHost };
    secret = gateway.writeFile('secret', PASSWORD);
    const none = { address: '', id: '', network: '' };
    const bare = (node: LabNode): Promise<StockPeer> =>
      StockPeer.bare(node, { local: none, remote: none, psk: PASSWORD, esp: '' });
    peer = await bare(peerNode);
    for (const node of vanNodes) vans.push(await bare(node));
    branch = new Site(BRANCH, gateway, configuration([]));
    await branch.up();
  });
  after(async function () {
    this.timeout(30_000);
    lab.keepLogs = failed;
    await branch?.close();
    await lab?.stop();
  });

  function configuration(
    connections: NonNullable<DeviceConfigInput['ike']>['connections'],
  ): DeviceConfigInput {
    return {
      ...siteConfig(BRANCH, HQ, secret),
      tunnels: TUNNELS.map((name) => ({ name })),
      routes: [
        { prefix: '0.0.0.0/0', next_hop: BRANCH.router },
        ...TUNNELS.flatMap((name) => [
          { prefix: NETWORKS[name], interface: name },
          { prefix: `${VANS[name]}/32`, interface: name },
        ]),
      ],
      ike: { connections },
    };
  }

  async function reload(config: DeviceConfigInput): Promise<void> {
    branch.gateway.writeConfig(config);
    assert.deepEqual((await branch.agent.request('reload', {})).problems, []);
    await until('the configuration is in force', () => branch.converged(), DEADLINE);
  }

  const ourSas = async (): Promise<SaReport[]> => (await branch.dataplane.request('show-sa', {})).sas;
  async function addresses(): Promise<string[]> {
    const { interfaces } = await branch.dataplane.request('show-interfaces', {});
    return interfaces.find(({ name }) => name === 'first')?.addresses ?? [];
  }

  /** Both ends have this topology and no SA of another; who calls does. */
  async function bringUp(topology: Topology, role: Role): Promise<void> {
    await reload(configuration([]));
    const others = topology.vans ? vans : [peer];
    await until(
      'nobody to have an SA',
      async () => (await ourSas()).length === 0 && (await spisOf([peer, ...vans])).length === 0,
      DEADLINE,
    );
    for (const [i, each] of others.entries())
      await each.load(topology.theirs(topology.vans ? (TUNNELS[i] ?? null) : null));
    const start = role === 'we call' ? 'initiate' : 'respond';
    await reload(configuration(topology.ours(secret).map((connection) => ({ ...connection, start }))));
    if (role === 'the peer calls') await call(others, topology);
  }

  async function call(others: readonly StockPeer[], { calls }: Topology): Promise<void> {
    for (const each of others) for (const child of calls) await each.initiate(child);
  }

  async function spisOf(others: readonly StockPeer[]): Promise<number[]> {
    const all = await Promise.all(others.map((each) => each.sas()));
    return all.flat().flatMap(({ spiIn, spiOut }) => [spiIn, spiOut]);
  }

  /** Waits until both ends have the same SAs and nothing else; ours are returned. */
  async function agreed({ selectors, vans: behindNat }: Topology): Promise<SaReport[]> {
    let seen = '';
    const sas = await until(
      () => `both ends to have the same SAs for ${selectors}; they have ${seen}`,
      async () => {
        const [ours, theirs] = await Promise.all([ourSas(), spisOf(behindNat ? vans : [peer])]);
        const mine = ours.map(({ spi }) => spi).sort();
        // Policies follow their SAs.
        const outbound = ours
          .filter(({ direction }) => direction === 'out')
          .flatMap((sa) => (sa.selectors ?? []).map(({ src, dst }) => `${src} ${dst}`));
        seen = `${mine} for ${outbound.sort()}, and ${theirs.sort()}`;
        return `${mine}` === `${theirs}` && `${outbound}` === `${[...selectors].sort()}` && ours;
      },
      DEADLINE,
    );
    return sas;
  }

  async function passes({ targets }: Topology): Promise<void> {
    for (const target of targets) {
      const report = await ping(hosts.ours, target);
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
  const record = ({ what, selectors }: Topology, role: Role): void =>
    table.record([what, role, selectors.map((selector) => selector.replace(' ', ' to ')).join(', ')]);

  for (const topology of TOPOLOGIES) {
    for (const role of topology.roles) {
      test(`${topology.what}, ${role}`, async () => {
        await bringUp(topology, role);
        const sas = await agreed(topology);
        if (topology.vans) {
          const ports = sas
            .filter(({ direction }) => direction === 'out')
            .map(({ encap }) => encap?.dst_port);
          assert.equal(new Set(ports).size, 2, `the NAT tells them apart by ports: ${ports}`);
          for (const { dst, direction } of sas)
            assert.equal(dst, direction === 'out' ? OUTSIDE.address : BRANCH.wan);
        }
        await passes(topology);
        const ikes = await branch.tunnels();
        assert.equal(ikes.length, topology.ours(secret).length);
        record(topology, role);
      });
    }
  }

  test(ADDRESS_FROM_PEER.what, async () => {
    await bringUp(ADDRESS_FROM_PEER, 'we call');
    await agreed(ADDRESS_FROM_PEER);
    await until('the tunnel to have the address', async () => `${await addresses()}` === `${ASSIGNED}/32`);
    const report = await ping(hosts.theirs, ASSIGNED);
    assert.ok(report.answered, report.output);
    const own = await branch.gateway.run(['ip', '-o', 'addr', 'show', 'dev', 'first']);
    assert.match(own.stdout, /inet 10\.9\.0\.9\/32/);
    await reload(configuration([]));
    await until('the address to go with the SA', async () => (await addresses()).length === 0, DEADLINE);
    record(ADDRESS_FROM_PEER, 'we call');
  });

  for (const role of RESTARTED.roles) {
    test(`${RESTARTED.what}, ${role}`, async () => {
      await bringUp(RESTARTED, role);
      const old = (await agreed(RESTARTED)).map(({ spi }) => spi);
      await peer.reboot();
      if (role === 'the peer calls') await call([peer], RESTARTED);
      await until(
        'an SA with the new one',
        async () => (await peer.sas()).length === 1 && (await ourSas()).some(({ spi }) => !old.includes(spi)),
        DEADLINE,
      );
      await passes(RESTARTED);
      const sas = await agreed(RESTARTED);
      assert.ok(sas.every(({ spi }) => !old.includes(spi)));
      await passes(RESTARTED);
      const { ike_sas } = await branch.ikeBridge.request('show-ike', {});
      assert.equal(ike_sas.length, 1, 'no IKE_SA of before');
      record(RESTARTED, role);
    });
  }

  it('is in the docs as it was run', () => {
    table.settle();
  });
});
