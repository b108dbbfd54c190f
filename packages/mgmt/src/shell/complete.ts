// What may come next on a line: for the Tab key, and for "?".
import type { Command, Option } from 'commander';
import { type Candidate, candidatesOf, type Role } from './annotations.js';
import { FILTERS } from './filters.js';
import { follow, optionNamed, requiredArguments, takesAll, valueFollows, visible } from './resolve.js';
import { splitPipes, splitWords } from './words.js';

export interface Completion {
  /** What is being typed. */
  partial: string;
  candidates: Candidate[];
  /** Whether the line is a whole command as it stands before the partial word. */
  whole: boolean;
}

/** Errors: CliError when the words before lead nowhere. */
export async function complete(root: Command, line: string, role: Role): Promise<Completion> {
  const parts = splitPipes(line);
  const { words, partial } = splitWords((parts.at(-1) as string).trimStart());
  const matching = (candidates: Candidate[]): Candidate[] =>
    candidates.filter(({ word }) => word.startsWith(partial));
  if (parts.length > 1) {
    if (words.length > 0) return { partial, candidates: [], whole: true };
    return {
      partial,
      candidates: matching(FILTERS.map(({ name, help }) => ({ word: name, help }))),
      whole: false,
    };
  }
  const { command, rest } = follow(root, words, role);
  if (command.commands.length > 0) {
    const below = visible(command, role).map((each) => ({ word: each.name(), help: each.description() }));
    return { partial, candidates: matching(below), whole: false };
  }
  const { candidates, whole } = await afterCommand(command, rest);
  return { partial, candidates: matching(candidates), whole };
}

async function afterCommand(
  command: Command,
  rest: readonly string[],
): Promise<{ candidates: Candidate[]; whole: boolean }> {
  if (takesAll(command)) {
    const [argument] = command.registeredArguments;
    return {
      candidates: argument ? await candidatesOf(argument, rest) : [],
      whole: rest.length >= requiredArguments(command),
    };
  }
  const used = new Set<Option>();
  let arguments_ = 0;
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] as string;
    const option =
      arguments_ >= requiredArguments(command) || word.startsWith('-') ? optionNamed(command, word) : null;
    if (option === null) {
      arguments_++;
      continue;
    }
    if (!option.variadic) used.add(option);
    if (option.required && at + 1 === rest.length)
      return { candidates: await valuesOf(option), whole: false };
    if (valueFollows(command, option, rest[at + 1])) at++;
  }
  const next = command.registeredArguments[arguments_];
  const values = next === undefined ? [] : await candidatesOf(next, rest);
  if (next?.required === true) {
    return {
      candidates: values.length > 0 ? values : [{ word: `<${next.name()}>`, help: next.description }],
      whole: false,
    };
  }
  const missing = command.options.filter((option) => option.mandatory && !used.has(option));
  const options = command.options
    .filter((option) => !used.has(option) && !option.hidden && option.long !== '--json')
    .map((option) => ({ word: option.long?.slice(2) ?? '', help: option.description }));
  return { candidates: [...values, ...options], whole: missing.length === 0 };
}

async function valuesOf(option: Option): Promise<Candidate[]> {
  const known = await candidatesOf(option, []);
  return known.length > 0
    ? known
    : [{ word: /<(.+?)>/.exec(option.flags)?.[0] ?? '<value>', help: option.description }];
}

/** A word that stands for what the user has to think of himself. */
export function isPlaceholder({ word }: Candidate): boolean {
  return word.startsWith('<');
}
