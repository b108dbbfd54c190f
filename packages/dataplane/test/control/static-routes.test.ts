import assert from 'node:assert/strict';
import { ADJ_BLACKHOLE, ADJ_INCOMPLETE } from '../../src/tables/adjacencies.js';
import { TableBench, through, via } from './support/table-bench.js';

describe('static routes', () => {
  let bench: TableBench;

  beforeEach(() => {
    bench = new TableBench();
  });

  const neighbours = (): string[] =>
    bench.neighbours.list().map((each) => `${each.row} ${each.address.toString(16)} ${each.references}`);

  it('leads to a next hop, which is resolved and kept for as long as a route needs it', () => {
    const lan = bench.port('lan', ['10.1.0.1/24']);
    assert.deepEqual(bench.route(via('10.6.0.0/16', '10.1.0.254'), via('10.7.0.0/16', '10.1.0.254')), []);
    assert.equal(bench.adjacencies.kind(bench.lookup('10.6.0.1')), ADJ_INCOMPLETE);
    assert.equal(bench.lookup('10.6.0.1'), bench.lookup('10.7.0.1'));
    assert.deepEqual(neighbours(), [`${lan.row} a0100fe 1`]);
    bench.route(via('10.6.0.0/16', '10.1.0.254'));
    assert.deepEqual(neighbours(), [`${lan.row} a0100fe 1`]);
    assert.equal(bench.lookup('10.7.0.1'), 0);
    bench.route();
    assert.deepEqual(neighbours(), [`${lan.row} a0100fe 0`]);
  });

  it('changes nothing when nothing changed', () => {
    bench.port('lan', ['10.1.0.1/24']);
    bench.tunnel('tun', []);
    const wanted = [
      via('0.0.0.0/0', '10.1.0.254'),
      through('10.6.0.0/16', 'tun'),
      { prefix: '10.9.0.0/16', vrf: '0', blackhole: true as const },
    ];
    bench.route(...wanted);
    assert.equal(bench.adjacencies.kind(bench.lookup('10.9.0.1')), ADJ_BLACKHOLE);
    bench.changes();
    bench.route(...wanted);
    assert.deepEqual(bench.changes(), []);
  });

  it('replaces a route in one step: its prefix is never without one', () => {
    bench.port('lan', ['10.1.0.1/24']);
    const tunnel = bench.tunnel('tun', []);
    bench.route(via('10.6.0.0/16', '10.1.0.254'));
    bench.changes();
    bench.route(through('10.6.0.0/16', 'tun'));
    assert.deepEqual(bench.changes(), ['+static/16']);
    assert.equal(bench.lookup('10.6.0.1'), tunnel.adjacency);
    assert.deepEqual(neighbours(), [`1 a0100fe 0`]);
  });

  it('waits for an interface, and for a network that reaches the next hop', () => {
    assert.deepEqual(bench.route(via('10.6.0.0/16', '10.1.0.254'), through('10.7.0.0/16', 'tun')), [
      'route 10.6.0.0/16 waits for an interface that reaches 10.1.0.254',
      'route 10.7.0.0/16 waits for tun',
    ]);
    bench.port('lan', ['10.1.0.1/24']);
    bench.tunnel('tun', []);
    assert.deepEqual(bench.route(via('10.6.0.0/16', '10.1.0.254'), through('10.7.0.0/16', 'tun')), []);
    assert.notEqual(bench.lookup('10.6.0.1'), 0);
  });

  it('follows a next hop to the interface that its network moves to', () => {
    const a = bench.port('a', ['10.1.0.1/24']);
    const b = bench.port('b', []);
    const route = via('10.6.0.0/16', '10.1.0.254');
    bench.route(route);
    bench.interfaces.update(a, [], 1500, true);
    bench.interfaces.update(b, ['10.1.0.1/24'], 1500, true);
    bench.route(route);
    assert.equal(bench.adjacencies.interface(bench.lookup('10.6.0.1')), b.row);
    assert.deepEqual(neighbours(), [`${a.row} a0100fe 0`, `${b.row} a0100fe 1`]);
  });

  it('does not go on by a way that is gone', () => {
    const a = bench.port('a', ['10.1.0.1/24']);
    const route = via('10.6.0.0/16', '10.1.0.254');
    bench.route(route);
    bench.interfaces.update(a, [], 1500, true);
    assert.equal(bench.route(route).length, 1);
    assert.equal(bench.lookup('10.6.0.1'), 0);
  });

  it('lets go of an interface that goes, whatever led through it, and takes the next of its name', () => {
    const wanted = [
      through('10.6.0.0/16', 'tun'),
      via('10.7.0.0/16', '10.8.0.2'),
      via('10.9.0.0/16', '10.1.0.254'),
    ];
    const lan = bench.port('lan', ['10.1.0.1/24']);
    const tunnel = bench.tunnel('tun', ['10.8.0.1/30']);
    bench.route(...wanted);
    assert.equal(bench.lookup('10.7.0.1'), tunnel.adjacency, 'a tunnel has no neighbours');
    for (const entry of [lan, tunnel]) {
      bench.statics.forgetInterface(entry.row, 0);
      bench.neighbours.clear(entry.row);
      bench.interfaces.remove(entry);
    }
    for (const address of ['10.6.0.1', '10.7.0.1', '10.9.0.1']) assert.equal(bench.lookup(address), 0);
    bench.epoch.reclaim();
    assert.equal(bench.adjacencies.used, 3, 'all but those that refuse');
    bench.port('lan', ['10.1.0.1/24']);
    const again = bench.tunnel('tun', ['10.8.0.1/30']);
    assert.deepEqual(bench.route(...wanted), []);
    assert.equal(bench.lookup('10.6.0.1'), again.adjacency);
    assert.equal(bench.lookup('10.7.0.1'), again.adjacency);
  });
});
