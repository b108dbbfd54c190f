// A peer without perfect forward secrecy, where we ask for it: the tunnel comes up, because the first CHILD_SA has no key
// exchange of its own, and then no rekeying succeeds, whoever asks. The peer is authenticated anew instead, under traffic,
// and whoever looks is told.
import assert from 'node:assert/strict';
import { type IkeEvent, until } from '@sluice/shared';
import { Probe } from '../support/probe.js';
import { assertNoDuplicates, during, say } from '../support/sites-under-probe.js';
import { pairSuite } from './pair-suite.js';
import { commonSpis, siteAndPeer } from './site-and-peer.js';

const OURS = 'aes256gcm16-x25519';
const THEIRS = 'aes256gcm16';
/** A quarter of a second at most, on a busy machine; this is for busier ones. */
const RESUMES_MS = 5_000;

describe('with strongSwan as the peer, PFS on our side alone', () => {
  for (const weInitiate of [true, false]) {
    describe(weInitiate ? 'we call' : 'the peer calls', () => {
      const events: IkeEvent[] = [];
      const withPair = pairSuite('no-pfs', async (lab) => {
        const made = await siteAndPeer(lab, { weInitiate, ours: [OURS], theirs: THEIRS });
        made.branch.ikeBridge.subscribe('ike', {
          onSnapshot: () => {},
          onEvent: (event) => void events.push(event),
        });
        return { ...made, probe: await Probe.start(made) };
      });

      const cases = [
        {
          who: 'we',
          by: 'peer',
          says: /^hq cannot be rekeyed: the peer refuses it with the key exchange x25519 \(NO_PROPOSAL_CHOSEN\): it has another, or none \(no PFS\)\. This side has the ESP proposals aes256gcm16-x25519\. Have the peer use x25519/,
        },
        {
          who: 'the peer',
          by: 'us',
          says: /^hq cannot be rekeyed: the peer asks for it without a key exchange \(no PFS\), and this side wants one\. This side has the ESP proposals aes256gcm16-x25519, the peer ESP:AES_GCM_16_256\/NO_EXT_SEQ\. Have the peer use x25519/,
        },
      ] as const;
      for (const { who, by, says } of cases) {
        it(`${who} cannot rekey: new SAs are made by a new authentication while the old ones carry traffic`, async function () {
          this.timeout(120_000);
          await withPair(async (made) => {
            const { branch, peer } = made;
            const before = await until('both ends to have the same SAs', () => commonSpis(made));
            const report = await during(made, async () => {
              if (who === 'the peer') await peer.rekeyChild();
              else {
                const vici = `unix://${branch.gateway.runDir}/charon.vici`;
                await branch.gateway.run(['swanctl', '--rekey', '--child', 'hq', '--uri', vici]);
              }
              await until(
                'both ends to have the same new SAs, and no others',
                async () => {
                  const now = await commonSpis(made);
                  return now !== null && now.spiIn !== before.spiIn && now.spiOut !== before.spiOut;
                },
                { deadlineMs: 60_000 },
              );
            });
            say(`${who} cannot rekey`, report);
            assertNoDuplicates(report);
            // strongSwan sends by its new SA at once, also what arrives before we have its answer, and so the keys; and its
            // old SA goes at once, though packets are on their way to it.
            for (const { longestGapMs } of [report.toHq, report.toBranch])
              assert.ok(longestGapMs < RESUMES_MS, `nothing for ${longestGapMs} ms`);

            const { problems } = await branch.ikeBridge.request('show-ike', {});
            assert.equal(problems.length, 1, problems.join('\n'));
            assert.match(problems[0]!, says);
            await until('the event', () =>
              events.some(
                (event) =>
                  event.kind === 'rekey-refused' &&
                  event.connection === 'hq' &&
                  event.by === by &&
                  event.sentence === problems[0],
              ),
            );
          });
        });
      }

      if (weInitiate)
        it('a CHILD_SA that was deleted comes with another IKE_SA; where the peer has PFS, it is rekeyed and nobody speaks of a problem', async function () {
          this.timeout(120_000);
          await withPair(async (made) => {
            const { branch, peer } = made;
            const others = async (doing: () => Promise<unknown>): Promise<void> => {
              const before = await until('both ends to have the same SAs', () => commonSpis(made));
              await doing();
              const isOther = async (): Promise<boolean> =>
                ![before.spiIn, undefined].includes((await commonSpis(made))?.spiIn);
              await until('both ends to have other SAs', isOther, { deadlineMs: 60_000 });
            };
            await others(() => peer.terminateChild());
            await until('to be told', () =>
              events.some(
                (event) =>
                  event.kind === 'reconciled' &&
                  event.repairs.some((repair) => /inside the IKE_SA/.test(repair)),
              ),
            );
            // A CHILD_SA is rekeyed by what it was made by; the next one has these proposals.
            await peer.propose(OURS);
            await others(() => peer.terminateChild());
            await others(() => peer.rekeyChild());
            await until(
              'no problem',
              async () => (await branch.ikeBridge.request('show-ike', {})).problems.length === 0,
            );
          });
        });
    });
  }
});
