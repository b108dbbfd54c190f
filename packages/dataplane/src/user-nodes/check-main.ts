// A thread that loads a compiled user's node once and says what it is: what the file does wrong when it is loaded
// (throws, hangs) then happens here, where it can be ended.
import { parentPort, workerData } from 'node:worker_threads';
import { defineUserNode, type UserNode } from './api.js';
import { loopBudget } from './loop-budget.js';

export interface CheckedNode {
  name: string;
  arc: UserNode['arc'];
  counters: UserNode['counters'];
}

export type CheckAnswer = { ok: CheckedNode } | { error: string };

async function check(url: string): Promise<CheckAnswer> {
  loopBudget.arm();
  try {
    const module = (await import(url)) as { default?: UserNode };
    if (module.default === undefined) {
      return { error: 'it has no default export: end it with `export default defineUserNode({ … })`' };
    }
    const { name, arc, counters } = defineUserNode(module.default);
    return { ok: { name, arc, counters: counters.map((counter) => ({ ...counter })) } };
  } catch (error) {
    return { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

if (parentPort === null) throw new Error('check-main is a thread of the data plane, not a program');
parentPort.postMessage(await check(workerData as string));
