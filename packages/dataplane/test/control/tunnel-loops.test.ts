import assert from 'node:assert/strict';
import type { RouteSection } from '@sluice/shared';
import { parseAddress } from '../../src/control/address.js';
import type { Interface } from '../../src/control/interface.js';
import { type TunnelEnd, tunnelLoops } from '../../src/control/tunnel-loops.js';
import { TableBench, through, via } from './support/table-bench.js';

describe('tunnels that are routed into themselves', () => {
  let bench: TableBench;
  let a: Interface;
  let b: Interface;

  beforeEach(() => {
    bench = new TableBench();
    bench.port('wan', ['192.0.2.1/24', '2001:db8::1/64']);
    a = bench.tunnel('a', []);
    b = bench.tunnel('b', []);
  });

  const end = ({ row, name }: Interface, peer: string | null, outerVrf = 0): TunnelEnd => ({
    row,
    name,
    outerVrf,
    peer: peer === null ? null : parseAddress(peer),
  });
  const loops = (tunnels: TunnelEnd[], ...routes: RouteSection[]): string[] => {
    assert.deepEqual(bench.route(...routes), []);
    return tunnelLoops(tunnels, bench);
  };
  const all = (name: string): RouteSection[] => [through('0.0.0.0/0', name), through('::/0', name)];

  it('are named with the route and what to do', () => {
    assert.deepEqual(loops([end(a, '198.51.100.7')], ...all('a')), [
      'a: its peer 198.51.100.7 is routed by 0.0.0.0/0 into the tunnel itself, so nothing it sends arrives: add a route to 198.51.100.7 by another interface',
    ]);
    assert.match(
      loops([end(a, '2001:db8:7::7')], ...all('a'))[0]!,
      /^a: its peer 2001:db8:7::7 is routed by ::\/0 into/,
    );
  });

  it('are none with a closer route to the peer, on a connected network, without a route or without an SA', () => {
    assert.deepEqual(loops([end(a, '198.51.100.7')], ...all('a'), via('198.51.100.7/32', '192.0.2.254')), []);
    assert.deepEqual(loops([end(a, '192.0.2.9'), end(b, null)], ...all('a')), []);
    assert.deepEqual(loops([end(a, '198.51.100.7', 1)], ...all('a')), [], 'the outer VRF has no such route');
    assert.deepEqual(loops([end(a, '198.51.100.7')], ...all('b')), []);
  });

  it('are found through another tunnel, another VRF, and by one of several ways', () => {
    const both = [end(a, '198.51.100.7'), end(b, '198.51.100.8')];
    const circle = [through('198.51.100.7/32', 'b'), through('198.51.100.8/32', 'a')];
    assert.deepEqual(
      loops(both, ...circle).map((text) => text.slice(0, text.indexOf(', so'))),
      [
        'a: its peer 198.51.100.7 is routed by 198.51.100.7/32 into b, and from there into it',
        'b: its peer 198.51.100.8 is routed by 198.51.100.8/32 into a, and from there into it',
      ],
    );
    // b is in a loop of its own, a only leads into it.
    const tail = loops(both, through('198.51.100.7/32', 'b'), through('198.51.100.8/32', 'b'));
    assert.deepEqual(
      tail.map((text) => text.slice(0, 2)),
      ['b:'],
    );

    const leak: RouteSection = { prefix: '198.51.100.0/24', vrf: '1', vrf_lookup: '0' };
    assert.equal(loops([end(a, '198.51.100.7', 1)], leak, ...all('a')).length, 1);

    const several: RouteSection = {
      prefix: '198.51.100.0/24',
      vrf: '0',
      next_hops: [
        { address: '192.0.2.254', weight: 1 },
        { interface: 'a', weight: 1 },
      ],
    };
    assert.equal(loops([end(a, '198.51.100.7')], several).length, 1);
  });
});
