// What the process holds of the kernel: descriptors, threads, namespaces and devices, as configurations come and go.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { until } from '@sluice/shared';
import { NodeFiles, nodeSource } from '../user-nodes/support.js';
import { Gateway, port } from './support/gateway.js';
import { ip, Network } from './support/network.js';

const CYCLES = 8;

describe('data plane process, what it holds', function () {
  this.timeout(120_000);
  let network: Network;
  let gateway: Gateway;
  let files: NodeFiles;

  beforeEach(() => {
    files = new NodeFiles();
    network = new Network();
    network.host('near', 'p0', '10.1.0.2/24', '10.1.0.1');
    network.host('far', 'p1', '10.2.0.2/24', '10.2.0.1');
    gateway = new Gateway(network);
  });

  afterEach(async () => {
    await gateway.close();
    await network.close();
    files.close();
  });

  const held = (): Record<string, number> => ({
    descriptors: readdirSync(`/proc/${gateway.pid}/fd`).length,
    threads: readdirSync(`/proc/${gateway.pid}/task`).length,
    namespaces: readdirSync('/run/netns').filter((name) => name.startsWith(network.gateway)).length,
    links: (JSON.parse(ip('-n', network.gateway, '-json', 'link')) as unknown[]).length,
  });

  it('is given back with everything that a configuration can have', async () => {
    const file = files.write('seen.ts', nodeSource('return PASS;'));
    const vrfs = [{ name: 'default' }, { name: 'blue' }];
    const full = {
      vrfs,
      interfaces: [
        port('lan', 'p0', ['10.1.0.1/24']),
        port('wan', 'p1', [], { driver: 'af_packet' as const }),
      ],
      vlans: [
        { name: 'lan7', parent: 'lan', vlan: 7, vrf: 'blue', enabled: true, addresses: ['10.7.0.1/24'] },
      ],
      bridges: [
        {
          name: 'br',
          members: ['wan'],
          vrf: 'default',
          enabled: true,
          addresses: ['10.2.0.1/24'],
          ageing_s: 300,
          mac_limit: 100,
        },
      ],
      loopbacks: [{ name: 'loop', vrf: 'blue', addresses: ['10.255.0.1/32'] }],
      tunnels: [
        { name: 'tun', vrf: 'blue', outer_vrf: 'default', enabled: true, addresses: ['10.8.0.1/30'] },
      ],
      routes: [{ prefix: '10.9.0.0/16', vrf: 'default', next_hop: '10.2.0.2' }],
      nodes: [{ file, interfaces: ['lan'], on_fault: 'pass' as const }],
    };
    let warm: Record<string, number> = {};
    for (let i = 0; i < CYCLES; i++) {
      await gateway.apply(full);
      await gateway.apply({});
      // By then Node has opened what it keeps for itself.
      if (i === 2) warm = held();
    }
    assert.deepEqual([warm.namespaces, warm.links], [1, 3], JSON.stringify(warm));
    await until(
      () => `${JSON.stringify(held())} is ${JSON.stringify(warm)}`,
      () => Object.entries(held()).every(([what, count]) => count <= warm[what]!),
    );
  });
});
