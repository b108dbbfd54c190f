// A side in TypeScript that has everything in memory: a case of src/cases, pinned by whoever starts it.
import { CASES, type CaseName } from '../cases/index.js';
import { measureBatches } from '../memory/measure.js';
import type { PacketLoop } from '../memory/packet-loop.js';
import { serveRounds, sideArguments } from '../run/serve.js';

const { name, order, quick } = sideArguments<{ name: CaseName; order: never; quick: boolean }>();
const make: (order: never) => Promise<PacketLoop> | PacketLoop = CASES[name];
const loop = await make(order);
await serveRounds(() => {
  const measured = measureBatches(loop, quick);
  return { ...measured, out: loop.out, sample: loop.sample() };
});
loop.close();
