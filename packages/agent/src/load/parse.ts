// YAML (and JSON, which is a part of it) into values whose places in the text are known.
import type { ConfigProblem } from '@sluice/shared';
import {
  type Document,
  isMap,
  isScalar,
  LineCounter,
  type Pair,
  parseAllDocuments,
  parseDocument,
} from 'yaml';
import { type ConfigPath, fileProblem } from './problem.js';

export interface Place {
  line: number;
  column: number;
}

export interface Parsed {
  value: unknown;
  /** Line and column (from 1) of the value at a path; of the nearest part around it that exists, when it does not. */
  placeOf(path: ConfigPath): Place | null;
  /** The same of the key that introduces it. */
  placeOfKey(path: ConfigPath): Place | null;
}

/** Aliases may multiply what they name: this bounds it ("billion laughs"). */
const MAX_ALIASES = 100;

export function parseConfig(text: string): Parsed | { problems: ConfigProblem[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: true,
    prettyErrors: false,
    logLevel: 'error',
  });
  // What follows the first syntax error is mostly its consequence.
  const [error] = document.errors;
  if (error) {
    const several = parseAllDocuments(text).length > 1;
    const { line, col } = lines.linePos(error.pos[0]);
    return {
      problems: [{ path: '', line, column: col, message: several ? SEVERAL : syntaxMessage(error.code) }],
    };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    // The library throws ReferenceError, for aliases only: too many, or to nothing.
    return { problems: [fileProblem(error instanceof Error ? `aliases: ${error.message}` : String(error))] };
  }
  const place = (offset: number | undefined): Place | null => {
    if (offset === undefined) return null;
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  return {
    value,
    placeOf: (path) => place(offsetOf(document, path)),
    placeOfKey: (path) => place(keyOffset(document, path) ?? offsetOf(document, path)),
  };
}

const SEVERAL = 'the file holds several YAML documents ("---" parts them): keep one';

const SYNTAX: Record<string, string> = {
  BAD_INDENT:
    'the indentation does not fit what is around it: align the keys of a section, or close the bracket before it',
  TAB_AS_INDENT: 'YAML is indented with spaces, and this is a tab: replace it',
  DUPLICATE_KEY: 'this key is given twice in one section: keep one',
  BAD_ALIAS: 'this alias ("*") names no anchor: write the value',
  MISSING_CHAR: 'a character is missing: close the quote, bracket or brace, or put a ":" after the key',
  MULTILINE_IMPLICIT_KEY: 'a key goes over several lines: is a ":" missing, or a quote not closed?',
  UNEXPECTED_TOKEN: 'this does not belong here: is something before it not closed, or not indented?',
  BAD_SCALAR_START: 'a value cannot start with this character: put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'two "key: value" on one line: put the second on a line of its own',
};

/** The library's own messages may quote the text, which may hold what nobody should see: only its code is used. */
function syntaxMessage(code: string): string {
  return (
    SYNTAX[code] ?? `not valid YAML (${code.toLowerCase().replaceAll('_', ' ')}): see the text around here`
  );
}

/** Offset of the deepest node on the path that exists. */
function offsetOf(document: Document, path: ConfigPath): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    const start = rangeStart(node);
    if (start !== undefined) return start;
  }
  return rangeStart(document.contents) ?? 0;
}

function keyOffset(document: Document, path: ConfigPath): number | undefined {
  const key = path.at(-1);
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find((item: Pair) => isScalar(item.key) && item.key.value === key);
  return rangeStart(pair?.key);
}

function rangeStart(node: unknown): number | undefined {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : undefined;
}
