// An end gets another address, and strongSwan is the peer: whoever called and whoever moves, the IKE_SA that there is goes there
// (RFC 4555), and both ends know it. The peer's ESP (kernel-libipsec) cannot move an SA; so its charon rekeys the CHILD_SA.
import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { now, Probe } from '../support/probe.js';
import { assertResumes } from '../support/sites-under-probe.js';
import { HQ, moveWan } from '../support/two-sites.js';
import { pairSuite } from './pair-suite.js';
import { type SiteAndPeer, siteAndPeer } from './site-and-peer.js';
import { Table } from './table.js';

/** It takes less than a second; two exchanges and eight changes of SAs take a busy machine longer. */
const RESUMES_MS = 10_000;
const ESP = 'aes256gcm16-x25519';
/** Where the peer moves to. */
const OTHER = '203.0.113.9';
const MOVERS = ['us', 'the peer'] as const;

describe('with strongSwan as the peer, MOBIKE', () => {
  const table = new Table('mobike', ['Who calls', 'Who gets another address', 'What happens']);
  after(() => table.settle());

  for (const weInitiate of [true, false]) {
    describe(weInitiate ? 'we call' : 'the peer calls', () => {
      const withPair = pairSuite('mobike', async (lab) => {
        const made = await siteAndPeer(lab, { weInitiate, ours: [ESP], theirs: ESP, mobike: true });
        return { ...made, probe: await Probe.start(made) };
      });

      /** Our IKE_SA, and where the SAs are that both ends list, and no others. */
      async function view({ branch, peer }: SiteAndPeer) {
        const { sas } = await branch.dataplane.request('show-sa', {});
        const [theirs, ...more] = await peer.sas();
        const [inbound, outbound] = ['in', 'out'].map((way) =>
          sas.find(({ direction }) => direction === way),
        );
        if (sas.length !== 2 || more.length > 0 || !inbound || !outbound || !theirs) return null;
        assert.deepEqual([inbound.spi, outbound.spi], [theirs.spiOut, theirs.spiIn]);
        const [ike, ...others] = await branch.tunnels();
        assert.deepEqual(others, []);
        return { ike: ike?.unique_id, us: inbound.dst, peer: outbound.dst };
      }

      for (const mover of MOVERS) {
        it(`${mover} at another address: traffic goes on by the same IKE_SA`, async function () {
          this.timeout(120_000);
          await withPair(async (made) => {
            const before = await until('both ends to have the same SAs', () => view(made));
            const ends = { us: before.us, peer: before.peer };
            await assertResumes(made, `${mover} moves`, RESUMES_MS, async () => {
              if (mover === 'us') ends.us = await moveWan(made.branch);
              else ends.peer = await movePeer(made);
              await until('us to have the SAs there', async () => {
                const now = await view(made);
                return now !== null && now.us === ends.us && now.peer === ends.peer;
              });
              await made.probe.arriveAfter(now());
            });
            const after = await until('both ends to have the same SAs', () => view(made));
            assert.deepEqual(after, { ...ends, ike: before.ike });
            table.record([
              weInitiate ? 'we' : 'the peer',
              mover,
              'the IKE_SA goes there; the peer rekeys the CHILD_SA',
            ]);
          });
        });
      }

      /** Takes its address from it and gives it the other, or the first again, as a WAN does that has got another lease. */
      async function movePeer({ peerNode }: SiteAndPeer): Promise<string> {
        const { stdout } = await peerNode.run(['ip', '-br', 'addr', 'show', 'dev', 'wan']);
        const [from, to] = stdout.includes(HQ.wan) ? [HQ.wan, OTHER] : [OTHER, HQ.wan];
        await peerNode.run(['ip', '-batch', '-'], {
          input: [
            `addr del ${from}/24 dev wan`,
            `addr add ${to}/24 dev wan`,
            `route replace default via ${HQ.router}`,
            '',
          ].join('\n'),
        });
        return to;
      }
    });
  }
});
