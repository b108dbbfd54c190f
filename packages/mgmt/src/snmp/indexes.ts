// ifIndex by the name of an interface: the same after a restart, and never another interface's (RFC 2863 section 3.1.5).
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '@sluice/shared';
import { z } from 'zod';

const stored = z.record(z.string(), z.int().min(1).max(0x7fffffff));

export class InterfaceIndexes {
  private readonly byName: Map<string, number>;
  private highest: number;

  /** Errors: a sentence when there is a file that is none of ours. */
  constructor(private readonly file: string) {
    this.byName = new Map(Object.entries(read(file)));
    this.highest = Math.max(0, ...this.byName.values());
  }

  /** The indexes of these interfaces; new names get new ones, which are on the disk first. Errors: errno of writing. */
  of(names: readonly string[]): number[] {
    const missing = names.filter((name) => !this.byName.has(name));
    for (const name of missing) this.byName.set(name, ++this.highest);
    if (missing.length > 0) this.write();
    return names.map((name) => this.byName.get(name) ?? 0);
  }

  private write(): void {
    mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
    writeFileSync(`${this.file}.new`, JSON.stringify(Object.fromEntries(this.byName)), {
      mode: 0o600,
      flush: true,
    });
    renameSync(`${this.file}.new`, this.file);
  }
}

function read(file: string): Record<string, number> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
  try {
    return stored.parse(JSON.parse(text));
  } catch (error) {
    throw new Error(`${file} does not hold indexes of interfaces, take it away: ${messageOf(error)}`);
  }
}
