// Two sites with different pre-shared keys: both say so, and neither says which keys.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { until } from '@sluice/shared';
import { sitesSuite } from '../support/sites-suite.js';
import { HQ, type Site } from '../support/two-sites.js';

const OTHER_KEY = 'a-key-that-only-headquarters-has';

describe('a wrong pre-shared key', () => {
  let psk = '';
  const suite = sitesSuite({
    name: 'wrong-psk',
    waitForTunnel: false,
    configure: (config, site) => {
      const file = config.ike?.connections?.[0]?.psk?.file ?? '';
      if (site === HQ) writeFileSync(file, OTHER_KEY, { mode: 0o600 });
      else psk = readFileSync(file, 'utf8');
    },
  });
  const problems = async (site: Site): Promise<string[]> => {
    const { processes } = await site.agent.request('status', {});
    return processes.flatMap((process) => process.problems);
  };
  const logs = (site: Site): string =>
    readdirSync(site.gateway.runDir)
      .filter((file) => file.endsWith('.log'))
      .map((file) => readFileSync(`${site.gateway.runDir}/${file}`, 'utf8'))
      .join('\n');

  suite.it('is a problem in the status of the side that calls, in a sentence', async ({ branch }) => {
    const sentence = await until('a problem that names the pre-shared key', async () =>
      (await problems(branch)).find((text) => /pre-shared key/.test(text)),
    );
    assert.match(sentence, /^hq\/hq is not up: .*\bpeer\b.*\bpre-shared key\b/);
    assert.match(sentence, /branch\.example.*hq\.example/);
    assert.deepEqual(await branch.tunnels(), []);
  });

  suite.it('is in the log of both sides, and the called one says for certain', async ({ branch, hq }) => {
    await until("a sentence in the branch's log", () => /pre-shared key/.test(logs(branch)));
    await until("a line in headquarters' log", () => /MAC mismatched/.test(logs(hq)));
  });

  suite.it('is shown to nobody', async ({ branch, hq }) => {
    assert.ok(psk.length > 20);
    for (const site of [branch, hq]) {
      const shown = `${logs(site)}\n${(await problems(site)).join('\n')}`;
      for (const secret of [psk, OTHER_KEY]) {
        for (const form of [
          secret,
          Buffer.from(secret).toString('hex'),
          Buffer.from(secret).toString('base64'),
        ]) {
          assert.ok(!shown.toLowerCase().includes(form.toLowerCase()), `${site.names.name} shows a key`);
        }
      }
    }
  });
});
