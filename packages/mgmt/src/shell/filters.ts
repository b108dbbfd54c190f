// What may follow a command behind "|": each takes lines and gives lines.
import { CliError } from '../cli-error.js';
import { wholeWords } from './words.js';

/** Takes lines as they come, and says at the end what is left to say. */
export interface LineFilter {
  line(text: string): string[];
  end(): string[];
}

interface FilterKind {
  name: string;
  help: string;
  /** Null for those that change how the command runs, not what it says. */
  make: ((argument: string) => LineFilter) | null;
  /** What its argument is; null when it takes none. */
  argument: string | null;
}

const nothing = (): string[] => [];

export const FILTERS: readonly FilterKind[] = [
  {
    name: 'match',
    help: 'only lines that have a text, or one of several: "up|down"',
    argument: 'text',
    make: (text) => {
      const has = having(text);
      return { line: (line) => (has(line) ? [line] : []), end: nothing };
    },
  },
  {
    name: 'except',
    help: 'only lines that do not have it',
    argument: 'text',
    make: (text) => {
      const has = having(text);
      return { line: (line) => (has(line) ? [] : [line]), end: nothing };
    },
  },
  {
    name: 'count',
    help: 'how many lines there are',
    argument: null,
    make: () => {
      let lines = 0;
      return {
        line: () => {
          lines++;
          return [];
        },
        end: () => [`${lines} line${lines === 1 ? '' : 's'}`],
      };
    },
  },
  {
    name: 'last',
    help: 'only so many lines at the end',
    argument: 'lines',
    make: (text) => {
      if (!/^[1-9]\d{0,5}$/.test(text)) throw new CliError('last takes how many lines, such as | last 20');
      const kept: string[] = [];
      return {
        line: (line) => {
          kept.push(line);
          if (kept.length > Number(text)) kept.shift();
          return [];
        },
        end: () => kept,
      };
    },
  },
  { name: 'json', help: 'as JSON, with exact figures', argument: null, make: null },
  { name: 'no-more', help: 'without a stop at the end of each page', argument: null, make: null },
];

export interface Filters {
  lines: LineFilter[];
  json: boolean;
  paged: boolean;
}

/** Reads the parts of a line behind its first "|". Errors: CliError. */
export function parseFilters(parts: readonly string[]): Filters {
  const filters: Filters = { lines: [], json: false, paged: true };
  for (const part of parts) {
    const [word = '', ...rest] = wholeWords(part) ?? [];
    const starting = FILTERS.filter(({ name }) => name.startsWith(word));
    const kind =
      FILTERS.find(({ name }) => name === word) ?? (starting.length === 1 ? starting[0] : undefined);
    if (word === '' || !kind) {
      throw new CliError(`"|" is followed by one of ${FILTERS.map(({ name }) => name).join(', ')}`);
    }
    if (rest.length !== (kind.argument === null ? 0 : 1)) {
      const takes = kind.argument === null ? 'nothing' : `a ${kind.argument}, in quotes when it has spaces`;
      throw new CliError(`| ${kind.name} takes ${takes}`);
    }
    if (kind.make !== null) filters.lines.push(kind.make(rest[0] ?? ''));
    else if (kind.name === 'json') filters.json = true;
    else filters.paged = false;
  }
  return filters;
}

/** True for lines that have one of the texts, which "|" parts, in either case. */
function having(text: string): (line: string) => boolean {
  const wanted = text.toLowerCase().split('|');
  return (line) => {
    const lower = line.toLowerCase();
    return wanted.some((each) => lower.includes(each));
  };
}

/** Lines through filters to a sink; what comes may end in the middle of a line. */
export class FilterChain {
  #rest = '';

  constructor(
    private readonly filters: readonly LineFilter[],
    private readonly sink: (text: string) => void,
  ) {}

  write(text: string): void {
    if (this.filters.length === 0) {
      this.sink(text);
      return;
    }
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#pass(line, 0);
  }

  /** No more will come. */
  end(): void {
    if (this.#rest !== '') this.#pass(this.#rest, 0);
    this.#rest = '';
    this.filters.forEach((filter, at) => {
      for (const line of filter.end()) this.#pass(line, at + 1);
    });
  }

  #pass(line: string, from: number): void {
    const filter = this.filters[from];
    if (filter === undefined) this.sink(`${line}\n`);
    else for (const each of filter.line(line)) this.#pass(each, from + 1);
  }
}
