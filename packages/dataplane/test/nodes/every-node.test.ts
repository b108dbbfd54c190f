import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { GRAPH } from '../../src/graph/graph.js';

// Each of these files ends with a test that every counter of its node has moved: see describeNode.
it('every node of the graph has a test file of its name', () => {
  const files = new Set(readdirSync(new URL('.', import.meta.url)));
  assert.deepEqual(
    GRAPH.map((node) => `${node.name}.test.js`).filter((file) => !files.has(file)),
    [],
  );
});
