// Optional nodes that are measured have really run.
import assert from 'node:assert/strict';
import { FEATURES, forwardFeatures } from '../src/cases/features.js';
import { PACKETS } from '../src/memory/packet-loop.js';
import { withFolder } from '../src/run/with-folder.js';

const NODES = {
  'mss-clamp': 'ip4-mss-clamp',
  'virtual-reassembly': 'ip4-virtual-reassembly',
  'flow-meter': 'ip4-flow-meter',
  'user-node': 'block-telnet',
} as const;

describe('optional nodes', () => {
  for (const feature of [null, ...FEATURES]) {
    it(`${feature ?? 'none'}: packets that need what is on pass it, and nothing else`, () =>
      withFolder(async (folder) => {
        const loop = await forwardFeatures(
          feature === null ? { features: [], folder } : { features: [feature], folder, needing: feature },
        );
        try {
          loop.fill();
          assert.equal(loop.run(), PACKETS);
          for (const [name, node] of Object.entries(NODES)) {
            assert.equal(loop.gateway.packetsOf(node), name === feature ? PACKETS : 0, node);
          }
        } finally {
          loop.close();
        }
      }));
  }

  for (const feature of FEATURES) {
    const passes = feature === 'user-node' || feature === 'flow-meter' ? PACKETS : 0;
    it(`${feature}: meets ${passes} whole segments of connections that are open`, () =>
      withFolder(async (folder) => {
        const loop = await forwardFeatures({ features: [feature], folder });
        try {
          loop.fill();
          assert.equal(loop.run(), PACKETS);
          assert.equal(loop.gateway.packetsOf(NODES[feature]), passes);
        } finally {
          loop.close();
        }
      }));
  }
});
