// What a figure was measured under.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import process from 'node:process';

export interface Conditions {
  /** ISO 8601, to the minute. */
  date: string;
  cpu: string;
  /** Cores of the machine, and the one that sides are pinned to. */
  cores: number;
  core: number;
  memoryGiB: number;
  kernel: string;
  node: string;
  /** Of one minute, before the benchmark began. */
  load: number;
  /** Short hash; with `+` when files differed from it. Empty outside a repository. */
  commit: string;
}

export function conditionsNow(root: string, core: number): Conditions {
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    cpu: cpuModel(),
    cores: cpus().length,
    core,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    // Without what a distribution or a provider appends.
    kernel: release().replace(/-.*/, ''),
    node: process.version,
    load: Math.round(loadavg()[0]! * 100) / 100,
    commit: commitOf(root),
  };
}

/** The model with family and model number, because virtual machines often hide the name. */
function cpuModel(): string {
  const text = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  const field = (name: string): string => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(text)?.[1] ?? '?';
  const mhz = Math.round(Number(field('cpu MHz')));
  return `${field('model name')} (family ${field('cpu family')} model ${field('model')}, ${mhz} MHz)`;
}

function commitOf(root: string): string {
  if (!existsSync(`${root}/.git`)) return '';
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', root, ...args], { encoding: 'utf8' }).trim();
  // What a run itself has written is no change.
  const written = [':!docs/performance.md', ':!bench/results.json'];
  const changed = git('status', '--porcelain', '-uno', '--', '.', ...written) !== '';
  return `${git('rev-parse', '--short', 'HEAD')}${changed ? '+' : ''}`;
}
