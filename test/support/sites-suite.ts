// One network of two sites for all tests of a describe: made before the first, gone after the last. When a test
// fails, the logs of the lab are kept, and the test's error says where.
import type { TwoSites, TwoSitesOptions } from './two-sites.js';
import { twoSites } from './two-sites.js';

const UP_MS = 120_000;
const TEST_MS = 120_000;

export interface SitesSuite {
  /** The network, once it is up: inside tests and hooks. */
  readonly sites: TwoSites;
  /** A test; its error names the directory of the logs. */
  it(title: string, body: (sites: TwoSites) => Promise<void>): void;
}

/** Call it inside a describe. */
export function sitesSuite(options: TwoSitesOptions): SitesSuite {
  let sites: TwoSites | null = null;
  let failed = false;
  const up = (): TwoSites => {
    if (sites === null) throw new Error('the two sites are not up: use them inside a test');
    return sites;
  };

  before(async function () {
    this.timeout(UP_MS);
    sites = await twoSites(options);
  });
  afterEach(function () {
    // Also what the body could not see: a test that took too long.
    if (this.currentTest?.state === 'failed') failed = true;
  });
  after(async function () {
    this.timeout(UP_MS);
    await sites?.stop(failed);
  });

  return {
    get sites() {
      return up();
    },
    it(title, body) {
      it(title, async function () {
        this.timeout(TEST_MS);
        try {
          await body(up());
        } catch (error) {
          failed = true;
          if (error instanceof Error) error.message += ` (logs: ${up().lab.keptLogs})`;
          throw error;
        }
      });
    },
  };
}
