// A lab of a describe block, with a gateway of ours and its peer; the logs are kept when something fails.
import { Lab } from '@sluice/lab';
import { messageOf } from '@sluice/shared';
import type { SiteAndPeer } from './site-and-peer.js';

const HOOK_MS = 120_000;

/**
 * Has the pair made before the tests of the describe block that it is called in, and ended after them.
 * @returns runs the body of a test with the pair
 */
export function pairSuite<P extends SiteAndPeer>(
  name: string,
  make: (lab: Lab) => Promise<P>,
): (body: (pair: P) => Promise<void>) => Promise<void> {
  let lab: Lab | null = null;
  let pair: P | null = null;
  let failed = false;

  async function keepingLogs(body: () => Promise<void>): Promise<void> {
    try {
      await body();
    } catch (error) {
      failed = true;
      throw new Error(`${messageOf(error)} (logs: ${lab?.keptLogs})`, { cause: error });
    }
  }

  before(async function () {
    this.timeout(HOOK_MS);
    const made = await Lab.create({ name });
    lab = made;
    await keepingLogs(async () => {
      pair = await make(made);
    });
  });
  after(async function () {
    this.timeout(HOOK_MS);
    if (lab !== null) lab.keepLogs = failed;
    await pair?.branch.close();
    await lab?.stop();
  });

  return (body) =>
    keepingLogs(async () => {
      if (pair === null) throw new Error('there is no tunnel');
      await body(pair);
    });
}
