// Which counters moved: each test says it exactly, and each node's suite shows that all of its counters can move.
import assert from 'node:assert/strict';
import { GraphCounters } from '../../src/graph/counters.js';
import { GRAPH } from '../../src/graph/graph.js';

/** Counters that moved: `ip4-input/truncated` → by how much. */
export type Moved = Record<string, number>;

/** What the tests of the node that is being described have moved; null outside its suite. */
let movedByNode: Set<string> | null = null;

/** Counters of all workers of a bench, compared with what they were. */
export class CounterWatch {
  private readonly all: GraphCounters[];
  private before: Map<string, number>;

  constructor(buffers: SharedArrayBuffer[]) {
    this.all = buffers.map((buffer) => new GraphCounters(GRAPH, buffer));
    this.before = this.read();
  }

  /** What moved since the last call. */
  moved(): Moved {
    const now = this.read();
    const moved: Moved = {};
    for (const [path, value] of now) {
      const by = value - this.before.get(path)!;
      if (by === 0) continue;
      moved[path] = by;
      movedByNode?.add(path);
    }
    this.before = now;
    return moved;
  }

  private read(): Map<string, number> {
    const values = new Map<string, number>();
    const sum = (of: (counters: GraphCounters) => number): number =>
      this.all.reduce((total, counters) => total + of(counters), 0);
    for (const [index, node] of GRAPH.entries()) {
      for (const [at, { name }] of node.counters.entries()) {
        values.set(
          `${node.name}/${name}`,
          sum((counters) => counters.ofNode(index)[at]!),
        );
      }
    }
    values.set(
      'overflow',
      sum((counters) => counters.overflow[0]!),
    );
    return values;
  }
}

/** True for a counter under which packets end. */
export function isDrop(path: string): boolean {
  if (path === 'overflow') return true;
  const [nodeName, name] = path.split('/');
  const node = GRAPH.find((candidate) => candidate.name === nodeName);
  return node?.counters.find((counter) => counter.name === name)?.drop === true;
}

/**
 * The suite of a node: its last test fails while a counter that the node declares was moved by none of the suite's
 * tests. A large suite lies in several files, nodes/<name>/*.ts, each of which exports a function that `body` calls.
 */
export function describeNode(name: string, body: () => void): void {
  const node = GRAPH.find((candidate) => candidate.name === name);
  if (node === undefined) throw new Error(`the graph has no node "${name}"`);
  describe(name, () => {
    const moved = new Set<string>();
    before(() => {
      movedByNode = moved;
    });
    after(() => {
      movedByNode = null;
    });
    body();
    // In a suite of its own, because Mocha runs those after a suite's own tests.
    describe('counters', () => {
      it('have all been moved by the tests above', () => {
        const paths = node.counters.map((counter) => `${name}/${counter.name}`);
        assert.deepEqual(
          paths.filter((path) => !moved.has(path)),
          [],
        );
      });
    });
  });
}
