// What the process says of itself while configurations come: on its status topic, and in its log.
import assert from 'node:assert/strict';
import { type DataplaneState, type DataplaneStatus, until } from '@sluice/shared';
import { spec } from '../control/support/sa-bench.js';
import { Gateway, port } from './support/gateway.js';
import { Network } from './support/network.js';

const LAN = port('lan', 'p0', ['10.1.0.1/24']);
const WAN = port('wan', 'p1', ['10.2.0.1/24']);

describe('data plane process, its status', function () {
  this.timeout(120_000);
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
    await until('it says how it is', () => said.length > 0);
    for (let i = 0; i < 4; i++) {
      // Two at once: the one that comes second finds the other's attempt under way.
      await Promise.all([gateway.give(variants[(i + 1) % 3]!), gateway.give(variants[(i + 2) % 3]!)]);
      assert.deepEqual((await gateway.converged()).problems, []);
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

  it('says of a tunnel that is routed into itself what to do, as soon as it has an SA, and no longer than that', async () => {
    const tunnel = {
      name: 'tun',
      if_id: 77,
      vrf: 'default',
      outer_vrf: 'default',
      enabled: true,
      addresses: ['10.8.0.1/30'],
    };
    const routes = [{ prefix: '0.0.0.0/0', vrf: 'default', interface: 'tun' }];
    await gateway.apply({ interfaces: [LAN, WAN], tunnels: [tunnel], routes });
    let said: DataplaneStatus | null = null;
    const subscription = gateway.client.subscribe('status', {
      onSnapshot: (status) => {
        said = status;
      },
      onEvent: (status) => {
        said = status;
      },
    });
    const problems = (): string[] => said?.problems ?? ['nothing was said'];
    const peer = '198.51.100.7';
    await gateway.client.request(
      'sa-install',
      spec(0x2001, 'out', { if_id: 77, src: '10.2.0.1', dst: peer }),
    );
    await until('the loop is told', () => problems().some((text) => text.startsWith('tun: its peer')));
    assert.deepEqual(problems(), [
      `tun: its peer ${peer} is routed by 0.0.0.0/0 into the tunnel itself, so nothing it sends arrives: add a route to ${peer} by another interface`,
    ]);
    await network.run(network.gateway, 'ping', '-c', '1', '-W', '1', '10.8.0.2');
    await until(
      'what entered it is counted',
      async () => (await gateway.count('esp-encrypt/tunnel_loop')) > 0,
    );

    const way = { prefix: `${peer}/32`, vrf: 'default', next_hop: '10.2.0.2' };
    await gateway.apply({ interfaces: [LAN, WAN], tunnels: [tunnel], routes: [...routes, way] });
    await until('nothing is told any more', () => problems().length === 0);
    subscription.close();
  });
});
