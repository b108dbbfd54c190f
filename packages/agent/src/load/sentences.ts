// The sentence for each kind of fault that zod finds: what is wrong, and what would be right.
//
// A schema's own message goes before these (zod asks for them only where it has none). Values are quoted only where
// they are one of a few words, never under a key that may hold a secret.
import { z } from 'zod';
import { nearest } from './nearest.js';

type RawIssue = z.core.$ZodRawIssue;

const SECRET_KEYS = new Set(['psk', 'secret', 'password', 'key', 'private_key']);

/** Longest value that is quoted. */
const QUOTE_LIMIT = 40;

const KINDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a section of "key: value" lines',
};

/** zod's error map: the sentence of an issue, without its path. */
export function sentenceOf(issue: RawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue);
    case 'invalid_value':
      return wrongChoice(issue, issue.values.map(String));
    case 'invalid_union':
      return wrongChoice(issue, unionChoices(issue));
    case 'too_small':
      return bound(issue.origin, 'least', Number(issue.minimum));
    case 'too_big':
      return bound(issue.origin, 'most', Number(issue.maximum));
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, validKeys(issue))).join('; ');
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return `is not of the right form (${issue.format})`;
    default:
      return 'is not valid here';
  }
}

/** A key that the section does not know, with the one that was meant, or all that there are. */
export function unknownKey(key: string, valid: readonly string[]): string {
  const meant = nearest(key, valid);
  if (meant !== null) return `there is no key "${key}" here: did you mean "${meant}"?`;
  return `there is no key "${key}" here: the keys are ${valid.join(', ')}`;
}

/** The keys of the section that an unrecognized_keys issue is about. */
export function validKeys(issue: RawIssue): string[] {
  const schema = issue.inst;
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function wrongType(issue: RawIssue & { code: 'invalid_type' }): string {
  const expected = issue.expected === 'number' && issue.format === 'safeint' ? 'int' : issue.expected;
  const wanted = KINDS[expected] ?? expected;
  if (issue.input === undefined) return missing(issue, wanted);
  if (issue.input === null) return `is empty: give ${wanted}, or leave the key out`;
  const quoting = expected === 'string' ? ': put it in quotes' : '';
  return `must be ${wanted}, and this is ${kindOf(issue.input)}${quoting}`;
}

function missing(issue: RawIssue, example: string): string {
  const key = issue.path?.at(-1);
  if (typeof key !== 'string') return `is missing: give ${example}`;
  const help = issue.inst instanceof z.ZodType ? issue.inst.description : undefined;
  return `is missing: add "${key}:" with ${example}${help === undefined ? '' : ` (${help.replace(/\.$/, '')})`}`;
}

function wrongChoice(issue: RawIssue, choices: string[]): string {
  if (issue.input === undefined) return missing(issue, alternatives(choices));
  const wanted = `must be ${alternatives(choices)}`;
  const { input } = issue;
  if (underSecret(issue) || !['string', 'number', 'boolean'].includes(typeof input)) return wanted;
  const text = String(input);
  if (text.length > QUOTE_LIMIT) return wanted;
  const meant = nearest(text, choices);
  // "2" for 2 is the right word and the wrong kind.
  const hint = typeof input === 'string' && choices.includes(text) ? ' without quotes' : '';
  const guess = meant !== null && meant !== text ? `: did you mean ${meant}?` : '';
  return `${wanted}${hint}, and this is ${JSON.stringify(input)}${guess}`;
}

function unionChoices(issue: RawIssue & { code: 'invalid_union' }): string[] {
  return issue.errors
    .flat()
    .flatMap((inner) => (inner.code === 'invalid_value' ? inner.values.map(String) : []));
}

function alternatives(choices: string[]): string {
  if (choices.length <= 1) return choices[0] ?? 'something else';
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}

function bound(origin: string, which: 'least' | 'most', limit: number): string {
  if (origin === 'array') return `needs at ${which} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
  if (origin === 'string')
    return `must have at ${which} ${limit} ${limit === 1 ? 'character' : 'characters'}`;
  return `must be at ${which} ${limit}`;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Date) return 'a date';
  if (typeof value === 'object') return 'a section';
  if (typeof value === 'boolean') return `the word ${value}`;
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : 'a number with a fraction';
  return typeof value === 'string' ? 'text' : typeof value;
}

function underSecret(issue: RawIssue): boolean {
  return (issue.path ?? []).some((key) => typeof key === 'string' && SECRET_KEYS.has(key));
}
