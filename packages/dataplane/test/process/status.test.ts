// What the process says of itself while configurations come: on its status topic, and in its log.
import assert from 'node:assert/strict';
import type { DataplaneState, DataplaneStatus } from '@sluice/shared';
import { Gateway, port } from './support/gateway.js';
import { Network } from './support/network.js';
import { until } from './support/until.js';

const LAN = port('lan', 'p0', ['10.1.0.1/24']);
const WAN = port('wan', 'p1', ['10.2.0.1/24']);

describe('data plane process, its status', function () {
  this.timeout(60_000);
  let network: Network;
  let gateway: Gateway;

  beforeEach(() => {
    network = new Network();
    network.host('near', 'p0', '10.1.0.2/24', '10.1.0.1');
    network.host('far', 'p1', '10.2.0.2/24', '10.2.0.1');
    gateway = new Gateway(network);
  });

  afterEach(async () => {
    await gateway.close();
    await network.close();
  });

  /** What it logs of attempts: those that reached nothing, and had no problem either. */
  const faultsLogged = (): string[] =>
    gateway.log
      .split('\n')
      .filter((line) => line.includes('"msg":"applied"') && line.includes('"converged":false'));

  it('says of configurations that can be applied only that they are, however fast they come', async () => {
    const variants: Partial<DataplaneState>[] = [
      { interfaces: [LAN, WAN] },
      { interfaces: [{ ...LAN, addresses: ['10.1.0.1/24', '10.1.0.7/24'] }, WAN] },
      { interfaces: [LAN, { ...WAN, vrf: 'blue' }], vrfs: [{ name: 'default' }, { name: 'blue' }] },
    ];
    await gateway.apply(variants[0]!);
    const said: DataplaneStatus[] = [];
    const subscription = gateway.client.subscribe('status', {
      onSnapshot: (status) => said.push(status),
      onEvent: (status) => said.push(status),
    });
    for (let i = 0; i < 4; i++) {
      // Two at once: the second finds the first's attempt under way.
      const [, last] = await Promise.all([
        gateway.give(variants[(i + 1) % 3]!),
        gateway.give(variants[(i + 2) % 3]!),
      ]);
      assert.deepEqual([last.converged, last.problems], [true, []]);
    }
    const revision = (await gateway.client.request('status', {})).revision;
    await until('the last one was said', async () => said.at(-1)?.revision === revision);
    subscription.close();
    assert.deepEqual(
      said.filter(({ converged }) => !converged),
      [],
    );
    assert.deepEqual(faultsLogged(), []);
  });
});
