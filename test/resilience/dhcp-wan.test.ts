// A branch that knows nothing of its WAN: a DHCP server of the provider's, Debian's kea-dhcp4, gives it its address, and later
// another one. Headquarters knows the branch by its identity.
import assert from 'node:assert/strict';
import { type LabNode, type NodeProcess, startKea } from '@sluice/lab';
import { until } from '@sluice/shared';
import { ping } from '../support/ping.js';
import { BRANCH, HQ, type TwoSites, tunnelUp, twoSites } from '../support/two-sites.js';

const OTHER = '198.51.100.9';
/** The shortest that udhcpc believes. */
const LEASE_S = 16;
const DETECT_WITHIN_S = 10;

describe('a WAN address by DHCP', function () {
  this.timeout(180_000);
  let sites: TwoSites;
  let server: NodeProcess;
  let failed = false;

  const serve = (router: LabNode, address: string): Promise<NodeProcess> =>
    startKea(router, {
      family: 4,
      devices: [BRANCH.name],
      name: `kea-${address}`,
      config: {
        'valid-lifetime': LEASE_S,
        subnet4: [
          {
            ...{ id: 1, subnet: '198.51.100.0/24', pools: [{ pool: `${address} - ${address}` }] },
            'option-data': [{ name: 'routers', data: BRANCH.router }],
          },
        ],
      },
    });

  before(async () => {
    sites = await twoSites({
      name: 'dhcp-wan',
      waitForTunnel: false,
      prepare: async (router) => {
        server = await serve(router, BRANCH.wan);
      },
      configure: (config, site) => {
        const connection = config.ike?.connections?.[0];
        assert.ok(connection !== undefined);
        connection.detect_failure_within_s = DETECT_WITHIN_S;
        if (site === HQ) {
          connection.remote.address = 'any';
          return;
        }
        connection.local.address = 'any';
        config.routes = config.routes?.filter(({ prefix }) => prefix !== '0.0.0.0/0') ?? [];
        config.interfaces =
          config.interfaces?.map(({ addresses, ...entry }) =>
            entry.name === 'wan' ? { ...entry, dhcp_client: {} } : { ...entry, addresses: addresses ?? [] },
          ) ?? [];
      },
    });
  });
  afterEach(function () {
    failed ||= this.currentTest?.state === 'failed';
  });
  after(() => sites?.stop(failed));

  const carries = async (): Promise<void> => {
    const { answered, output } = await ping(sites.branchHost, HQ.host, { count: 5 });
    assert.ok(answered, output);
  };
  /** Where headquarters sends. */
  const peer = async (): Promise<string[]> => {
    const { sas } = await sites.hq.dataplane.request('show-sa', {});
    return sas.filter((sa) => sa.direction === 'out' && sa.active).map(({ dst }) => dst);
  };

  it('is enough for the branch to connect', async () => {
    await tunnelUp(sites);
    await carries();
    assert.deepEqual(await peer(), [BRANCH.wan]);
  });

  it('may become another one: the branch calls from there', async () => {
    await server.stop();
    server = await serve(sites.router, OTHER);
    await until('headquarters to send there', async () => (await peer()).includes(OTHER), {
      deadlineMs: 90_000,
    });
    await carries();
  });
});
