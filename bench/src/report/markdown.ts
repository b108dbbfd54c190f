// docs/performance.md: the part between the markers is made of the last results; what stands outside is by hand.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Benchmark } from '../benchmark.js';
import type { Conditions } from '../run/conditions.js';
import { isPart } from '../run/context.js';
import type { Row } from '../run/row.js';
import { cells } from './table.js';

const BEGIN = '<!-- measured: npm run bench -- --write makes what follows -->';
const END = '<!-- measured: end -->';
const HEAD = ['', 'median', 'min–max', 'unit', 'beside', 'its median', 'min–max', 'ratio', 'target', ''];

export function writePerformance(file: string, rows: readonly Row[], benchmarks: readonly Benchmark[]): void {
  const text = readFileSync(file, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${file} has lost its markers: "${BEGIN}" and "${END}"`);
  const measured = `${BEGIN}\n\n${performanceText(rows, benchmarks)}\n`;
  writeFileSync(file, text.slice(0, begin) + measured + text.slice(end));
}

/** A chapter for each group of figures (`forward`, `esp`, …). */
export function performanceText(rows: readonly Row[], benchmarks: readonly Benchmark[]): string {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = row.name.split('/')[0]!;
    groups.set(group, [...(groups.get(group) ?? []), row]);
  }
  return [...groups].map(([group, members]) => chapter(group, members, benchmarks)).join('\n');
}

function chapter(group: string, rows: readonly Row[], benchmarks: readonly Benchmark[]): string {
  const about = benchmarks
    .filter(({ names }) => names.some((name) => rows.some((row) => isPart(row.name, name))))
    .map((benchmark) => `- ${namesOf(benchmark, rows)}: ${benchmark.about}`);
  const lines = [
    HEAD,
    HEAD.map(() => '---'),
    ...rows.map((row) => [`\`${row.name}\``, ...cells(row).slice(1)]),
  ];
  const notes = rows.filter(({ note }) => note !== null).map(({ name, note }) => `- \`${name}\`: ${note}`);
  return [
    `## ${group}\n`,
    ...about,
    '',
    ...lines.map((line) => `| ${line.join(' | ')} |`),
    '',
    ...(notes.length > 0 ? [...notes, ''] : []),
    ...measuredWhen(rows),
    '',
  ].join('\n');
}

/** Those of a benchmark's names that are among the rows, shortened when they are many. */
function namesOf({ names }: Benchmark, rows: readonly Row[]): string {
  const mine = names.filter((name) => rows.some((row) => isPart(row.name, name)));
  const shown = mine.length <= 6 ? mine : [mine[0]!, mine.at(-1)!];
  return shown.map((name) => `\`${name}\``).join(mine.length <= 6 ? ', ' : ' to ');
}

/** A line for each machine, day and commit, with the loads that there were. */
function measuredWhen(rows: readonly Row[]): string[] {
  const loads = new Map<string, number[]>();
  for (const { conditions } of rows) {
    const text = conditionsText(conditions);
    loads.set(text, [...(loads.get(text) ?? []), conditions.load]);
  }
  return [...loads].map(([text, seen]) => {
    const [least, most] = [Math.min(...seen), Math.max(...seen)];
    return `- Measured ${text}, load ${least === most ? least : `${least} to ${most}`} before.`;
  });
}

function conditionsText(c: Conditions): string {
  const commit = c.commit === '' ? '' : `, commit ${c.commit}`;
  return `${c.date.slice(0, 10)} on ${c.cpu}, core ${c.core} of ${c.cores}, ${c.memoryGiB} GiB, Linux ${c.kernel}, Node.js ${c.node}${commit}`;
}
