// The side of scale/workers: so many workers at once; millions of packets a second of all together.
import { destinationsOf, SeveralWorkers } from '../memory/several-workers.js';
import { serveRounds, sideArguments } from '../run/serve.js';

const { workers, cores, quick } = sideArguments<{ workers: number; cores: number[]; quick: boolean }>();
const all = new SeveralWorkers(workers);
await all.start(cores, destinationsOf, quick);
await serveRounds(async () => {
  const answers = await all.ask({ kind: 'measure' });
  const value = answers.reduce((sum, answer) => sum + 1000 / answer.value, 0);
  return { value, out: answers.map(({ out }) => out) };
});
await all.close();
