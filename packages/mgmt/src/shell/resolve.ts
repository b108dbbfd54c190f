// Words of a session into a command and what commander reads: words may be shortened, and options go without dashes.
import type { Command, Option } from 'commander';
import { CliError } from '../cli-error.js';
import { mayRun, type Role } from './annotations.js';
import { perhaps } from './nearest.js';

export interface Resolution {
  command: Command;
  /** For `parseAsync(…, { from: 'user' })` of the root. */
  argv: string[];
}

/** Where the words of a line have led to. */
export interface Place {
  command: Command;
  /** Whole names on the way to it. */
  path: string[];
  /** What follows. */
  rest: string[];
}

/** Follows the words to a command. Errors: CliError for a word that names none, or several. */
export function follow(root: Command, words: readonly string[], role: Role): Place {
  let command = root;
  const path: string[] = [];
  let at = 0;
  while (at < words.length) {
    const below = visible(command, role);
    if (below.length === 0) break;
    const next = oneOf(words[at] as string, below, path);
    command = next;
    path.push(next.name());
    at++;
  }
  return { command, path, rest: words.slice(at) };
}

/** The commands below one that a role may run. */
export function visible(command: Command, role: Role): Command[] {
  return command.commands.filter((each) => mayRun(role, each));
}

/** Errors: CliError when the line is not a whole command. */
export function resolve(root: Command, words: readonly string[], role: Role): Resolution {
  const { command, path, rest } = follow(root, words, role);
  if (command.commands.length > 0) {
    const names = visible(command, role).map((each) => each.name());
    throw new CliError(`${path.join(' ')} what? One of ${names.join(', ')}.`);
  }
  return { command, argv: [...path, ...withDashes(command, rest)] };
}

function oneOf(word: string, commands: readonly Command[], path: readonly string[]): Command {
  const names = (each: Command): string[] => [each.name(), ...each.aliases()];
  const exact = commands.find((each) => names(each).includes(word));
  if (exact) return exact;
  const starting = commands.filter((each) => each.name().startsWith(word));
  const [first] = starting;
  if (first && starting.length === 1) return first;
  const where = path.length === 0 ? '' : ` under "${path.join(' ')}"`;
  if (starting.length > 1) {
    throw new CliError(
      `"${word}"${where} is ${starting.map((each) => each.name()).join(' or ')}: write more of it`,
    );
  }
  const known = commands.map((each) => each.name());
  throw new CliError(`there is no "${word}"${where}${perhaps(word, known)}: ${known.join(', ')}`);
}

/** What follows a command: its arguments, then its options by their names. */
function withDashes(command: Command, rest: readonly string[]): string[] {
  // A value may begin with a dash.
  if (takesAll(command) && rest.length > 0) return ['--', ...rest];
  const argv: string[] = [];
  let needed = requiredArguments(command);
  let room = mostArguments(command);
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] as string;
    const option = needed === 0 || word.startsWith('-') ? optionNamed(command, word) : null;
    if (option === null) {
      if (room === 0 && !word.startsWith('-')) throw noOption(command, word);
      argv.push(word);
      room--;
      if (needed > 0) needed--;
      continue;
    }
    argv.push(option.long ?? word);
    if (valueFollows(command, option, rest[at + 1])) argv.push(rest[++at] as string);
  }
  return argv;
}

function noOption(command: Command, word: string): CliError {
  const names = command.options.map(longName);
  const what = names.length === 0 ? 'nothing may follow' : names.join(', ');
  return new CliError(`${command.name()} has no "${word}"${perhaps(word, names)}: ${what}`);
}

function longName(option: Option): string {
  return option.long?.slice(2) ?? '';
}

function mostArguments({ registeredArguments }: Command): number {
  return registeredArguments.at(-1)?.variadic ? Number.POSITIVE_INFINITY : registeredArguments.length;
}

export function requiredArguments(command: Command): number {
  return command.registeredArguments.filter(({ required }) => required).length;
}

/** A command without options whose last argument takes all words. */
export function takesAll(command: Command): boolean {
  return (command.registeredArguments.at(-1)?.variadic ?? false) && command.options.length === 0;
}

/** The option that a word names, whole or by its beginning; null when none or several are. */
export function optionNamed(command: Command, word: string): Option | null {
  const name = word.replace(/^--?/, '');
  if (name === '') return null;
  const exact = command.options.find((option) => longName(option) === name || option.short === word);
  if (exact) return exact;
  const starting = command.options.filter((option) => longName(option).startsWith(name));
  return starting.length === 1 ? (starting[0] ?? null) : null;
}

/** Whether the next word is an option's value: one that may be left out is not where another option follows. */
export function valueFollows(command: Command, option: Option, next: string | undefined): boolean {
  if (next === undefined) return false;
  return option.required || (option.optional && optionNamed(command, next) === null);
}
