import assert from 'node:assert/strict';
import { formatIp6, parseIp6 } from '@sluice/shared';
import { ADJ_GLEAN, ADJ_LOCAL, ADJ_NEXT_HOP6, ADJ_TUNNEL } from '../../src/tables/adjacencies.js';
import { LINK_LOCAL_VRF, zoneWord } from '../../src/tables/ip6-scope.js';
import { TableBench } from './support/table-bench.js';

/** Of the table bench's MAC address, 02:00:00:00:00:01 (RFC 2464 section 5). */
const LINK_LOCAL = 'fe80::ff:fe00:1';

describe('interfaces of IPv6', () => {
  let bench: TableBench;

  beforeEach(() => {
    bench = new TableBench();
  });

  const kind = (address: string, vrf = 0): number => bench.adjacencies.kind(bench.lookup(address, vrf));
  const addressOf = (adjacency: number): string =>
    formatIp6(bench.adjacencies.words.subarray(adjacency * 16 + ADJ_NEXT_HOP6, adjacency * 16 + 16));
  const words = (column: Int32Array, row: number): string =>
    formatIp6(column.subarray(row << 2, (row << 2) + 4));
  /** As a worker looks it up that got a packet by this interface. */
  const onLink = (row: number, text: string): number => {
    const [w0, ...rest] = parseIp6(text)!;
    return bench.lookup(formatIp6([zoneWord(w0, row), ...rest]), LINK_LOCAL_VRF);
  };

  it('imply routes: the address, the network, and the anycast address of its routers', () => {
    const lan = bench.port('lan', ['2001:db8:1::1/64']);
    assert.equal(kind('2001:db8:1::1'), ADJ_LOCAL);
    assert.equal(addressOf(bench.lookup('2001:db8:1::1')), '2001:db8:1::1');
    assert.equal(bench.lookup('2001:db8:1:0:ffff::9'), lan.adjacency);
    assert.equal(kind('2001:db8:1::77'), ADJ_GLEAN);
    assert.equal(kind('2001:db8:1::'), ADJ_LOCAL);
    assert.equal(addressOf(bench.lookup('2001:db8:1::')), '2001:db8:1::');
    assert.equal(bench.lookup('2001:db8:1:1::1'), 0);
    assert.equal(words(bench.table.address6, lan.row), '2001:db8:1::1');
    assert.deepEqual(bench.interfaces.addressTexts(lan), ['2001:db8:1::1/64', `${LINK_LOCAL}/64`]);
  });

  it('know no anycast address of a /127, a /128 and a tunnel (RFC 6164)', () => {
    const line = bench.port('line', ['2001:db8:1::1/127']);
    assert.equal(bench.lookup('2001:db8:1::'), line.adjacency);
    bench.port('loop', ['2001:db8:2::1/128']);
    assert.equal(kind('2001:db8:2::1'), ADJ_LOCAL);
    assert.equal(bench.lookup('2001:db8:2::'), 0);
    const tunnel = bench.tunnel('tun', ['2001:db8:3::1/64']);
    assert.equal(kind('2001:db8:3::1'), ADJ_LOCAL);
    assert.equal(bench.lookup('2001:db8:3::'), tunnel.adjacency);
    assert.equal(kind('2001:db8:3::'), ADJ_TUNNEL);
  });

  it('have a link-local address each, the same or not, that only their own link sees', () => {
    const a = bench.port('a', []);
    const b = bench.port('b', ['fe80::1/64', '2001:db8:1::1/64']);
    const tunnel = bench.tunnel('tun', ['2001:db8:2::1/128']);
    assert.equal(words(bench.table.linkLocal6, a.row), LINK_LOCAL);
    assert.equal(words(bench.table.linkLocal6, b.row), 'fe80::1');
    assert.equal(words(bench.table.linkLocal6, tunnel.row), '::');
    assert.equal(addressOf(onLink(a.row, LINK_LOCAL)), LINK_LOCAL);
    assert.equal(addressOf(onLink(b.row, 'fe80::1')), 'fe80::1');
    assert.equal(onLink(a.row, 'fe80::1'), a.adjacency);
    assert.equal(onLink(b.row, LINK_LOCAL), b.adjacency);
    assert.equal(onLink(tunnel.row, 'fe80::1'), 0);
    for (const vrf of [0, 1]) assert.equal(bench.lookup(LINK_LOCAL, vrf), 0);
    assert.equal(words(bench.table.address6, b.row), '2001:db8:1::1', 'errors come from the global one');
  });

  it('touch nothing but the difference when addresses change', () => {
    const lan = bench.port('lan', ['10.1.0.1/24', '2001:db8:1::1/64']);
    const local = bench.lookup('2001:db8:1::1');
    bench.changes();
    const both = ['10.1.0.1/24', '2001:db8:1::1/64', '2001:db8:1::2/64', '2001:db8:2::1/128'];
    bench.interfaces.update(lan, both, 1500, true);
    assert.deepEqual(bench.changes(), ['+local/128', '+local/128']);
    assert.equal(bench.lookup('2001:db8:1::1'), local);
    bench.interfaces.update(lan, ['10.1.0.1/24', '2001:db8:1::2/64'], 1500, true);
    assert.deepEqual(bench.changes(), ['-local/128', '-local/128']);
    assert.equal(bench.lookup('2001:db8:1::1'), lan.adjacency, 'another host may have it now');
    bench.interfaces.update(lan, ['10.1.0.1/24', '2001:db8:1::2/64'], 1500, true);
    assert.deepEqual(bench.changes(), []);
    bench.interfaces.update(lan, ['10.1.0.1/24', '2001:db8:1::2/64', 'fe80::5/64'], 1500, true);
    assert.deepEqual(bench.changes(), ['+local/128', '-local/128'], 'a link-local one of its own');
    assert.equal(words(bench.table.linkLocal6, lan.row), 'fe80::5');
  });

  it('take their routes and addresses with them, and free the adjacencies', () => {
    const used = bench.adjacencies.used;
    const lan = bench.port('lan', ['2001:db8:1::1/64']);
    const { row } = lan;
    bench.interfaces.remove(lan);
    bench.epoch.reclaim();
    assert.equal(bench.adjacencies.used, used);
    for (const address of ['2001:db8:1::1', '2001:db8:1::2', '2001:db8:1::']) {
      assert.equal(bench.lookup(address), 0, address);
    }
    assert.equal(onLink(row, LINK_LOCAL), 0);
    assert.equal(onLink(row, 'fe80::9'), 0);
    assert.equal(words(bench.table.address6, row), '::');
    assert.equal(words(bench.table.linkLocal6, row), '::');
  });

  it('without a global address answer by the first of their VRF, a tunnel by its outer one last', () => {
    const tunnel = bench.tunnel('tun', []);
    assert.equal(words(bench.table.address6, tunnel.row), '::');
    bench.port('blue', ['2001:db8:b::1/64'], 1);
    bench.port('four', ['10.1.0.1/24']);
    const wan = bench.port('wan', ['2001:db8:ffff::1/64']);
    assert.equal(words(bench.table.address6, tunnel.row), '2001:db8:ffff::1');
    const lan = bench.port('lan', ['2001:db8:1::1/64']);
    bench.interfaces.setOuterAddress(tunnel.row, parseIp6('2001:db8:ffff::1')!);
    assert.equal(words(bench.table.address6, tunnel.row), '2001:db8:1::1');
    bench.interfaces.remove(lan);
    assert.equal(words(bench.table.address6, tunnel.row), '2001:db8:ffff::1');
    assert.equal(words(bench.table.address6, wan.row), '2001:db8:ffff::1');
  });
});
