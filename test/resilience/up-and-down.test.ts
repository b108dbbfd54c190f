// A network of two gateways comes up, carries traffic and goes, time after time, and leaves nothing.
import assert from 'node:assert/strict';
import { Probe } from '../support/probe.js';
import { leftovers, withLogs } from '../support/sites-under-probe.js';
import { twoSites } from '../support/two-sites.js';

/** SLUICE_UPS_AND_DOWNS asks for more. */
const TIMES = Number(process.env.SLUICE_UPS_AND_DOWNS ?? 3);

describe('up and down', () => {
  for (let time = 1; time <= TIMES; time++) {
    it(`leaves nothing, time ${time} of ${TIMES}`, async () => {
      const sites = await twoSites({ name: 'up-and-down' });
      try {
        await Probe.start(sites);
      } catch (error) {
        throw withLogs(error, await sites.stop(true));
      }
      await sites.stop();
      assert.deepEqual(leftovers(sites.lab.id), []);
    }).timeout(120_000);
  }
});
