// Garbage collections of forwarding workers, as gc-observer.ts writes them down.
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OBSERVER = fileURLToPath(new URL('gc-observer.js', import.meta.url));

export interface Collection {
  worker: number;
  /** Milliseconds that it took. */
  ms: number;
}

export class Collections {
  private readonly folder = mkdtempSync(join(tmpdir(), 'sluice-bench-gc-'));
  private readonly file = join(this.folder, 'collections');

  /** For the processes that are observed. */
  get env(): Record<string, string> {
    return { SLUICE_BENCH_GC: this.file, NODE_OPTIONS: `--import=${OBSERVER}` };
  }

  /** Forgets those so far: what starting up leaves is collected in the first seconds. */
  reset(): void {
    if (existsSync(this.file)) truncateSync(this.file);
  }

  read(): Collection[] {
    if (!existsSync(this.file)) return [];
    const lines = readFileSync(this.file, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Collection);
  }

  async close(): Promise<void> {
    rmSync(this.folder, { recursive: true });
  }
}
