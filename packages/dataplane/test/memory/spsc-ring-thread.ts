// Either end of the ring in spsc-ring.test.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { SpscRing } from '../../src/memory/spsc-ring.js';
import { waitWhile } from './threads.js';

export interface RingThreadData {
  role: 'producer' | 'consumer';
  ring: SharedArrayBuffer;
  words: number;
  /** The producer waits so often until the consumer has slept since. */
  naps: number;
  /** Int32: wake-ups, sleeps, consumer's progress. */
  signals: SharedArrayBuffer;
}

export interface RingThreadReport {
  sum: number;
  sleeps: number;
  wakes: number;
  /** First word that was not the one expected; -1 when all were. */
  wrongAt: number;
  lostWakeUp: boolean;
}

const WAKES = 0;
const SLEEPS = 1;
const PROGRESS = 2;

const data = workerData as RingThreadData;
const ring = new SpscRing(data.ring);
const signals = new Int32Array(data.signals);
const vector = new Int32Array(256);

function produce(): RingThreadReport {
  let sent = 0;
  let wakes = 0;
  let sum = 0;
  const wakeConsumer = (): void => {
    if (!ring.needsWake()) return;
    wakes++;
    Atomics.add(signals, WAKES, 1);
    Atomics.notify(signals, WAKES);
  };
  for (let nap = 0; nap < data.naps; nap++) {
    const sleeps = Atomics.load(signals, SLEEPS);
    const end = Math.floor((data.words * (nap + 1)) / data.naps);
    while (sent < end) {
      const count = Math.min(1 + ((sent * 31) % 256), end - sent);
      for (let i = 0; i < count; i++) vector[i] = sent + i;
      const progress = Atomics.load(signals, PROGRESS);
      const added = count === 1 ? Number(ring.push(vector[0]!)) : ring.pushMany(vector, 0, count);
      for (let i = 0; i < added; i++) sum += vector[i]!;
      sent += added;
      wakeConsumer();
      // Full: until the consumer has taken something.
      if (added === 0) waitWhile(signals, PROGRESS, progress, 'room in the ring');
    }
    if (nap + 1 < data.naps) waitWhile(signals, SLEEPS, sleeps, 'the consumer to fall asleep');
  }
  return { sum, sleeps: 0, wakes, wrongAt: -1, lostWakeUp: false };
}

function consume(): RingThreadReport {
  const report = { sum: 0, sleeps: 0, wakes: 0, wrongAt: -1, lostWakeUp: false };
  let got = 0;
  while (got < data.words) {
    const count = ring.popMany(vector, 0, vector.length);
    for (let i = 0; i < count; i++) {
      if (vector[i] !== got + i && report.wrongAt < 0) report.wrongAt = got + i;
      report.sum += vector[i]!;
    }
    got += count;
    if (count > 0) {
      Atomics.add(signals, PROGRESS, 1);
      Atomics.notify(signals, PROGRESS);
      continue;
    }
    // Read before the announcement, so that a wake-up in between changes it and ends the wait at once.
    const wakes = Atomics.load(signals, WAKES);
    if (!ring.prepareSleep()) continue;
    report.sleeps++;
    Atomics.add(signals, SLEEPS, 1);
    Atomics.notify(signals, SLEEPS);
    if (Atomics.wait(signals, WAKES, wakes, 10_000) === 'timed-out') {
      report.lostWakeUp = true;
      return report;
    }
    ring.awake();
  }
  return report;
}

parentPort!.postMessage(data.role === 'producer' ? produce() : consume());
