// Where secrets are, after traffic and a rekey: in the file that holds the pre-shared key, and in memory.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { codeOf, until } from '@sluice/shared';
import { ping } from '../support/ping.js';
import { sitesSuite } from '../support/sites-suite.js';
import { HQ, type Site } from '../support/two-sites.js';

interface Secret {
  what: string;
  octets: Buffer;
}

/** As a dump, a log or a variable may write octets. */
function forms({ octets }: Secret): string[] {
  const hex = octets.toString('hex');
  return [
    octets.toString('latin1'),
    hex,
    hex.replace(/../g, '$& ').trim(),
    hex.replace(/../g, '$&:').slice(0, -1),
    hex.replace(/.{8}/g, '$& ').trim(),
    octets.toString('base64').replace(/=+$/, ''),
    octets.toString('base64url'),
    [...octets].join(','),
  ].map((form) => form.toLowerCase());
}

describe('secrets', () => {
  const suite = sitesSuite({ name: 'secrets' });
  /** Of both sides; keys of SAs that are gone are searched for too. */
  const secrets: Secret[] = [];

  async function collect(site: Site): Promise<void> {
    const { sas } = await site.dataplane.request('sa-dump', {});
    assert.ok(sas.length >= 2);
    for (const { spec } of sas) {
      // A key is followed by four octets of salt: whoever writes one need not write the other.
      const key = Buffer.from(spec.crypto.key_hex, 'hex').subarray(0, -4);
      if (!secrets.some(({ octets }) => octets.equals(key)))
        secrets.push({ what: `the key of SPI ${spec.spi}`, octets: key });
    }
  }

  function shownBy(where: string, content: Buffer): string[] {
    const text = content.toString('latin1').toLowerCase();
    return secrets
      .filter((secret) => forms(secret).some((form) => text.includes(form)))
      .map(({ what }) => `${where}: ${what}`);
  }

  /** The gateway's processes and theirs: everything in its network namespace. */
  async function pids(site: Site): Promise<number[]> {
    const { stdout } = await site.gateway.run(['ip', 'netns', 'pids', site.gateway.namespace], {
      check: false,
    });
    const named = [...site.gateway.processes().values()];
    return [...new Set([...stdout.trim().split('\n').filter(Boolean).map(Number), ...named])];
  }

  function filesOf(directory: string): string[] {
    return readdirSync(directory, { recursive: true, withFileTypes: true }).map(
      (entry) => `${entry.parentPath}/${entry.name}`,
    );
  }

  suite.it('exist: a pre-shared key and the keys of two generations of SAs', async (sites) => {
    const { branch, hq, branchHost } = sites;
    for (const site of [branch, hq]) await collect(site);
    const before = secrets.length;
    const psk = branch.gateway.path('tunnel.psk');
    secrets.push({ what: 'the pre-shared key', octets: readFileSync(psk) });
    await branch.gateway.run([
      ...['swanctl', '--rekey', '--child', 'hq'],
      ...['--uri', `unix://${branch.gateway.runDir}/charon.vici`],
    ]);
    await until('keys of new SAs', async () => {
      for (const site of [branch, hq]) await collect(site);
      return secrets.length >= 2 * before + 1;
    });
    const report = await ping(branchHost, HQ.host, { count: 10 });
    assert.ok(report.answered, report.output);
  });

  suite.it('are found where they are, by this very search', async ({ branch }) => {
    const file = branch.gateway.path('tunnel.psk');
    assert.deepEqual(shownBy('file', readFileSync(file)), ['file: the pre-shared key']);
    const { sas } = await branch.dataplane.request('sa-dump', {});
    const dump = Buffer.from(JSON.stringify(sas));
    assert.ok(shownBy('dump', dump).length >= 2);
  });

  suite.it('are in no log, configuration or other file of the gateway', async ({ branch, hq }) => {
    for (const site of [branch, hq]) {
      const { directory, runDir } = site.gateway;
      const files = filesOf(directory).filter((file) => statSync(file).isFile());
      assert.ok(files.some((file) => file === `${runDir}/charon.log`));
      assert.ok(files.length > 8, files.join(' '));
      const holders = [site.gateway.path('tunnel.psk')];
      const shown = files
        .filter((file) => !holders.includes(file))
        .flatMap((file) => shownBy(file, readFileSync(file)));
      assert.deepEqual(shown, []);
    }
  });

  suite.it("charon's log has no octets of anything", async ({ branch, hq }) => {
    for (const { gateway } of [branch, hq]) {
      const log = readFileSync(`${gateway.runDir}/charon.log`, 'utf8');
      assert.match(log, /CHILD_SA \S+ established/);
      // As charon dumps: "   0: 5A 1B …", after a line "=> 32 bytes @ 0x…".
      assert.doesNotMatch(log, /=> \d+ bytes @|^\S* *\d+: ([0-9A-F]{2} ){4}/m);
    }
  });

  suite.it('are in no command line and no environment', async ({ branch, hq }) => {
    for (const site of [branch, hq]) {
      const all = await pids(site);
      assert.ok(all.length >= 5, `only ${all.length} processes were found`);
      for (const pid of all) {
        for (const file of ['cmdline', 'environ']) {
          try {
            assert.deepEqual(shownBy(`${file} of ${pid}`, readFileSync(`/proc/${pid}/${file}`)), []);
          } catch (error) {
            // A process that ended meanwhile was one of this test's own commands.
            if (!['ENOENT', 'ESRCH'].includes(codeOf(error) ?? '')) throw error;
          }
        }
      }
    }
  });

  suite.it('are in no report that a person can ask for', async ({ branch }) => {
    const reports = await Promise.all([
      branch.dataplane.request('show-sa', {}),
      branch.ikeBridge.request('show-ike', {}),
      branch.ikeBridge.request('status', {}),
      branch.agent.request('status', {}),
    ]);
    for (const report of reports)
      assert.deepEqual(shownBy('report', Buffer.from(JSON.stringify(report))), []);
  });

  suite.it('are behind modes that give others nothing', async ({ branch, hq }) => {
    for (const { gateway } of [branch, hq]) {
      const paths = [gateway.runDir, ...filesOf(gateway.runDir)];
      // A group's rights are those of processes of the gateway: on its directory, sockets and logs.
      const allowed = (path: string): number =>
        path === gateway.runDir || /\/(charon\.vici|captures)$/.test(path)
          ? 0o770
          : /\.(req|pub|sock)$/.test(path)
            ? 0o760
            : /\.(log|conf)$/.test(path)
              ? 0o740
              : path.endsWith('/state')
                ? 0o710
                : 0o700;
      const open = paths
        .map((path) => ({ path, mode: statSync(path).mode & 0o777 }))
        .filter(({ path, mode }) => (mode & ~allowed(path)) !== 0)
        .map(({ path, mode }) => `${path} ${mode.toString(8)}`);
      assert.deepEqual(open, []);
      assert.ok(paths.some((path) => statSync(path).isSocket()));
      assert.equal(statSync(gateway.path('tunnel.psk')).mode & 0o777, 0o600);
    }
  });
});
