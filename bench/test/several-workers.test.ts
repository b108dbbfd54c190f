// Workers in threads: each forwards its own packets, also while routes change.
import assert from 'node:assert/strict';
import { PACKETS } from '../src/memory/packet-loop.js';
import { destinationsOf, nextHopOf, SeveralWorkers } from '../src/memory/several-workers.js';

describe('workers in threads', () => {
  let close = async (): Promise<void> => {};
  afterEach(() => close());

  const make = (count: number): SeveralWorkers => {
    const all = new SeveralWorkers(count);
    close = () => all.close();
    return all;
  };

  it('both forward, and each what is its own', async () => {
    const all = make(2);
    await all.start([0], destinationsOf, true);
    for (let round = 1; round <= 2; round++) {
      const answers = await all.ask({ kind: 'measure' });
      assert.deepEqual(
        answers.map(({ out }) => out),
        [2 * round * PACKETS, 2 * round * PACKETS],
      );
      for (const { value } of answers) assert.ok(value > 0);
    }
  });

  it('forward on while routes come and go', async () => {
    const all = make(1);
    const { control } = all;
    control.addRoute({ prefix: '0.0.0.0/0', via: nextHopOf(0) });
    const hop = control.adjacencyOf(nextHopOf(0), 0);
    await all.start([0], destinationsOf, true);
    let answered = false;
    const watching = all.ask({ kind: 'watch', ms: 50 }).then((answers) => {
      answered = true;
      return answers;
    });
    let updates = 0;
    while (!answered) {
      for (let i = 0; i < 256; i++, updates++) control.fib.add(0, 0x0a640000 + i * 256, 24, hop);
      for (let i = 0; i < 256; i++, updates++) control.fib.remove(0, 0x0a640000 + i * 256, 24);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [answer] = await watching;
    assert.ok(updates > 0 && answer!.value > 0);
    assert.ok(answer!.out > 0 && answer!.out % PACKETS === 0);
  });
});
