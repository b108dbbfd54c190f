import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { GraphCounters, USER_SLOTS } from '../../src/graph/counters.js';
import { Dispatcher } from '../../src/graph/dispatcher.js';
import { GRAPH } from '../../src/graph/graph.js';
import { defineNode, NEXT_MAX, type NodeDefinition } from '../../src/graph/node.js';
import { Tracer } from '../../src/graph/tracer.js';
import { allocatePool, PacketPool } from '../../src/memory/packet-pool.js';

const node = (more: Partial<NodeDefinition>): NodeDefinition =>
  defineNode({ name: 'test-node', next: [], counters: [], run: () => undefined, ...more });

describe('graph definitions', () => {
  it('have names for the command line: nodes in kebab-case, counters in snake_case, each once, each explained', () => {
    assert.equal(new Set(GRAPH.map(({ name }) => name)).size, GRAPH.length);
    for (const { name, counters } of GRAPH) {
      assert.match(name, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
      for (const counter of counters) {
        assert.match(counter.name, /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
        assert.ok(counter.help.length > 10, `${name}/${counter.name} needs a sentence`);
      }
    }
  });

  it('lead only to nodes that exist, and every node but the one that only starts is led to, or stands on an arc', () => {
    const names = new Set(GRAPH.map(({ name }) => name));
    const features = new Set(GRAPH.filter(({ feature }) => feature !== undefined).map(({ name }) => name));
    const reached = new Set(GRAPH.flatMap(({ next }) => [...next]));
    for (const target of reached) assert.ok(names.has(target), target);
    assert.deepEqual(
      [...names].filter((name) => !reached.has(name) && !features.has(name)),
      ['host-inject'],
    );
  });

  it('are in the README as they are: each node with its counters, drops plain and others bold', () => {
    const readme = readFileSync(new URL('../../../src/graph/README.md', import.meta.url), 'utf8');
    const rows = readme.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
    for (const { name, counters } of GRAPH) {
      const listed = counters.map((counter) =>
        counter.drop ? `\`${counter.name}\`` : `**\`${counter.name}\`**`,
      );
      const row = rows.find((cells) => cells[1] === `\`${name}\``);
      assert.equal(row?.[3], listed.join(' '), name);
    }
  });

  it('refuse a counter that is declared twice', () => {
    const counters = [
      { name: 'same', severity: 'info', help: 'one' },
      { name: 'same', severity: 'info', help: 'two' },
    ] as const;
    assert.throws(() => node({ counters }), /test-node declares a counter twice/);
  });

  it('refuse more next nodes than an octet can tell from the verdicts', () => {
    node({ next: new Array<string>(NEXT_MAX).fill('x') });
    assert.throws(
      () => node({ next: new Array<string>(NEXT_MAX + 1).fill('x') }),
      /more than 189 next nodes/,
    );
  });

  it('refuse a graph that leads to a node it does not have', () => {
    const graph = [node({ next: ['nowhere'] })];
    const pool = new PacketPool(allocatePool(8), 8);
    const counters = new GraphCounters(graph, GraphCounters.allocate(graph));
    assert.throws(() => new Dispatcher(graph, pool, counters, new Tracer(pool, 0)), /no node "nowhere"/);
  });

  it('have counters that lie in the buffer one after the other, on lines of their own', () => {
    const buffer = GraphCounters.allocate(GRAPH);
    const counters = new GraphCounters(GRAPH, buffer);
    const parts = [
      counters.interfaces,
      counters.runtime,
      counters.worker,
      counters.overflow,
      ...GRAPH.map((_, index) => counters.ofNode(index)),
      ...Array.from({ length: USER_SLOTS }, (_, slot) => counters.ofNode(GRAPH.length + slot)),
    ];
    let end = 0;
    for (const part of parts) {
      assert.equal(part.byteOffset % 64, 0);
      assert.ok(part.byteOffset >= end);
      end = part.byteOffset + part.byteLength;
    }
    assert.ok(end <= buffer.byteLength);
    GRAPH.forEach((definition, index) => {
      assert.ok(counters.ofNode(index).length >= definition.counters.length);
    });
    assert.throws(() => counters.ofNode(GRAPH.length + USER_SLOTS), /there is no node/);
  });
});
