import assert from 'node:assert/strict';
import { compileUserNode } from '../../src/user-nodes/compile.js';
import { LoopBudgetError, loopBudget } from '../../src/user-nodes/loop-budget.js';
import { UserNodeError } from '../../src/user-nodes/user-node-error.js';

const URLS = {
  api: 'file:///api.js',
  budget: new URL('../../src/user-nodes/loop-budget.js', import.meta.url).href,
};
const compile = (source: string): string => compileUserNode(source, '/etc/x.ts', URLS);

/** Loads a compiled module; `body` may use no import. */
async function load(source: string): Promise<{ default: (...args: unknown[]) => unknown }> {
  return import(`data:text/javascript,${encodeURIComponent(compile(source))}`);
}

describe("compiling users' nodes", () => {
  it('takes types out and leaves every line where it was', () => {
    const code = compile(
      "import { PASS, type Packet } from '@sluice/node';\nconst a: number = 1;\n\nexport function f(p: Packet): number {\n  return p.length + a;\n}\n",
    );
    const lines = code.split('\n');
    assert.match(
      lines[0]!,
      /^import \{ loopBudget as __loopBudget \} from ".*"; import \{ PASS, .*from "file:\/\/\/api\.js"/,
    );
    assert.match(lines[1]!, /^const a\s+= 1;/);
    assert.match(lines[4]!, /return p\.length \+ a;/);
  });

  const endless: [string, string][] = [
    ['while', 'while (true) {}'],
    ['while without a block', 'let i = 0; while (true) i++;'],
    ['for', 'for (;;);'],
    ['do', 'do {} while (true);'],
    ['for of', 'for (const x of (function* () { for (;;) yield 1; })()) { void x; }'],
    ['nested', 'for (;;) for (let i = 0; i < 10; i++) void i;'],
    ['a labelled one', 'a: for (;;) { for (;;) continue a; }'],
  ];
  for (const [what, body] of endless) {
    it(`ends an endless loop: ${what}`, async () => {
      const { default: run } = await load(`export default function (): void { ${body} }`);
      loopBudget.arm();
      assert.throws(run, LoopBudgetError);
      loopBudget.arm();
      assert.throws(run, LoopBudgetError, 'and again');
    });
  }

  it('changes nothing of what loops do', async () => {
    const { default: run } = await load(`export default function (list: number[]): unknown {
      let sum = 0;
      for (const x of list) sum += x;
      for (let i = 0; i < 3; i++) { if (i === 1) continue; sum += i; }
      let n = 0;
      do n++; while (n < 5);
      while (n > 2) n--;
      for (const key in { a: 1, b: 2 }) sum += key.length;
      if (sum > 0) for (const x of [1]) sum += x; else sum = -1;
      return [sum, n];
    }`);
    loopBudget.arm();
    assert.deepEqual(run([1, 2, 3]), [11, 2]);
  });

  it('lets a long loop finish that takes no time', async () => {
    const { default: run } = await load(
      'export default function (): number { let i = 0; while (i < 100_000) i++; return i; }',
    );
    loopBudget.arm();
    assert.equal(run(), 100_000);
  });

  const refused: [string, string, RegExp][] = [
    ['a type error in syntax', 'const a: = 1;', /^\/etc\/x\.ts:1:\d+: /],
    ['what types alone do not make', 'const x = 1;\nenum E { A }', /x\.ts:2:\d+: .*enum is not supported/],
    ['JavaScript that is none', 'const x = 1;\nconst y = ;', /x\.ts:2:\d+: /],
    [
      'another import',
      "\nimport { readFileSync } from 'node:fs';",
      /x\.ts:2:\d+: .*imports '@sluice\/node' only, not 'node:fs'/,
    ],
    ['a relative import', "import x from './y.js';", /only, not '\.\/y\.js'/],
    ['an import while it runs', 'export default () => import("x");', /imports nothing while it runs/],
    ['the name of the budget', 'export default () => __loopBudget.left;', /name of the gateway's own/],
  ];
  for (const [what, source, message] of refused) {
    it(`refuses ${what}, with its place`, () => {
      assert.throws(
        () => compile(source),
        (error: unknown) => error instanceof UserNodeError && message.test(error.message),
      );
    });
  }
});
