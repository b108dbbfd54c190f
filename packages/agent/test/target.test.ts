import assert from 'node:assert/strict';
import { createLogger } from '@sluice/shared';
import { type PartStatus, Target, type TargetClient } from '../src/target.js';

interface Part {
  revision: number;
}

/** A process whose answers to apply are given by hand. */
class HandledProcess implements TargetClient<Part> {
  readonly name = 'handled';
  readonly answers: ((status: PartStatus) => void)[] = [];
  say!: (status: PartStatus) => void;

  apply(): Promise<PartStatus> {
    return new Promise((resolve) => this.answers.push(resolve));
  }

  follow(handlers: { onStatus(status: PartStatus): void }): void {
    this.say = (status) => handlers.onStatus(status);
  }

  async close(): Promise<void> {}
}

function status(revision: number | null, converged: boolean): PartStatus {
  return { instance: 'one', revision, converged, problems: [] };
}

/** Lets what waits for an answer go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('target', () => {
  let process: HandledProcess;
  let target: Target<Part>;

  beforeEach(() => {
    process = new HandledProcess();
    const log = createLogger({ name: 'test', level: 'silent' });
    target = new Target(process, { log, times: { firstMs: 1, maxMs: 1 }, onChange: () => undefined });
  });
  afterEach(() => target.close());

  it('believes an answer when nothing was said meanwhile', async () => {
    process.say(status(null, false));
    target.want({ revision: 1 });
    process.answers[0]!(status(1, true));
    await settle();
    assert.ok(target.convergence.converged);
    assert.equal(process.answers.length, 1);
  });

  it('keeps what was said while the answer was on its way', async () => {
    process.say(status(null, false));
    target.want({ revision: 1 });
    process.say(status(1, false));
    process.say(status(1, true));
    process.answers[0]!(status(1, false));
    await settle();
    assert.ok(target.convergence.converged);
    assert.equal(process.answers.length, 1);
  });

  it('asks again when what was said meanwhile is older than the answer', async () => {
    process.say(status(null, false));
    target.want({ revision: 1 });
    process.say(status(null, false));
    process.answers[0]!(status(1, true));
    await settle();
    assert.ok(!target.convergence.converged);
    process.answers[1]!(status(1, true));
    await settle();
    assert.ok(target.convergence.converged);
  });
});
