import assert from 'node:assert/strict';
import { formatIp4 } from '@sluice/shared';
import { ADJ_GLEAN, ADJ_LOCAL, ADJ_MTU, ADJ_TUNNEL } from '../../src/tables/adjacencies.js';
import {
  INTERFACE_DOWN,
  INTERFACE_UP,
  INTERFACES_MAX,
  KIND_ETHERNET,
  KIND_NONE,
} from '../../src/tables/interfaces.js';
import { countReads } from './support/count-reads.js';
import { TableBench } from './support/table-bench.js';

describe('interfaces', () => {
  let bench: TableBench;

  beforeEach(() => {
    bench = new TableBench();
  });

  const kind = (address: string, vrf = 0): number => bench.adjacencies.kind(bench.lookup(address, vrf));
  const primary = (row: number): string => formatIp4(bench.table.address[row]!);

  it('implies routes: its address, its network and both broadcasts', () => {
    const lan = bench.port('lan', ['10.1.0.1/24']);
    assert.equal(kind('10.1.0.1'), ADJ_LOCAL);
    assert.equal(bench.lookup('10.1.0.77'), lan.adjacency);
    assert.equal(kind('10.1.0.77'), ADJ_GLEAN);
    for (const broadcast of ['10.1.0.0', '10.1.0.255']) {
      assert.equal(kind(broadcast), ADJ_LOCAL);
      assert.equal(bench.adjacencies.nextHop(bench.lookup(broadcast)), 0, 'to everyone');
    }
    assert.equal(bench.lookup('10.1.1.1'), 0);
    assert.equal(bench.table.kind[lan.row], KIND_ETHERNET);
    assert.equal(bench.table.state[lan.row], INTERFACE_UP);
  });

  it('knows no broadcast of a /31, a /32 and a tunnel', () => {
    const line = bench.port('line', ['10.1.0.0/31']);
    assert.equal(kind('10.1.0.0'), ADJ_LOCAL);
    assert.equal(bench.adjacencies.nextHop(bench.lookup('10.1.0.0')), 0x0a010000);
    assert.equal(bench.lookup('10.1.0.1'), line.adjacency);
    bench.port('loop', ['10.2.0.1/32']);
    assert.equal(kind('10.2.0.1'), ADJ_LOCAL);
    assert.equal(bench.lookup('10.2.0.0'), 0);
    const tunnel = bench.tunnel('tun', ['10.3.0.1/30']);
    assert.equal(bench.lookup('10.3.0.3'), tunnel.adjacency);
    assert.equal(kind('10.3.0.0'), ADJ_TUNNEL);
  });

  it('touches nothing but the difference when addresses change', () => {
    const lan = bench.port('lan', ['10.1.0.1/24']);
    const local = bench.lookup('10.1.0.1');
    bench.changes();
    bench.interfaces.update(lan, ['10.1.0.1/24', '10.1.0.2/24', '10.5.0.1/25'], 1500, true);
    assert.deepEqual(bench.changes(), [
      '+local/32',
      '+local/32',
      '+connected/25',
      '+broadcast/32',
      '+broadcast/32',
    ]);
    assert.equal(bench.lookup('10.1.0.1'), local);

    bench.interfaces.update(lan, ['10.1.0.2/24'], 1500, true);
    assert.deepEqual(
      bench.changes().sort(),
      ['-broadcast/32', '-broadcast/32', '-connected/25', '-local/32', '-local/32'],
      'the network that another address shares stays',
    );
    assert.equal(bench.lookup('10.1.0.77'), lan.adjacency);
    assert.equal(bench.lookup('10.1.0.1'), lan.adjacency, 'another host may have it now');
    bench.interfaces.update(lan, ['10.1.0.2/24'], 1500, true);
    assert.deepEqual(bench.changes(), []);
  });

  it('frees the adjacencies of what went, once no worker can hold them', () => {
    const lan = bench.port('lan', ['10.1.0.1/24']);
    const used = bench.adjacencies.used;
    bench.worker.online();
    for (let i = 2; i < 50; i++) bench.interfaces.update(lan, [`10.${i}.0.1/24`], 1500, true);
    assert.ok(bench.adjacencies.used > used);
    bench.epoch.reclaim();
    assert.ok(bench.adjacencies.used > used, 'the worker has not passed a quiescent point');
    bench.worker.quiescent();
    bench.epoch.reclaim();
    assert.equal(bench.adjacencies.used, used);
  });

  it('gives a network to the interface that it moves to, whichever is changed first', () => {
    for (const order of [0, 1]) {
      const fresh = new TableBench();
      const pair = [fresh.port('a', ['10.1.0.1/24']), fresh.port('b', [])];
      const changes = [
        () => fresh.interfaces.update(pair[0]!, [], 1500, true),
        () => fresh.interfaces.update(pair[1]!, ['10.1.0.1/24'], 1500, true),
      ];
      changes[order]!();
      changes[1 - order]!();
      assert.equal(fresh.lookup('10.1.0.9'), pair[1]!.adjacency);
      const own = fresh.lookup('10.1.0.1');
      assert.equal(fresh.adjacencies.interface(own), pair[1]!.row);
      assert.equal(fresh.adjacencies.nextHop(fresh.lookup('10.1.0.255')), 0);
    }
  });

  it('lends an unnumbered interface the address of the first of its VRF', () => {
    const tunnel = bench.tunnel('tun', []);
    assert.equal(primary(tunnel.row), '0.0.0.0');
    bench.port('blue', ['10.9.0.1/24'], 1);
    const lan = bench.port('lan', ['10.1.0.1/24']);
    const wan = bench.port('wan', ['10.2.0.1/24']);
    assert.equal(primary(tunnel.row), '10.1.0.1');
    bench.interfaces.update(lan, ['10.1.0.5/24'], 1500, true);
    assert.equal(primary(tunnel.row), '10.1.0.5');
    bench.interfaces.remove(lan);
    assert.equal(primary(tunnel.row), '10.2.0.1');
    assert.equal(primary(wan.row), '10.2.0.1');
    bench.interfaces.update(tunnel, ['10.8.0.1/30'], 1400, true);
    assert.equal(primary(tunnel.row), '10.8.0.1');
  });

  it('changes MTU and state in place', () => {
    const lan = bench.port('lan', ['10.1.0.1/24']);
    bench.changes();
    bench.interfaces.update(lan, ['10.1.0.1/24'], 1300, false);
    assert.deepEqual(bench.changes(), []);
    assert.equal(bench.table.mtu[lan.row], 1300);
    assert.equal(bench.adjacencies.words[lan.adjacency * 16 + ADJ_MTU], 1300);
    assert.equal(bench.table.state[lan.row], INTERFACE_DOWN);
  });

  it('uses a row again only when no worker can know what it was', () => {
    const lan = bench.port('lan', ['10.1.0.1/24']);
    bench.worker.online();
    bench.interfaces.remove(lan);
    assert.equal(bench.interfaces.get('lan'), undefined);
    assert.equal(bench.table.kind[lan.row], KIND_NONE);
    assert.equal(bench.lookup('10.1.0.1'), 0);
    const others = Array.from({ length: INTERFACES_MAX - 2 }, () => bench.interfaces.reserveRow());
    assert.ok(!others.includes(lan.row));
    assert.throws(() => bench.interfaces.reserveRow(), /all 16383 interfaces are in use/);
    bench.epoch.reclaim();
    assert.throws(() => bench.interfaces.reserveRow(), /in use/, 'the worker may be sending by it');
    bench.worker.quiescent();
    bench.epoch.reclaim();
    assert.equal(bench.interfaces.reserveRow(), lan.row);
    bench.interfaces.returnRow(lan.row);
    assert.equal(bench.interfaces.reserveRow(), lan.row);
  });

  it('lists interfaces by row, and finds each by its row, without a search', () => {
    const names = Array.from({ length: 1000 }, (_, i) => `tun${i}`);
    const entries = names.map((name) => bench.tunnel(name, []));
    bench.interfaces.remove(entries[499]!);
    assert.deepEqual(
      bench.interfaces.list().map((each) => each.name),
      names.filter((name) => name !== 'tun499'),
    );
    assert.equal(bench.interfaces.ofRow(entries[499]!.row), undefined);
    const late = bench.port('late', []);
    assert.equal(bench.interfaces.ofRow(late.row), late);
    assert.equal(bench.interfaces.list().at(-1), late);
    assert.equal(bench.interfaces.list(), bench.interfaces.list(), 'it is made anew only when it is another');
    const others = countReads(entries);
    assert.equal(bench.interfaces.ofRow(late.row), late);
    assert.equal(others(), 0);
  });
});
