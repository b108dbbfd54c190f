import assert from 'node:assert/strict';
import type { TracedPacket } from '@sluice/shared';
import { TraceSession, type TracingWorker } from '../../src/control/trace-session.js';
import type { WorkerTraces } from '../../src/graph/tracer.js';
import type { Forwarder } from '../../src/workers/forwarder.js';
import type { Bench } from '../support/bench.js';
import { ip4, pattern } from '../support/packets.js';
import { HOST, REMOTE_HOST, siteWithTunnel, tunnelTo } from '../support/site.js';

describe('trace session', () => {
  const did: string[] = [];
  const worker = (name: string, traces: WorkerTraces[] = []): TracingWorker => ({
    tracePrepare: async () => void did.push(`${name} follows`),
    traceChoosing: async (count) => void did.push(`${name} chooses ${count}`),
    traceStop: async () => void did.push(`${name} stops`),
    traceProgress: async () => traces.map(({ id, taken }) => ({ id, taken, kept: true })),
    traceRead: async (ids) => traces.filter(({ id }) => ids.includes(id)),
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

  it('has every worker follow packets before one chooses any', async () => {
    await new TraceSession([worker('a'), worker('b')]).start({ count: 3 }, -1, 0);
    assert.deepEqual(did, ['a follows', 'b follows', 'a chooses 3', 'b chooses 3']);
  });

  it('ends on every worker when nobody has read it for ten seconds, once', async () => {
    const session = new TraceSession([worker('a'), worker('b')]);
    await session.tick(0);
    await session.start({ count: 1 }, -1, 1_000);
    await session.read(5_000);
    did.splice(0);
    await session.tick(14_999);
    assert.deepEqual(did, []);
    await session.tick(15_000);
    await session.tick(30_000);
    assert.deepEqual(did, ['a stops', 'b stops']);
    await session.read(31_000);
    await session.tick(60_000);
    assert.equal(did.length, 2, 'to read what is left starts nothing');
    await session.start({ count: 1 }, -1, 61_000);
    await session.tick(71_000);
    assert.deepEqual(did.slice(-2), ['a stops', 'b stops']);
    assert.equal(did.length, 8);
  });

  it('puts the steps of a packet together that several workers saw, by time from the first', async () => {
    const id = (1 << 16) | 7;
    const session = new TraceSession([
      worker('a', [{ id, handed: 0, taken: 1, steps: [step('esp-decrypt', 30)] }]),
      worker('b', [{ id, handed: 1, taken: 0, steps: [step('ethernet-input', 10), step('hand-off', 20)] }]),
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

  describe('of a packet that two workers have', () => {
    let bench: Bench;
    /** What happens at a worker before it answers a question, once. */
    let before: Partial<Record<'progress' | 'read', () => void>>[];
    let session: TraceSession;
    const round = (index: number): unknown => bench.forwarders[index]!.round();

    beforeEach(async () => {
      bench = siteWithTunnel({}, { workers: 2, tunnels: [tunnelTo({}, { workerOut: 1 })] });
      before = [{}, {}];
      session = new TraceSession(bench.forwarders.map(between));
      await session.start({ count: 1 }, -1, 0);
      bench.pushIp('lan', ip4({ src: HOST, dst: REMOTE_HOST, payload: pattern(30) }));
    });
    afterEach(() => bench.close());

    /** A worker that answers between its rounds. */
    function between({ tracer }: Forwarder, index: number): TracingWorker {
      const first = (question: 'progress' | 'read'): void => {
        before[index]![question]?.();
        delete before[index]![question];
      };
      return {
        tracePrepare: async (filter, row) => tracer.prepare(filter, row),
        traceChoosing: async (count) => tracer.choosing(count),
        traceStop: async () => {
          tracer.active = false;
        },
        traceProgress: async () => {
          first('progress');
          return tracer.progress();
        },
        traceRead: async (ids) => {
          first('read');
          return structuredClone(tracer.read(ids));
        },
      };
    }
    const seen = (packets: TracedPacket[]): [boolean, string | undefined][] =>
      packets.map(({ under_way, steps }) => [under_way, steps.at(-1)?.next]);
    const END: [boolean, string][] = [[false, 'sent']];

    it('is of one under way while it is in a ring between them', async () => {
      assert.deepEqual(await session.read(0), []);
      round(0);
      assert.deepEqual(seen(await session.read(0)), [[true, 'worker 1']]);
      round(1);
      assert.deepEqual(seen(await session.read(0)), [[true, 'worker 0']]);
      round(0);
      const [packet] = await session.read(0);
      assert.deepEqual(seen([packet!]), END);
      assert.deepEqual(
        packet!.steps.filter(({ node }) => node === 'hand-off').map(({ next }) => next),
        ['worker 1', 'worker 0'],
      );
      assert.equal(bench.sent('wan').length, 1);
    });

    it('is of one under way when it changes worker while they are asked', async () => {
      // The first worker has answered before the packet was there, and the second one after.
      before[1]!.progress = () => {
        round(0);
        round(1);
      };
      // Then the first one sends it behind its second answer.
      before[1]!.read = () => void round(0);
      const first = await session.read(0);
      assert.deepEqual(seen(first), [[true, 'worker 0']], 'the steps so far, without the last');
      assert.deepEqual(seen(await session.read(0)), END);
      bench.sent('wan');
    });

    it('is of one under way while it waits for a neighbour', async () => {
      const unknown = '10.1.0.77';
      await session.start({ count: 1, prefix: `${unknown}/32` }, -1, 0);
      bench.pushIp('wan', ip4({ src: REMOTE_HOST, dst: unknown, payload: pattern(30) }));
      round(0);
      const packets = await session.read(0);
      assert.deepEqual(seen(packets), [[true, 'ip4-arp']]);
    });
  });
});
