// A gateway of ours and strongSwan on Linux: either calls, either rekeys.
import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { ping } from '../support/ping.js';
import { transfer } from '../support/streams.js';
import { BRANCH, HQ } from '../support/two-sites.js';
import { pairSuite } from './pair-suite.js';
import { commonSpis, type SiteAndPeer, siteAndPeer } from './site-and-peer.js';

const BYTES = 3_000_000;

describe('with strongSwan as the peer', () => {
  const cases = [
    { weInitiate: true, cipher: 'aes128gcm16', names: { ours: 'aes-gcm-128/16', theirs: 'AES_GCM_16-128' } },
    {
      weInitiate: false,
      cipher: 'aes256-sha384',
      names: { ours: 'aes-cbc-256/hmac-sha2-384-192', theirs: 'AES_CBC-256/HMAC_SHA2_384_192' },
    },
  ];
  for (const { weInitiate, cipher, names } of cases) {
    const theirs = `${cipher}-x25519`;
    const options = { weInitiate, ours: [theirs], theirs };
    describe(`${weInitiate ? 'called by us' : 'calling us'}, ${cipher}`, () => {
      const withPair = pairSuite('interop', (lab) => siteAndPeer(lab, options));
      const test = (title: string, body: (made: SiteAndPeer) => Promise<void>): void => {
        it(title, async function () {
          this.timeout(120_000);
          await withPair(body);
        });
      };

      async function passes({ branchHost, hqHost }: SiteAndPeer): Promise<void> {
        for (const [host, to] of [
          [branchHost, HQ.host],
          [hqHost, BRANCH.host],
        ] as const) {
          for (const size of [64, 1300, 1500, 9000]) {
            const report = await ping(host, to, { size });
            assert.ok(report.answered, `${size} octets to ${to}: ${report.output}`);
          }
        }
      }
      async function agreed(pair: SiteAndPeer): Promise<{ spiIn: number; spiOut: number }> {
        return until('both sides to have the same two SAs', () => commonSpis(pair));
      }

      test('agrees on SPIs, algorithm and encapsulation', async (pair) => {
        await agreed(pair);
        const { sas } = await pair.branch.dataplane.request('show-sa', {});
        const [their] = await pair.peer.sas();
        for (const sa of sas) {
          assert.equal(sa.algorithm, names.ours);
          assert.equal(their?.algorithm, names.theirs);
          assert.deepEqual(sa.encap, { src_port: 4500, dst_port: 4500 });
        }
      });

      test('carries pings of all sizes and TCP, both ways', async (pair) => {
        await passes(pair);
        await transfer(pair.branchHost, pair.hqHost, HQ.host, BYTES);
        await transfer(pair.hqHost, pair.branchHost, BRANCH.host, BYTES);
      });

      test('shows our errors to its hosts, and theirs to ours', async ({ branchHost, hqHost }) => {
        const here = await ping(hqHost, BRANCH.host, { ttl: 2, count: 1, deadlineS: 5 });
        assert.deepEqual(here.errors[0], { from: BRANCH.lan, text: 'Time to live exceeded' }, here.output);
        const there = await ping(branchHost, HQ.host, { ttl: 2, count: 1, deadlineS: 5 });
        assert.equal(there.errors[0]?.text, 'Time to live exceeded', there.output);
      });

      for (const who of ['the peer', 'us'] as const) {
        test(`goes on after a rekey by ${who}`, async (pair) => {
          const before = await agreed(pair);
          if (who === 'the peer') {
            await pair.peer.rekeyChild();
          } else {
            const vici = `unix://${pair.branch.gateway.runDir}/charon.vici`;
            await pair.branch.gateway.run(['swanctl', '--rekey', '--child', 'hq', '--uri', vici]);
          }
          await until('both sides to have only new SAs', async () => {
            const now = await agreed(pair);
            return now.spiIn !== before.spiIn && now.spiOut !== before.spiOut;
          });
          await passes(pair);
        });
      }

      test('goes on after a rekey of the IKE_SA by the peer', async (pair) => {
        const id = async () => (await pair.branch.tunnels())[0]?.unique_id;
        const before = await id();
        await pair.peer.rekeyIke();
        await until('another IKE_SA', async () => ![before, undefined].includes(await id()));
        await passes(pair);
      });
    });
  }
});
