// Both sides of the forwarding benchmarks do the same to the same packets.
import assert from 'node:assert/strict';
import { PACKETS } from '../src/memory/packet-loop.js';
import { internetRoutes, oneRoute, type Workload, writeWorkload } from '../src/memory/workload.js';
import { makeContext } from '../src/run/context.js';
import { caseSide, referenceSide } from '../src/run/memory-side.js';
import { withFolder } from '../src/run/with-folder.js';

/** Batches of a quick round. */
const BATCHES = 2;
const ROUNDS = 3;

describe('forwarding, beside the reference', () => {
  const context = makeContext({ names: [], rounds: ROUNDS, quick: true, say: () => {} });

  const cases: [string, 'forward-ip4' | 'forward-ip6', Workload][] = [
    ['IPv4, one route', 'forward-ip4', oneRoute(10_000, 5)],
    ['IPv4, many routes', 'forward-ip4', internetRoutes(20_000, 10_000, 7)],
    ['IPv6', 'forward-ip6', oneRoute(10_000, 9)],
  ];
  for (const [name, program, workload] of cases) {
    it(`sends the same packets: ${name}`, () =>
      withFolder(async (folder) => {
        const file = `${folder}/workload`;
        writeWorkload(file, workload);
        const [ours, theirs] = await context.alternate([
          caseSide(context, program, { workload: file }),
          referenceSide(context, program, file),
        ]);
        assert.equal(ours!.length, ROUNDS);
        for (const [index, round] of ours!.entries()) {
          assert.equal(round.packets, BATCHES * PACKETS);
          // One round warmed up before.
          assert.equal(round.out, (index + 2) * BATCHES * PACKETS);
          assert.equal(theirs![index]!.out, round.out);
          assert.equal(round.sample, theirs![index]!.sample, 'the last packet of the round');
        }
        const last = Buffer.from(String(ours![0]!.sample), 'hex');
        // What 64 octets on the wire are, from the port's address, with one hop less to live.
        assert.equal(last.length, 60);
        assert.equal(last.subarray(6, 12).toString('hex'), '020000000201');
        assert.equal(last[program === 'forward-ip4' ? 22 : 21], 63);
      }));
  }
});
