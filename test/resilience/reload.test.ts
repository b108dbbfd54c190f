// A changed configuration file, while traffic runs: what did not change loses no packet.
import assert from 'node:assert/strict';
import { type DeviceConfigInput, until } from '@sluice/shared';
import { agreed, disagreement, spis } from '../support/associations.js';
import { killAndRecover, settled } from '../support/kill.js';
import {
  assertUntouched,
  during,
  type ProbedSites,
  say,
  sitesUnderProbe,
} from '../support/sites-under-probe.js';
import type { Site } from '../support/two-sites.js';

const SECOND = { branch: '10.3.0.0/24', hq: '10.4.0.0/24' };

describe('a reload', () => {
  const withSites = sitesUnderProbe({ name: 'reload' });

  /** Gives a site a changed configuration, and waits until all of it has it. */
  async function reload(site: Site, change: (config: DeviceConfigInput) => void): Promise<number> {
    change(site.config);
    site.gateway.writeConfig(site.config);
    const { problems, changes, revision } = await site.agent.request('reload', {});
    assert.deepEqual(problems, []);
    await until(`${site.names.name} to have revision ${revision}`, () => settled(site));
    return changes.length;
  }

  async function untouched(sites: ProbedSites, what: string, body: () => Promise<void>): Promise<void> {
    const tunnel = await spis(sites);
    const report = await during(sites, body);
    say(what, report);
    assertUntouched(report);
    assert.deepEqual(await spis(sites), tunnel);
  }

  async function prefixes(site: Site): Promise<string[]> {
    const { routes } = await site.dataplane.request('show-routes', {});
    return routes.map((route) => route.prefix);
  }

  it(
    'with another route and address, and without them again',
    withSites(async (sites) => {
      const { branch } = sites;
      await untouched(sites, 'a route and an address', async () => {
        const added = await reload(branch, (config) => {
          config.routes?.push({ prefix: '192.0.2.0/24', next_hop: branch.names.router });
          config.interfaces?.[1]?.addresses?.push('10.1.1.1/24');
        });
        assert.equal(added, 2);
        const present = await prefixes(branch);
        assert.ok(present.includes('192.0.2.0/24') && present.includes('10.1.1.0/24'), present.join());
        await reload(branch, (config) => {
          config.routes?.pop();
          config.interfaces?.[1]?.addresses?.pop();
        });
        const left = await prefixes(branch);
        assert.ok(!left.includes('192.0.2.0/24') && !left.includes('10.1.1.0/24'), left.join());
      });
    }),
  ).timeout(180_000);

  it(
    'with a second tunnel and its connection, and without them again',
    withSites(async (sites) => {
      const { branch, hq } = sites;
      await untouched(sites, 'a second tunnel', async () => {
        for (const site of [hq, branch])
          assert.ok((await reload(site, (config) => addTunnel(site, config))) > 0);
        await until(
          'the second tunnel to have its SAs',
          async () =>
            (await branch.tunnels()).some((sa) => sa.name === 'second') &&
            (await hq.tunnels()).some((sa) => sa.name === 'second'),
        );
        for (const site of [branch, hq]) await reload(site, removeTunnel);
        await until('the second tunnel to have no SAs', async () => (await disagreement(sites)) === null);
        assert.ok(!(await prefixes(branch)).includes(SECOND.hq));
      });
    }),
  ).timeout(180_000);

  it(
    'without a change touches nothing',
    withSites(async (sites) => {
      await untouched(sites, 'no change', async () => {
        for (const site of [sites.branch, sites.hq]) assert.equal(await reload(site, () => undefined), 0);
      });
    }),
  ).timeout(180_000);

  it(
    'of a file that is not valid: the old state goes on, also after the death of the agent',
    withSites(async (sites) => {
      const { branch } = sites;
      const before = await branch.agent.request('show-config', {});
      await untouched(sites, 'a file that is not valid', async () => {
        branch.gateway.writeFile('config.json', '{ "schema": 1, "interfaces": [{ "name": "wan" }] }');
        const { problems } = await branch.agent.request('reload', {});
        assert.ok(problems.length > 0);
        await killAndRecover(branch, 'agent');
        assert.deepEqual(await branch.agent.request('show-config', {}), before);
      });
      branch.gateway.writeConfig(branch.config);
      const { problems, changes } = await branch.agent.request('reload', {});
      assert.deepEqual({ problems, changes }, { problems: [], changes: [] });
      await agreed(sites);
    }),
  ).timeout(180_000);
});

function addTunnel(site: Site, config: DeviceConfigInput): void {
  const [first] = config.ike?.connections ?? [];
  if (first === undefined) throw new Error('the site has no connection');
  const remote = site.names.name === 'branch' ? 'hq' : 'branch';
  config.tunnels?.push({ name: 'second' });
  config.routes?.push({ prefix: SECOND[remote], interface: 'second' });
  config.ike?.connections?.push({
    ...first,
    name: 'second',
    local: { ...first.local, id: `${site.names.name}-second.example` },
    remote: { ...first.remote, id: `${remote}-second.example` },
    children: [
      {
        name: 'second',
        tunnel: 'second',
        local_ts: [SECOND[site.names.name]],
        remote_ts: [SECOND[remote]],
      },
    ],
  });
}

function removeTunnel(config: DeviceConfigInput): void {
  config.tunnels?.pop();
  config.routes?.pop();
  config.ike?.connections?.pop();
}
