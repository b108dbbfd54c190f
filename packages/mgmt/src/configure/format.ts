// The format of a configuration, walked along a path: which keys there are, what a value may be.
import { configJsonSchema } from '@sluice/agent';
import type { Candidate } from '../shell/annotations.js';

/** The parts of JSON Schema that the configuration's has. */
export interface Format {
  type?: string;
  description?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  properties?: Record<string, Format>;
  required?: string[];
  items?: Format;
  anyOf?: Format[];
  oneOf?: Format[];
  minimum?: number;
  maximum?: number;
  $ref?: string;
  $defs?: Record<string, Format>;
}

/**
 * What tells the entries of a list apart, in the order in which keys are tried. Syslog servers have a host, and a name that is
 * for their certificates.
 */
const IDENTITIES = [
  'host',
  'name',
  'prefix',
  'address',
  'interface',
  'to',
  'domain',
  'range',
  'username',
  'file',
];

let whole: Format | undefined;

export function configurationFormat(): Format {
  whole ??= configJsonSchema() as Format;
  return whole;
}

/** The alternatives of a format, references followed. */
export function alternatives(format: Format): Format[] {
  if (format.$ref !== undefined) {
    const found = configurationFormat().$defs?.[format.$ref.replace('#/$defs/', '')];
    return found === undefined ? [] : alternatives(found);
  }
  const inner = format.anyOf ?? format.oneOf;
  return inner === undefined ? [format] : inner.flatMap(alternatives);
}

/** The format of a key of a section; null when it has no such key. */
export function keyFormat(format: Format, key: string): Format | null {
  for (const each of alternatives(format)) {
    const found = each.properties?.[key];
    if (found !== undefined) return found;
  }
  return null;
}

/** The format of a list's entries; null for what is no list. */
export function itemFormat(format: Format): Format | null {
  return alternatives(format).find(({ items }) => items !== undefined)?.items ?? null;
}

/** The key that tells entries of a list apart; null for lists of values. */
export function identityOf(item: Format): string | null {
  return IDENTITIES.find((key) => keyFormat(item, key) !== null) ?? null;
}

export function isSection(format: Format): boolean {
  return alternatives(format).some(({ properties }) => properties !== undefined);
}

/** The keys of a section, with what they mean. */
export function keysOf(format: Format): Candidate[] {
  return alternatives(format).flatMap(({ properties = {} }) =>
    Object.entries(properties).map(([word, { description }]) => ({ word, help: description ?? '' })),
  );
}

/** What a value may be, where that is a list of words. */
export function valuesOf(format: Format): Candidate[] {
  return alternatives(format).flatMap(({ enum: words, const: only, type }) => {
    if (words !== undefined) return words.map((word) => ({ word: String(word), help: '' }));
    if (only !== undefined) return [{ word: String(only), help: '' }];
    return type === 'boolean' ? ['true', 'false'].map((word) => ({ word, help: '' })) : [];
  });
}

/** What a value is, for who has to think of one. */
export function valueHint(format: Format): Candidate {
  const kinds = alternatives(format).map(({ type, minimum, maximum }) => {
    if (type !== 'integer' && type !== 'number') return type ?? 'value';
    const bounds = [minimum, maximum].map((bound) =>
      Math.abs(bound ?? Infinity) > 1e9 ? '' : String(bound),
    );
    return `${bounds[0]}..${bounds[1]}`;
  });
  const { default: preset, description = '' } = format;
  const otherwise = preset === undefined ? '' : ` (left out: ${JSON.stringify(preset)})`;
  return { word: `<${[...new Set(kinds)].join(' or ')}>`, help: `${description}${otherwise}`.trim() };
}

/** A typed word as the value that the format asks for: a number only where one may be. */
export function valueFrom(format: Format, word: string): unknown {
  const kinds = alternatives(format);
  const has = (type: string): boolean => kinds.some((each) => each.type === type);
  if (kinds.some(({ const: only }) => typeof only === 'number' && String(only) === word)) return Number(word);
  if (has('boolean') && (word === 'true' || word === 'false')) return word === 'true';
  const numeric = has('integer') || has('number') || kinds.some((each) => typeof each.enum?.[0] === 'number');
  return numeric && /^-?\d+(\.\d+)?$/.test(word) ? Number(word) : word;
}
