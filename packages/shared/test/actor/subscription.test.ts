import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Subscription } from '../../src/actor/subscription.js';
import { createLogger, until } from '../../src/index.js';
import { testContract } from '../support/contract.js';

/** A server's topic in this process: what it published, and what its subscriber may be sent of it. */
class Model {
  instance = 'instance-0';
  last = 0;
  sum = 0;
  sequence = 0;
  restarts = 0;

  publish(): { instance: string; sequence: number; body: { n: number } } {
    this.last++;
    this.sum += this.last;
    this.sequence++;
    return { instance: this.instance, sequence: this.sequence, body: { n: this.last } };
  }

  restart(): void {
    this.restarts++;
    this.instance = `instance-${this.restarts}`;
    this.last = this.restarts * 1000;
    this.sum = 0;
    this.sequence = 0;
  }
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.constant('event' as const) },
  { weight: 2, arbitrary: fc.constant('lost' as const) },
  { weight: 1, arbitrary: fc.constant('twice' as const) },
  { weight: 1, arbitrary: fc.constant('stale' as const) },
  { weight: 1, arbitrary: fc.constant('restart' as const) },
  { weight: 2, arbitrary: fc.constant('wait' as const) },
);

describe('a subscription', () => {
  it('gives every event once and in order after a snapshot, whatever is lost, doubled or restarted', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const model = new Model();
        const state = { last: -1, sum: -1, instance: '' };
        let pending: (() => void)[] = [];
        const subscription = new Subscription<typeof testContract, 'numbers'>({
          topic: 'numbers',
          spec: testContract.topics.numbers,
          feed: { add: () => undefined, remove: () => undefined },
          log: createLogger({ name: 'test', level: 'silent' }),
          takeSnapshot: () =>
            new Promise((resolve) => {
              // Taken when asked for, given when the model says: so events come in between.
              const { instance, sequence, last, sum } = model;
              pending.push(() => resolve({ instance, sequence, state: { last, sum } }));
            }),
          handlers: {
            onSnapshot: (snapshot, { instance }) => Object.assign(state, snapshot, { instance }),
            onEvent: ({ n }) => {
              assert.equal(n, state.last + 1);
              state.last = n;
              state.sum += n;
            },
          },
        });
        const answerSnapshots = async (): Promise<void> => {
          for (const give of pending.splice(0)) give();
          await new Promise((resolve) => setImmediate(resolve));
        };
        let earlier = model.publish();
        for (const what of steps) {
          if (what === 'restart') model.restart();
          else if (what === 'wait') await answerSnapshots();
          else if (what === 'stale') subscription.event(earlier.instance, earlier.sequence, earlier.body);
          else {
            const event = model.publish();
            if (what !== 'lost') subscription.event(event.instance, event.sequence, event.body);
            if (what === 'twice') subscription.event(event.instance, event.sequence, event.body);
            if (what === 'event') earlier = event;
          }
        }
        await until(
          'the state of the model',
          async () => {
            subscription.reached(model.instance, model.sequence);
            await answerSnapshots();
            return state.instance === model.instance && state.last === model.last;
          },
          { intervalMs: 5 },
        );
        subscription.close();
        pending = [];
        assert.deepEqual(state, { last: model.last, sum: model.sum, instance: model.instance });
      }),
      { numRuns: 60 },
    );
  });
});
