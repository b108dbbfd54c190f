// A bridge with a station that makes up thousands of others: those behind the other member are served.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type { LabNode } from '@sluice/lab';
import { until } from '@sluice/shared';
import { seed } from '@sluice/shared/test-support';
import { SERVER, type Site, startSite } from '../support/site.js';

/** From dist/test/clients to the package's source. */
const SCRIPT = fileURLToPath(new URL('../../../test/fixtures/starve.py', import.meta.url));
const PER_PORT = 30;
const MADE_UP = 3_000;
const REFUSED = 500;

describe('DHCP on a bridge with a station that takes all addresses', function () {
  this.timeout(120_000);
  let site: Site;
  let thief: LabNode;
  let others: LabNode[];
  let failed = false;

  before(async () => {
    site = await startSite({
      name: 'dhcp-starve',
      build: async (lab, gateway) => {
        thief = await lab.host('thief');
        others = [await lab.host('till'), await lab.host('printer')];
        await lab.link(gateway.port('p0'), thief.port('eth0'));
        await lab.link(gateway.port('p1'), others[0]!.port('eth0'));
        await lab.link(gateway.port('p2'), others[1]!.port('eth0'));
      },
      config: {
        interfaces: ['p0', 'p1', 'p2'].map((device, i) => ({ name: `b${i}`, device })),
        bridges: [{ name: 'lan', members: ['b0', 'b1', 'b2'], addresses: ['10.1.0.1/24'] }],
        dhcp: { servers: [{ ...SERVER, limits: { per_port: PER_PORT } }] },
      },
    });
  });
  afterEach(function () {
    failed ||= this.currentTest?.state === 'failed';
  });
  after(() => site?.stop(failed));

  const boundBy = async (): Promise<Map<string | null, number>> => {
    const counts = new Map<string | null, number>();
    for (const { state, member } of await site.leases())
      if (state === 'bound') counts.set(member, (counts.get(member) ?? 0) + 1);
    return counts;
  };

  it(`serves others while it asks for ${MADE_UP} stations and goes on (seed ${seed})`, async () => {
    const flood = await thief.start(['/usr/bin/python3', SCRIPT, String(seed), String(MADE_UP)], {
      ready: { log: new RegExp(`sent ${MADE_UP}`) },
    });
    await until('the thief to be refused', async () => (await site.counter('port_full')) >= REFUSED);
    for (const [i, station] of others.entries()) {
      await station.run(['udhcpc', '-i', 'eth0', '-n', '-q', '-t', '20', '-T', '1', '-s', '/bin/true'], {
        deadlineMs: 40_000,
      });
      assert.equal((await boundBy()).get(`b${i + 1}`), 1);
    }
    assert.equal(flood.status, null, flood.log());
    await flood.stop();
    const bound = await boundBy();
    assert.deepEqual([bound.get('b1'), bound.get('b2')], [1, 1]);
    // Its own flood keeps out most of what it asks for when it has been offered something, or all.
    assert.ok((bound.get('b0') ?? 0) <= PER_PORT);
  });
});
