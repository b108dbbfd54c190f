// Faults on a schedule that a seed decides, as in test/resilience/faults.test.ts, with strongSwan at one end: nothing of ours
// crosses in clear, no sequence number of ours is used twice, and in the end both ends have the same SAs, traffic passes,
// and the same processes run as at first.
//   npm run faults -w test -- --peer strongswan --seconds 300 --seed 7
import { until } from '@sluice/shared';
import { seed } from '@sluice/shared/test-support';
import {
  befall,
  describeFault,
  type Fault,
  type FaultEnd,
  type FaultNetwork,
  gatewayEnd,
  nextStep,
  randomOf,
} from '../support/faults.js';
import { settled } from '../support/kill.js';
import { Outside } from '../support/outside.js';
import { now, Probe } from '../support/probe.js';
import { only, residents } from '../support/residents.js';
import { assertNoDuplicates, say as sayReport } from '../support/sites-under-probe.js';
import { pairSuite } from './pair-suite.js';
import { commonSpis, siteAndPeer } from './site-and-peer.js';
import type { StockPeer } from './stock-peer.js';

const SECONDS = Number(process.env.SLUICE_FAULT_SECONDS ?? 300);
const ESP = 'aes256gcm16-x25519';
const DETECT_WITHIN_S = 10;
/** Until dead peers are found, and what is one too many has gone. */
const AGREE_MS = 120_000;
const SETTLE_MS = 60_000;
/** So long faults follow each other; then both must agree before there are more. */
const ROUND_SECONDS = 60;
const ROUNDS = Math.ceil(SECONDS / ROUND_SECONDS);

/** There is one process: charon, which does its ESP too. */
function peerEnd(peer: StockPeer): FaultEnd {
  return {
    name: 'hq',
    async kill() {
      await peer.kill();
      return () => peer.startAgain();
    },
    async pause() {
      const goOn = peer.pause();
      return async () => goOn();
    },
    rekey: () => peer.tryRekeyChild(),
  };
}

const ofPeer = (fault: Fault): Fault => (fault.site === 1 ? { ...fault, process: 'charon' } : fault);

describe(`${SECONDS} s of faults with strongSwan as the peer, seed ${seed}`, () => {
  const withPair = pairSuite('faults', (lab) => {
    const options = { weInitiate: true, ours: [ESP], theirs: ESP, relayBranch: true };
    return siteAndPeer(lab, { ...options, detectFailureWithinS: DETECT_WITHIN_S });
  });

  it('show nothing in clear, and end with SAs that agree', () =>
    withPair(async (pair) => {
      const { branch, peer, router, wire } = pair;
      const network: FaultNetwork = { ends: [gatewayEnd(branch), peerEnd(peer)], router, wire };
      const probe = await Probe.start(pair);
      const outside = await Outside.watchBranch(pair);
      const expected = await residents(branch.gateway);
      const random = randomOf(seed);
      const began = performance.now();
      const say = (what: string): void => console.log(`      ${seconds(began)} s: ${what}`);
      const start = now();
      for (let left = SECONDS; left > 0; left -= ROUND_SECONDS) {
        const round = performance.now();
        const from = now();
        let count = 0;
        while (performance.now() < round + Math.min(left, ROUND_SECONDS) * 1000) {
          const { faults, restMs } = nextStep(random);
          const step = { faults: faults.map(ofPeer), restMs };
          say(step.faults.map(describeFault).join(', and '));
          count += step.faults.length;
          await befall(network, step);
        }
        const faultsOver = performance.now();
        await probe.arriveAfter(now(), SETTLE_MS);
        sayReport(`${count} faults`, await probe.report(from));
        await until('the branch to have settled', () => settled(branch), { deadlineMs: SETTLE_MS });
        await until(
          'both ends to have the same SAs and no others, and one IKE_SA',
          async () => (await commonSpis(pair)) !== null && (await branch.tunnels()).length === 1,
          { deadlineMs: AGREE_MS, intervalMs: 200 },
        );
        say(`both agree, ${seconds(faultsOver)} s after the last fault`);
      }
      await only(branch.gateway, expected, SETTLE_MS);
      const report = await probe.report(start);
      sayReport('in all', report);
      assertNoDuplicates(report);
      for (const { esp, ike, errors } of await outside.check())
        say(`cable of the branch: ${esp} ESP, ${ike} IKE, ${errors} ICMP`);
    })).timeout(SECONDS * 1000 + ROUNDS * (AGREE_MS + 3 * SETTLE_MS) + SETTLE_MS);
});

const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(1);
