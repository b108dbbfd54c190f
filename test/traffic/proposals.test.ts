// What is configured of ESP is what is negotiated, and works.
import assert from 'node:assert/strict';
import { checkBasicTraffic } from '../support/basic-traffic.js';
import { sitesSuite } from '../support/sites-suite.js';

describe('ESP proposals', () => {
  for (const { proposal, algorithm, charon, esn } of [
    { proposal: 'aes128gcm16-x25519', algorithm: 'aes-gcm-128/16', charon: 'AES_GCM_16-128', esn: false },
    { proposal: 'aes256gcm16-ecp384-esn', algorithm: 'aes-gcm-256/16', charon: 'AES_GCM_16-256', esn: true },
    // What strongSwan's own ESP does not have (test/interop).
    { proposal: 'aes192gmac-x25519-esn', algorithm: 'aes-gmac-192', charon: 'NULL_AES_GMAC-192', esn: true },
    {
      proposal: 'aes256ctr-sha512-ecp521-esn',
      algorithm: 'aes-ctr-256/hmac-sha2-512-256',
      charon: 'AES_CTR-256/HMAC_SHA2_512_256',
      esn: true,
    },
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
          assert.ok(ike?.children[0]?.algorithm.startsWith(charon), ike?.children[0]?.algorithm);
        }
      });
      suite.it('carries packets of every size and streams, both ways', async (sites) => {
        await checkBasicTraffic(sites);
      });
    });
  }
});
