import assert from 'node:assert/strict';
import { continueArc, FEATURE_BITS, startArc } from '../../src/graph/arcs.js';
import { GraphCounters } from '../../src/graph/counters.js';
import { Dispatcher } from '../../src/graph/dispatcher.js';
import { defineNode, NEXT_CONSUMED, type NodeDefinition } from '../../src/graph/node.js';
import { Tracer } from '../../src/graph/tracer.js';
import { allocatePool, PacketPool } from '../../src/memory/packet-pool.js';

/** The bits of a mask in the order in which the arc visits them. */
function visited(mask: number): number[] {
  const bits: number[] = [];
  for (let at = startArc(0, mask); at !== 0; at = continueArc(0, mask, at - 1)) bits.push(at - 1);
  return bits;
}

describe('feature arcs', () => {
  it('visit the features that are on, in the order of their bits', () => {
    assert.deepEqual(visited(0), []);
    assert.deepEqual(visited(1 << (FEATURE_BITS - 1)), [FEATURE_BITS - 1]);
    assert.deepEqual(visited(0b1011), [0, 1, 3]);
    assert.deepEqual(
      visited(0x7fffffff),
      Array.from({ length: FEATURE_BITS }, (_, bit) => bit),
    );
  });

  it('lead a packet through the features of its interface to the end', () => {
    const log: string[] = [];
    let mask = 0;
    const plain = { next: [], counters: [] };
    const feature = (name: string, bit: number): NodeDefinition =>
      defineNode({
        ...plain,
        name,
        feature: { arc: 'ip4-unicast', bit },
        run(_context, frame, next) {
          log.push(name);
          for (let i = 0; i < frame.length; i++) next[i] = continueArc(0, mask, bit);
        },
      });
    const graph = [
      defineNode({
        ...plain,
        name: 'start',
        arcs: ['ip4-unicast'],
        run: (_context, frame, next) => void next.fill(startArc(0, mask), 0, frame.length),
      }),
      feature('second', 9),
      feature('first', 2),
      defineNode({
        ...plain,
        name: 'ip4-lookup',
        run(_context, frame, next) {
          log.push('end');
          next.fill(NEXT_CONSUMED, 0, frame.length);
        },
      }),
    ];
    const pool = new PacketPool(allocatePool(8), 8);
    const counters = new GraphCounters(graph, GraphCounters.allocate(graph));
    const dispatcher = new Dispatcher(graph, pool, counters, new Tracer(pool, 0));
    const pass = (on: number): string[] => {
      mask = on;
      log.length = 0;
      dispatcher.push(0, 0);
      // The nodes here use no context.
      dispatcher.run({} as Parameters<Dispatcher['run']>[0]);
      return [...log];
    };
    assert.deepEqual(pass(0), ['end']);
    assert.deepEqual(pass(1 << 9), ['second', 'end']);
    assert.deepEqual(pass((1 << 9) | (1 << 2)), ['first', 'second', 'end']);
    assert.deepEqual(pass(1 << 30), ['end'], 'a bit without a node leads to the end');
    const twice = [...graph, feature('third', 2)];
    const more = new GraphCounters(twice, GraphCounters.allocate(twice));
    assert.throws(() => new Dispatcher(twice, pool, more, new Tracer(pool, 0)), /one bit/);
  });

  it('refuse a definition that cannot be', () => {
    const bad = (more: Partial<NodeDefinition>): NodeDefinition =>
      defineNode({ name: 'bad', next: [], counters: [], run: () => undefined, ...more });
    assert.throws(() => bad({ feature: { arc: 'ip4-unicast', bit: 31 } }), /bit is from 0 to 30/);
    assert.throws(() => bad({ feature: { arc: 'nowhere' as 'ip4-unicast', bit: 1 } }), /no arc/);
    assert.throws(() => bad({ arcs: ['ip4-output'], feature: { arc: 'ip4-unicast', bit: 1 } }), /choose/);
  });
});
