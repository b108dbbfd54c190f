// A round is what the machine takes from a program that only reads the clock, on the core that is measured on.
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Round, Side } from '../benchmark.js';
import { FIRST } from '../run/first.js';
import { noisePercentiles } from './latencies.js';
import { wireProgram } from './programs.js';

const run = promisify(execFile);
const SECONDS = 2;

export class NoiseSide implements Side {
  readonly name = 'the machine alone';

  constructor(
    private readonly core: number,
    private readonly quick: boolean,
  ) {}

  /** Each percentile in us, by its name; `value` is the 99.99th. */
  async round(): Promise<Round> {
    const file = join(tmpdir(), `sluice-bench-noise-${process.pid}`);
    try {
      const [shell = '', ...argv] = [
        ...FIRST,
        wireProgram('noise'),
        String(this.quick ? 0.2 : SECONDS),
        String(this.core),
        file,
      ];
      const { stdout } = await run(shell, argv);
      const { ns } = JSON.parse(stdout) as { ns: number };
      const percentiles = noisePercentiles(file, ns);
      return { ...percentiles, value: percentiles['p99.99'] };
    } finally {
      rmSync(file, { force: true });
    }
  }

  async close(): Promise<void> {
    // Its program ends with every round.
  }
}
