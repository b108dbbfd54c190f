// A user's file becomes a module that a worker can load: types taken out, loops made to ask for leave.
//
// Both keep every line where it was, so that an error names the line of the user's file.
import { transformSync } from '@swc/wasm-typescript';
import { parse } from 'acorn';
import { simple } from 'acorn-walk';
import { UserNodeError } from './user-node-error.js';

/** What a user's node may import. */
const API_NAME = '@sluice/node';
const BUDGET = '__loopBudget';

interface Edit {
  at: number;
  text: string;
  /** Replaced octets behind `at`. */
  remove?: number;
}

/**
 * The module's text. `file` is named in errors; `urls` are where the thread that loads it finds the API and the
 * budget. @throws UserNodeError with line and column for what is no node.
 */
export function compileUserNode(source: string, file: string, urls: { api: string; budget: string }): string {
  const plain = stripTypes(source, file);
  const edits = guardsAndImports(plain, file, urls.api);
  edits.push({ at: 0, text: `import { loopBudget as ${BUDGET} } from ${JSON.stringify(urls.budget)}; ` });
  return apply(plain, edits);
}

function stripTypes(source: string, file: string): string {
  try {
    return transformSync(source, { mode: 'strip-only', module: true, filename: file }).code;
  } catch (error) {
    const { message, startLine, startColumn } = error as {
      message?: string;
      startLine?: number;
      startColumn?: number;
    };
    throw new UserNodeError(`${file}:${startLine ?? 1}:${startColumn ?? 1}: ${message ?? String(error)}`);
  }
}

/** The parts of a syntax tree that are looked at. */
interface Positioned {
  start: number;
  end: number;
  type: string;
}

function guardsAndImports(code: string, file: string, api: string): Edit[] {
  const edits: Edit[] = [];
  const refuse = (at: number, message: string): never => {
    const before = code.slice(0, at).split('\n');
    throw new UserNodeError(`${file}:${before.length}:${before[before.length - 1]!.length + 1}: ${message}`);
  };
  const guard = ({ body }: { body: Positioned }): void => {
    const ask = `if (--${BUDGET}.left < 0) ${BUDGET}.spent();`;
    if (body.type === 'BlockStatement') {
      edits.push({ at: body.start + 1, text: ask });
    } else {
      edits.push({ at: body.start, text: `{ ${ask} ` }, { at: body.end, text: ' }' });
    }
  };
  const importFrom = ({ source }: { source: Positioned & { value?: unknown } }): void => {
    if (source.value !== API_NAME) {
      refuse(
        source.start,
        `a node is one file and imports '${API_NAME}' only, not '${String(source.value)}'`,
      );
    }
    edits.push({ at: source.start, remove: source.end - source.start, text: JSON.stringify(api) });
  };
  const tree = parseModule(code, file);
  simple(tree, {
    ForStatement: guard,
    ForInStatement: guard,
    ForOfStatement: guard,
    WhileStatement: guard,
    DoWhileStatement: guard,
    ImportDeclaration: importFrom,
    ImportExpression: ({ start }) => refuse(start, 'a node is one file: it imports nothing while it runs'),
    Identifier: ({ start, name }) => {
      if (name === BUDGET) refuse(start, `${BUDGET} is a name of the gateway's own`);
    },
  });
  return edits;
}

function parseModule(code: string, file: string): ReturnType<typeof parse> {
  try {
    return parse(code, { ecmaVersion: 2023, sourceType: 'module' });
  } catch (error) {
    const { loc, message } = error as Error & { loc?: { line: number; column: number } };
    throw new UserNodeError(`${file}:${loc?.line ?? 1}:${(loc?.column ?? 0) + 1}: ${message}`);
  }
}

/** Applies edits from the end on, so that offsets hold. Of two at one place, the later was pushed for the inner. */
function apply(code: string, edits: readonly Edit[]): string {
  let out = code;
  for (const { at, text, remove = 0 } of [...edits].sort((a, b) => b.at - a.at)) {
    out = out.slice(0, at) + text + out.slice(at + remove);
  }
  return out;
}
