// What is configured of ESP is what is negotiated, and works.
import assert from 'node:assert/strict';
import { checkBasicTraffic } from '../support/basic-traffic.js';
import { sitesSuite } from '../support/sites-suite.js';

describe('ESP proposals', () => {
  for (const { proposal, algorithm, esn } of [
    { proposal: 'aes128gcm16-x25519', algorithm: 'aes-gcm-128/16', esn: false },
    { proposal: 'aes256gcm16-ecp384-esn', algorithm: 'aes-gcm-256/16', esn: true },
  ]) {
    describe(proposal, () => {
      const suite = sitesSuite({
        name: proposal.slice(0, 9),
        configure: (config) => {
          for (const child of config.ike?.connections?.[0]?.children ?? []) child.esp_proposals = [proposal];
        },
      });

      suite.it('is negotiated', async ({ branch, hq }) => {
        for (const site of [branch, hq]) {
          const { sas } = await site.dataplane.request('show-sa', {});
          assert.equal(sas.length, 2);
          for (const sa of sas) assert.deepEqual([sa.algorithm, sa.esn], [algorithm, esn]);
          const [ike] = await site.tunnels();
          assert.match(
            ike?.children[0]?.algorithm ?? '',
            new RegExp(`^AES_GCM_16-${algorithm.slice(-6, -3)}`),
          );
        }
      });
      suite.it('carries packets of every size and streams, both ways', async (sites) => {
        await checkBasicTraffic(sites);
      });
    });
  }
});
