// A worker of epoch.test.ts: follows the shared pointer, and looks whether what it finds stays alive.
import { parentPort, workerData } from 'node:worker_threads';
import { EpochReader } from '../../src/memory/epoch.js';

export interface EpochThreadData {
  epoch: SharedArrayBuffer;
  worker: number;
  /** Int32: stop flag, pointer to the current cell, turns of worker 0, of worker 1… */
  control: SharedArrayBuffer;
  /** Int32 cells: DEAD when reclaimed. */
  cells: SharedArrayBuffer;
}

export interface EpochThreadReport {
  turns: number;
  /** Cells that were dead, or died while they were looked at. */
  violations: number;
}

export const STOP = 0;
export const POINTER = 1;
export const TURNS = 2;
export const DEAD = -1;

if (parentPort !== null) {
  const data = workerData as EpochThreadData;
  const control = new Int32Array(data.control);
  const cells = new Int32Array(data.cells);
  const reader = new EpochReader(data.epoch, data.worker);
  const report: EpochThreadReport = { turns: 0, violations: 0 };
  parentPort.postMessage('ready');
  reader.online();
  while (Atomics.load(control, STOP) === 0) {
    const cell = Atomics.load(control, POINTER);
    const first = cells[cell]!;
    let dead = first === DEAD;
    for (let look = 0; look < 200; look++) dead ||= Atomics.load(cells, cell) !== first;
    if (dead) report.violations++;
    report.turns++;
    Atomics.add(control, TURNS + data.worker, 1);
    if (report.turns % 7 === 0) {
      reader.offline();
      reader.online();
    } else {
      reader.quiescent();
    }
  }
  reader.offline();
  parentPort.postMessage(report);
}
