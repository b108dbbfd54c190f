import assert from 'node:assert/strict';
import { TraceSession } from '../../src/control/trace-session.js';
import type { WorkerTraces } from '../../src/graph/tracer.js';

describe('trace session', () => {
  const did: string[] = [];
  const worker = (name: string, traces: WorkerTraces[] = []) => ({
    traceStart: async () => void did.push(`${name} starts`),
    traceStop: async () => void did.push(`${name} stops`),
    traceRead: async () => traces,
  });
  beforeEach(() => did.splice(0));

  const step = (node: string, at_us: number) => ({
    node,
    next: 'x',
    at_us,
    bytes_hex: '',
    length: 0,
    summary: '',
  });

  it('ends on every worker when nobody has read it for ten seconds, once', async () => {
    const session = new TraceSession([worker('a'), worker('b')]);
    await session.tick(0);
    await session.start({ count: 1 }, -1, 1_000);
    await session.read(5_000);
    await session.tick(14_999);
    assert.deepEqual(did, ['a starts', 'b starts']);
    await session.tick(15_000);
    await session.tick(30_000);
    assert.deepEqual(did.slice(2), ['a stops', 'b stops']);
    await session.read(31_000);
    await session.tick(60_000);
    assert.equal(did.length, 4, 'to read what is left starts nothing');
    await session.start({ count: 1 }, -1, 61_000);
    await session.tick(71_000);
    assert.equal(did.length, 8);
  });

  it('puts the steps of a packet together that several workers saw, by time from the first', async () => {
    const id = (1 << 16) | 7;
    const session = new TraceSession([
      worker('a', [{ id, steps: [step('esp-decrypt', 30)] }]),
      worker('b', [{ id, steps: [step('ethernet-input', 10), step('hand-off', 20)] }]),
    ]);
    const packets = await session.read(0);
    assert.deepEqual(
      packets.map((packet) => [
        packet.worker,
        packet.id,
        packet.steps.map(({ node, at_us }) => [node, at_us]),
      ]),
      [
        [
          1,
          7,
          [
            ['ethernet-input', 0],
            ['hand-off', 10],
            ['esp-decrypt', 20],
          ],
        ],
      ],
    );
  });
});
