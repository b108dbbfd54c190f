import assert from 'node:assert/strict';
import type { TunnelSection } from '@sluice/shared';
import { Tunnels } from '../../src/control/tunnels.js';
import { allocateEpoch, EpochControl } from '../../src/memory/epoch.js';
import { HashU32, HashU32Writer } from '../../src/tables/hash-u32.js';
import { allocateTunnels, TUNNEL_KIND, TUNNEL_SHIFT } from '../../src/tables/tunnels.js';

const GRE: TunnelSection = {
  name: 'gre1',
  kind: 'gre',
  local: '192.0.2.1',
  remote: '198.51.100.1',
  vrf: 'default',
  outer_vrf: 'default',
  enabled: true,
  addresses: [],
};

describe('GRE and IPIP tunnels in their table', () => {
  let table: Int32Array;
  let tunnels: Tunnels;
  let index: HashU32Writer;
  beforeEach(() => {
    const buffer = allocateTunnels();
    table = new Int32Array(buffer);
    index = new HashU32Writer(HashU32.allocate(64), new EpochControl(allocateEpoch(1)));
    tunnels = new Tunnels(buffer, index);
  });
  const kind = (row: number): number => table[(row << TUNNEL_SHIFT) + TUNNEL_KIND]!;

  it('are told apart by ends, key, kind and outer VRF', () => {
    tunnels.set(1, GRE, 0);
    tunnels.set(2, { ...GRE, key: 0 }, 0);
    tunnels.set(3, { ...GRE, key: 1 }, 0);
    tunnels.set(4, GRE, 7);
    tunnels.set(5, { ...GRE, kind: 'ipip' }, 0);
    tunnels.set(6, { ...GRE, local: '2001:db8::1', remote: '2001:db8::2' }, 0);
    assert.equal(index.size, 6);
    assert.throws(
      () => tunnels.set(7, { ...GRE, name: 'gre7' }, 0),
      /gre7 cannot be told from another tunnel/,
    );
    assert.deepEqual([kind(7), index.size], [0, 6]);
  });

  it('change, go, and leave their place to others', () => {
    tunnels.set(1, GRE, 0);
    tunnels.set(1, GRE, 0);
    assert.equal(index.size, 1);
    tunnels.set(1, { ...GRE, remote: '198.51.100.2' }, 0);
    tunnels.set(2, GRE, 0);
    assert.deepEqual([kind(1), kind(2), index.size], [1, 1, 2]);
    tunnels.remove(2);
    tunnels.remove(2);
    assert.deepEqual([kind(2), index.size], [0, 1]);
    tunnels.set(3, GRE, 0);
    assert.equal(index.size, 2);
  });

  it('of plain IPsec have no row of their own', () => {
    const { local, remote, ...section } = GRE;
    assert.ok(local !== undefined && remote !== undefined);
    tunnels.set(1, { ...section, kind: 'ipsec' }, 0);
    assert.deepEqual([kind(1), index.size], [0, 0]);
  });
});
