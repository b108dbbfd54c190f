// When rounds of upkeep run; by a clock of its own.
import assert from 'node:assert/strict';
import { type RoundOutcome, Rounds } from '../src/rounds.js';

const CALM: RoundOutcome = { soon: false, crowded: false };

describe('rounds of upkeep', () => {
  let nowMs: number;
  let timer: { dueMs: number; call: () => void } | null;
  /** When each round began. */
  let begun: number[];
  let finish: ((outcome: RoundOutcome) => void) | null;
  let rounds: Rounds;

  beforeEach(() => {
    nowMs = 0;
    timer = null;
    begun = [];
    finish = null;
    const run = (): Promise<RoundOutcome> => {
      begun.push(nowMs);
      return new Promise((resolve) => {
        finish = resolve;
      });
    };
    rounds = new Rounds(run, {
      now: () => nowMs,
      after: (ms, call) => {
        assert.equal(timer, null, 'one timer at a time');
        const mine = { dueMs: nowMs + ms, call };
        timer = mine;
        return () => {
          if (timer === mine) timer = null;
        };
      },
    });
  });

  /** Lets time pass, and the timer go off when it is due. */
  function pass(ms: number): void {
    const untilMs = nowMs + ms;
    while (timer !== null && timer.dueMs <= untilMs) {
      nowMs = timer.dueMs;
      const { call } = timer;
      timer = null;
      call();
    }
    nowMs = untilMs;
  }

  /** Ends the round that runs, after so long. */
  async function end(outcome: RoundOutcome, afterMs = 0): Promise<void> {
    pass(afterMs);
    assert.ok(finish !== null, 'no round runs');
    finish(outcome);
    finish = null;
    // What waits for the promise runs before this goes on.
    await Promise.resolve();
    await Promise.resolve();
  }

  it('run at once when something has happened, and every ten seconds when nothing has', async () => {
    rounds.kick();
    await end(CALM, 5);
    assert.equal(timer?.dueMs, 10_005);
    pass(4000);
    rounds.hint();
    await end(CALM);
    pass(10_000);
    assert.deepEqual(begun, [0, 4005, 14_005]);
  });

  it('run one at a time: what comes meanwhile has one more run, however often it comes', async () => {
    rounds.kick();
    for (let i = 0; i < 5; i++) {
      rounds.kick();
      rounds.hint();
    }
    pass(60_000);
    assert.deepEqual(begun, [0]);
    await end(CALM);
    assert.deepEqual(begun, [0, 60_000]);
    await end(CALM);
    assert.deepEqual(begun, [0, 60_000]);
  });

  it('come after a second while something is waited for', async () => {
    rounds.kick();
    await end({ soon: true, crowded: false }, 10);
    pass(999);
    assert.deepEqual(begun, [0]);
    pass(1);
    assert.deepEqual(begun, [0, 1010]);
  });

  it('that are long take a tenth of the time, and come every ten seconds all the same', async () => {
    rounds.kick();
    await end({ soon: true, crowded: true }, 300);
    assert.equal(timer?.dueMs, 300 + 3000);
    pass(3000);
    await end({ soon: true, crowded: true }, 5000);
    assert.equal(timer?.dueMs, 8300 + 10_000);
  });

  it('of a crowd are not hastened by hints, and by kicks they are', async () => {
    rounds.kick();
    await end({ soon: false, crowded: true }, 200);
    rounds.hint();
    rounds.hint();
    assert.deepEqual(begun, [0]);
    assert.equal(timer?.dueMs, 200 + 2000);
    pass(500);
    rounds.kick();
    assert.deepEqual(begun, [0, 700]);
    // A hint while one runs waits for the rest after it, too.
    rounds.hint();
    await end({ soon: false, crowded: true }, 100);
    assert.deepEqual(begun, [0, 700]);
    assert.equal(timer?.dueMs, 800 + 1000);
  });

  it('that are hinted at in no crowd follow the one that runs at once', async () => {
    rounds.kick();
    rounds.hint();
    await end(CALM, 400);
    assert.deepEqual(begun, [0, 400]);
  });

  it('end with close, also the one that runs', async () => {
    rounds.kick();
    rounds.close();
    await end(CALM);
    assert.equal(timer, null);
    rounds.kick();
    rounds.hint();
    pass(60_000);
    assert.deepEqual(begun, [0]);
  });
});
