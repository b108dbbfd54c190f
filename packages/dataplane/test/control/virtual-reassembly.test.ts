import assert from 'node:assert/strict';
import { Features } from '../../src/control/features.js';
import { selectsPorts, setVirtualReassembly } from '../../src/control/virtual-reassembly.js';
import { TableBench } from './support/table-bench.js';

const ANY: [number, number] = [0, 65_535];

describe('where virtual reassembly is on', () => {
  const selector = (src: [number, number], dst: [number, number]) => ({
    src: '10.0.0.0/8',
    dst: '0.0.0.0/0',
    protocol: 17,
    src_ports: src,
    dst_ports: dst,
  });

  it('is where selectors do not allow every port', () => {
    assert.equal(selectsPorts({ selectors: null }), false);
    assert.equal(selectsPorts({ selectors: [selector(ANY, ANY)] }), false);
    assert.equal(selectsPorts({ selectors: [selector(ANY, ANY), selector(ANY, [53, 53])] }), true);
    assert.equal(selectsPorts({ selectors: [selector([0, 1023], ANY)] }), true);
  });

  it('is on interfaces that ask for it, and on all of a VRF that needs it, of both families', () => {
    const bench = new TableBench();
    const rows = [
      bench.port('lan', ['10.1.0.1/24']),
      bench.port('wan', ['192.0.2.1/24']),
      bench.port('red', ['10.3.0.1/24'], 1),
    ];
    const features = new Features(bench.table, bench.adjacencies);
    const on = (): boolean[] =>
      rows.map(({ row }) => {
        const [four, six] = (['ip4-unicast', 'ip6-unicast'] as const).map((arc) =>
          features.isOn(row, arc, 4),
        );
        assert.equal(four, six);
        return four!;
      });
    const list = bench.interfaces.list();
    setVirtualReassembly(features, list, new Set(['wan']), new Set([1]));
    assert.deepEqual(on(), [false, true, true]);
    setVirtualReassembly(features, list, new Set(), new Set([0]));
    assert.deepEqual(on(), [true, true, false]);
    setVirtualReassembly(features, list, new Set(), new Set());
    assert.deepEqual(on(), [false, false, false]);
  });
});
