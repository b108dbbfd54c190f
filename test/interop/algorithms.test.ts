// Every algorithm of ESP that strongSwan's own ESP has, called by us and calling us, with traffic both ways.
//
// One gateway offers all of them, and one peer is told to have a single one after the other.
import assert from 'node:assert/strict';
import { Lab } from '@sluice/lab';
import { messageOf, until } from '@sluice/shared';
import { ping } from '../support/ping.js';
import { BRANCH, HQ } from '../support/two-sites.js';
import { ALGORITHM_ROWS, ALL_PROPOSALS, type AlgorithmRow } from './algorithm-rows.js';
import { type SiteAndPeer, siteAndPeer } from './site-and-peer.js';
import { Table } from './table.js';

/** Octets of the IP packet: the ends, and residues of the block of AES in between. */
const SIZES = [64, 65, 127, 574, 1023, 1289, 1400];

describe('with strongSwan as the peer, every algorithm of ESP', () => {
  const table = new Table('esp', ['ESP', 'As the peer names it', 'As the data plane names it', 'Called by']);
  const callers = new Map<string, string[]>();
  let lab: Lab | null = null;
  let made: SiteAndPeer | null = null;
  let failed = false;

  before(async function () {
    this.timeout(120_000);
    lab = await Lab.create({ name: 'algorithms' });
    made = await siteAndPeer(lab, { weInitiate: false, ours: ALL_PROPOSALS, theirs: ALGORITHM_ROWS[0]!.esp });
    await ended(made);
  });
  after(async function () {
    this.timeout(120_000);
    if (lab !== null) lab.keepLogs = failed;
    await made?.branch.close();
    await lab?.stop();
  });

  /** Ends the CHILD_SA, if there is one; the IKE_SA stays, and carries the next. */
  async function ended({ branch, peer }: SiteAndPeer): Promise<void> {
    await peer.terminateChild();
    await until(
      'the data plane to have no SA',
      async () => (await branch.dataplane.request('show-sa', {})).sas.length === 0,
    );
  }

  async function agreed({ branch, peer }: SiteAndPeer, row: AlgorithmRow): Promise<void> {
    const sas = await until('both sides to have their SAs', async () => {
      const both = (await branch.dataplane.request('show-sa', {})).sas;
      return both.length === 2 && (await peer.sas()).length === 1 && both;
    });
    const [theirs] = await peer.sas();
    assert.equal(theirs?.algorithm, row.charon);
    assert.deepEqual(
      sas.map(({ spi }) => spi).sort(),
      [theirs.spiIn, theirs.spiOut].sort(),
      'both sides have the same two SAs',
    );
    for (const { algorithm } of sas) assert.equal(algorithm, row.dataplane);
    const [ours] = await branch.tunnels();
    assert.ok(ours?.children[0]?.algorithm.startsWith(row.charon), ours?.children[0]?.algorithm);
  }

  async function passes({ branchHost, hqHost }: SiteAndPeer): Promise<void> {
    const reports = await Promise.all(
      SIZES.flatMap((size) => [
        ping(branchHost, HQ.host, { size, count: 1 }),
        ping(hqHost, BRANCH.host, { size, count: 1 }),
      ]),
    );
    for (const report of reports) assert.ok(report.answered, report.output);
  }

  for (const row of ALGORITHM_ROWS) {
    for (const who of ['us', 'the peer'] as const) {
      it(`${row.esp}, called by ${who}`, async function () {
        this.timeout(120_000);
        assert.ok(made !== null);
        try {
          await made.peer.propose(row.esp);
          if (who === 'the peer') await made.peer.initiate();
          else {
            const outcome = await made.branch.ikeBridge.request('initiate', { child: 'hq' });
            assert.ok(outcome.initiated, outcome.reason ?? '');
          }
          await agreed(made, row);
          await passes(made);
          callers.set(row.esp, [...(callers.get(row.esp) ?? []), who]);
        } catch (error) {
          failed = true;
          throw new Error(`${messageOf(error)} (logs: ${lab?.keptLogs})`, { cause: error });
        } finally {
          await ended(made);
        }
      });
    }
  }

  it('is in the docs as it was run', () => {
    for (const { esp, charon, dataplane } of ALGORITHM_ROWS) {
      const by = callers.get(esp);
      if (by !== undefined) table.record([esp, charon, dataplane, by.join(', ')]);
    }
    table.settle();
  });
});
