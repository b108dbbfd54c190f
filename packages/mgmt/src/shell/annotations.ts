// What the shell knows of commands beside what commander does: who may run them, what their words may be.
import type { Argument, Command, Option } from 'commander';

export type Role = 'operator' | 'admin';

/** One word that may come next, and what it means. */
export interface Candidate {
  word: string;
  help: string;
}

/** @param words What stands before the word of the same argument, which may be one of many. */
export type Completer = (words: readonly string[]) => Promise<Candidate[]> | Candidate[];

const roles = new WeakMap<Command, Role>();
const live = new WeakSet<Command>();
const completers = new WeakMap<Argument | Option, Completer>();

/** Only administrators may run it, and what is below it. */
export function forAdmins(command: Command): Command {
  roles.set(command, 'admin');
  return command;
}

/** Its output comes over time: it is not held back at the end of a page. */
export function asItComes(command: Command): Command {
  live.add(command);
  return command;
}

export function comesOverTime(command: Command): boolean {
  return live.has(command);
}

/** What may stand for an argument or for the value of an option. */
export function completes<T extends Argument | Option>(part: T, completer: Completer): T {
  completers.set(part, completer);
  return part;
}

export async function candidatesOf(part: Argument | Option, words: readonly string[]): Promise<Candidate[]> {
  if (part.argChoices) return part.argChoices.map((word) => ({ word, help: '' }));
  return (await completers.get(part)?.(words)) ?? [];
}

/** True when whoever has this role may run the command. */
export function mayRun(role: Role, command: Command): boolean {
  for (let each: Command | null = command; each !== null; each = each.parent) {
    if (roles.get(each) === 'admin' && role !== 'admin') return false;
  }
  return true;
}
