// Both sides of forward/ip4-… do the same to the same packets.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import process from 'node:process';
import { internetRoutes, oneRoute, type Workload, writeWorkload } from '../src/memory/workload.js';
import { makeContext } from '../src/run/context.js';
import { programSide } from '../src/run/program-side.js';
import { reference } from '../src/run/reference.js';
import { sideProgram } from '../src/run/root.js';

const PACKETS = 2048;

describe('forward/ip4', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(`${tmpdir()}/sluice-bench-test-`);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const cases: [string, Workload][] = [
    ['one route', oneRoute(10_000, 5)],
    ['many routes', internetRoutes(20_000, 10_000, 7)],
  ];
  for (const [name, workload] of cases) {
    it(`sends the packets of the reference: ${name}`, async () => {
      const file = `${folder}/workload`;
      writeWorkload(file, workload);
      const program = reference('forward-ip4');
      const args = JSON.stringify({ workload: file, quick: true });
      const context = makeContext({ names: [], rounds: 4, quick: true, say: () => {} });
      const [ours, theirs] = await context.alternate([
        programSide({
          name: 'sluice',
          command: [process.execPath, sideProgram('forward-ip4'), args],
          core: null,
        }),
        programSide({ name: 'C', command: [program, file, 'quick'], core: null }),
      ]);
      assert.equal(ours!.length, 4);
      for (const [index, round] of ours!.entries()) {
        assert.equal(round.packets, 2 * PACKETS);
        // One round warmed up before.
        assert.equal(round.out, (index + 2) * 2 * PACKETS);
        assert.equal(theirs![index]!.out, round.out);
        assert.equal(round.sample, theirs![index]!.sample, 'the last packet of the round');
      }
      const last = Buffer.from(String(ours![0]!.sample), 'hex');
      // What 64 octets on the wire are, from the port's address, with one hop less to live.
      assert.equal(last.length, 60);
      assert.equal(last.subarray(6, 14).toString('hex'), '0200000002010800');
      assert.equal(last[22], 63);
    });
  }
});
