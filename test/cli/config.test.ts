// sluice config validate, and sluice reload of a gateway that carries traffic.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { notASentence, sluice } from '../support/cli.js';
import { answeredAndLost, ping } from '../support/ping.js';
import { sitesSuite } from '../support/sites-suite.js';
import { HQ } from '../support/two-sites.js';

describe('sluice config and reload', () => {
  const suite = sitesSuite({ name: 'cli-config' });

  suite.it('validate accepts what runs, and says what it is', async ({ branch }) => {
    const { code, stdout } = await sluice(branch.gateway, 'config', 'validate', branch.gateway.configPath);
    assert.equal(code, 0);
    assert.match(stdout, /is valid: branch, 2 interfaces, 1 tunnel, 2 routes, 1 IKE connection\n$/);
  });

  suite.it('validate names the place and what would be right', async ({ branch }) => {
    const bad = {
      ...branch.config,
      interfaces: [{ name: 'wan', device: 'wan0', addresses: ['198.51.100.2/33'] }],
      routes: [{ prefix: '10.9.0.0/16', interface: 'nowhere' }],
    };
    const file = branch.gateway.writeFile('bad.json', JSON.stringify(bad, null, 2));
    const { code, stdout, stderr } = await sluice(branch.gateway, 'config', 'validate', file);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(
      stderr,
      new RegExp(`^${file}:\\d+:\\d+: interfaces\\[0\\]\\.addresses\\[0\\]: must be `, 'm'),
    );
    assert.match(stderr, /routes\[0\]\.interface: there is no interface or tunnel "nowhere"/);
    const asJson = await sluice(branch.gateway, 'config', 'validate', '--json', file);
    assert.equal(asJson.code, 1);
    const { valid, problems } = JSON.parse(asJson.stdout) as { valid: boolean; problems: { path: string }[] };
    assert.equal(valid, false);
    assert.ok(problems.length >= 1);
  });

  suite.it('reload without a difference changes nothing', async ({ branch }) => {
    const { code, stdout } = await sluice(branch.gateway, 'reload');
    assert.equal(code, 0);
    assert.match(stdout, /^revision \d+\n {2}nothing differs\n$/);
  });

  suite.it('reload of a difference applies it alone: no packet is lost, the SAs stay', async (sites) => {
    const { branch, branchHost } = sites;
    const spis = async () => (await branch.dataplane.request('show-sa', {})).sas.map(({ spi }) => spi);
    const before = await spis();
    const pings = branchHost.run(['ping', '-n', '-c', '300', '-i', '0.005', HQ.host], { check: false });
    branch.config.routes = [...(branch.config.routes ?? []), { prefix: '192.0.2.0/24', blackhole: true }];
    branch.gateway.writeConfig(branch.config);
    const { code, stdout, stderr } = await sluice(branch.gateway, 'reload');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^revision 2\n {2}\+ routes\b.*192\.0\.2\.0\/24/);
    const { answered, lost } = answeredAndLost((await pings).stdout);
    assert.deepEqual(lost, []);
    assert.ok(answered > 150, `${answered} of 300 were answered`);
    assert.deepEqual(await spis(), before);
    const { routes } = await branch.dataplane.request('show-routes', {});
    assert.ok(routes.some(({ prefix, action }) => prefix === '192.0.2.0/24' && action === 'blackhole'));
  });

  suite.it(
    'reload of a file that is not valid changes nothing, and says why',
    async ({ branch, branchHost }) => {
      writeFileSync(branch.gateway.configPath, '{ "schema": 1, "interfaces": 7 }');
      const result = await sluice(branch.gateway, 'reload');
      assert.equal(notASentence(result), null);
      assert.match(result.stderr, /nothing was changed/);
      const report = await ping(branchHost, HQ.host);
      assert.ok(report.answered, report.output);
      const { revision } = await branch.agent.request('status', {});
      assert.equal(revision, 2);
    },
  );
});
