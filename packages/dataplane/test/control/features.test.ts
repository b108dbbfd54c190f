import assert from 'node:assert/strict';
import { Features } from '../../src/control/features.js';
import {
  ADJ_FEATURES_IP4,
  ADJ_FEATURES_IP6,
  ADJ_GLEAN,
  ADJ_SHIFT,
  AdjacencyTable,
} from '../../src/tables/adjacencies.js';
import { InterfaceTable } from '../../src/tables/interfaces.js';

describe('features of interfaces', () => {
  const make = (): { features: Features; table: InterfaceTable; adjacencies: AdjacencyTable } => {
    const table = new InterfaceTable(InterfaceTable.allocate());
    const adjacencies = new AdjacencyTable(AdjacencyTable.allocate());
    return { features: new Features(table, adjacencies), table, adjacencies };
  };

  it('are bits of the masks that workers read, each switched without the others', () => {
    const { features, table } = make();
    features.switch(3, 'ip4-unicast', 4, true);
    features.switch(3, 'ip4-unicast', 20, true);
    features.switch(3, 'ip6-unicast', 4, true);
    features.switch(5, 'ip4-unicast', 0, true);
    assert.deepEqual([table.features4[3], table.features6[3], table.features4[5]], [0x100010, 0x10, 1]);
    features.switch(3, 'ip4-unicast', 4, false);
    assert.equal(table.features4[3], 0x100000);
    assert.deepEqual(
      [
        features.isOn(3, 'ip4-unicast', 20),
        features.isOn(3, 'ip4-unicast', 4),
        features.isOn(9, 'ip4-output', 0),
      ],
      [true, false, false],
    );
    assert.throws(() => features.switch(3, 'ip4-unicast', 31, true), /from 0 to 30/);
  });

  it('reach the adjacencies of the interface, those that come later too, and leave with it', () => {
    const { features, adjacencies } = make();
    const row = { kind: ADJ_GLEAN, mtu: 1500 };
    const before = adjacencies.add({ ...row, interface: 3 });
    const other = adjacencies.add({ ...row, interface: 4 });
    features.switch(3, 'ip4-output', 16, true);
    features.switch(3, 'ip6-output', 2, true);
    const after = adjacencies.add({ ...row, interface: 3 });
    const words = (index: number): number[] =>
      [ADJ_FEATURES_IP4, ADJ_FEATURES_IP6].map((word) => adjacencies.words[(index << ADJ_SHIFT) + word]!);
    assert.deepEqual([before, after, other].map(words), [
      [1 << 16, 4],
      [1 << 16, 4],
      [0, 0],
    ]);
    features.forget(3);
    assert.deepEqual(words(before), [0, 0]);
    assert.deepEqual(words(adjacencies.add({ ...row, interface: 3 })), [0, 0]);
  });
});
