import { runWithCleanup } from '@sluice/lab';
import { conditionsNow } from '/tmp/w/t/bench2/bench/dist/src/run/conditions.js';
import { makeContext } from '/tmp/w/t/bench2/bench/dist/src/run/context.js';
import { rowOf } from '/tmp/w/t/bench2/bench/dist/src/run/row.js';

const [file, exported, rounds, ...names] = process.argv.slice(2);
const { [exported]: benchmark } = await import(`/tmp/w/t/bench2/bench/dist/src/benchmarks/${file}.js`);
await runWithCleanup(async () => {
  const context = makeContext({
    names,
    rounds: Number(rounds),
    quick: process.env.QUICK === '1',
    say: (l) => console.error(l),
  });
  const figures = await benchmark.run(context);
  for (const f of figures) {
    const r = rowOf(f, conditionsNow('/tmp/w/t/bench2', 1));
    console.log(
      r.name,
      r.value,
      r.spread,
      r.unit,
      '|',
      r.peer,
      r.peerValue,
      r.peerSpread,
      'ratio',
      r.ratio,
      r.reached,
      r.note,
      r.conditions.load,
    );
  }
});
