// Sides that have everything in memory: a case in TypeScript, or a reference in C.
import process from 'node:process';
import type { BenchContext, Side } from '../benchmark.js';
import type { CaseName, OrderOf } from '../cases/index.js';
import { FIRST } from './first.js';
import { programSide } from './program-side.js';
import { reference } from './reference.js';
import { sideProgram } from './root.js';

export function caseSide<Name extends CaseName>(
  context: Pick<BenchContext, 'cores' | 'quick'>,
  name: Name,
  order: OrderOf<Name>,
): Side {
  const args = JSON.stringify({ name, order, quick: context.quick });
  const command = [process.execPath, '--enable-source-maps', sideProgram('memory'), args];
  return programSide({ name: 'sluice', command, core: context.cores.at(-1)!, within: FIRST });
}

export function referenceSide(
  context: Pick<BenchContext, 'cores' | 'quick'>,
  name: string,
  ...args: string[]
): Side {
  return referenceOn(context.cores.at(-1)!, context, name, ...args);
}

export function referenceOn(
  core: number,
  { quick }: Pick<BenchContext, 'quick'>,
  name: string,
  ...args: string[]
): Side {
  const command = [reference(name), ...args, quick ? 'quick' : 'full'];
  return programSide({ name: `${name}.c`, command, core, within: FIRST });
}
