// Every way in which a program with a lab may end.
import assert from 'node:assert/strict';
import { isAlive, processById, until } from '@sluice/shared';
import { sweep } from '../src/index.js';
import { footprint, NOTHING } from './fixtures/footprint.js';
import { type Running, runProgram } from './fixtures/run-program.js';

describe('a program with a lab', () => {
  const running: Running[] = [];

  function run(ending: string): Running {
    const program = runProgram(ending);
    running.push(program);
    return program;
  }

  afterEach(async () => {
    for (const program of running.splice(0)) {
      program.child.kill('SIGKILL');
      await program.ended;
    }
    sweep();
  });

  const endings = [
    { ending: 'return', code: 0, says: /^$/ },
    { ending: 'throw', code: 1, says: /the body failed/ },
    { ending: 'uncaught', code: 1, says: /nobody caught this/ },
    { ending: 'exit', code: 7, says: /^$/ },
  ];
  for (const { ending, code, says } of endings) {
    it(`leaves nothing behind when it ends by: ${ending}`, async () => {
      const program = run(ending);
      const { id } = await program.up;
      const end = await program.ended;
      assert.equal(end.code, code);
      assert.match(end.stderr, says);
      assert.deepEqual(footprint(id), NOTHING);
    });
  }

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    it(`leaves nothing behind on ${signal}`, async () => {
      const program = run('wait');
      const { id } = await program.up;
      program.child.kill(signal);
      assert.equal((await program.ended).code, code);
      assert.deepEqual(footprint(id), NOTHING);
    });
  }

  it('leaves nothing behind on Ctrl-C pressed again and again', async () => {
    const program = run('wait');
    const { id } = await program.up;
    const pressing = setInterval(() => program.child.kill('SIGINT'), 5);
    const end = await program.ended;
    clearInterval(pressing);
    assert.ok(end.code === 130 || end.signal === 'SIGINT', `${end.code} ${end.signal}`);
    assert.deepEqual(footprint(id), NOTHING);
  });

  it('leaves nothing behind of a body that takes no notice of its end', async () => {
    const program = run('deaf');
    const { id } = await program.up;
    program.child.kill('SIGTERM');
    assert.equal((await program.ended).code, 143);
    assert.deepEqual(footprint(id), NOTHING);
  });

  it('leaves nothing behind of a lab made while it was ending', async () => {
    const program = run('again');
    await program.up;
    program.child.kill('SIGTERM');
    await program.ended;
    assert.equal(program.labs.length, 2);
    for (const { id } of program.labs) assert.deepEqual(footprint(id), NOTHING);
  });

  it('killed with SIGKILL, is swept by the next, and the living are not', async () => {
    const [dead, alive] = [run('bare'), run('bare')];
    const [{ id, pids }, survivor] = await Promise.all([dead.up, alive.up]);
    dead.child.kill('SIGKILL');
    await dead.ended;
    assert.ok(pids.every((pid) => processById(pid) !== null));

    const before = footprint(survivor.id);
    assert.ok(sweep().includes(id));
    assert.deepEqual(footprint(id), NOTHING);
    assert.deepEqual(footprint(survivor.id), before);
    assert.ok(survivor.pids.every((pid) => processById(pid) !== null));
  });

  it('a process number that was used again does not pass for the owner', () => {
    const { startTicks } = processById(process.pid)!;
    assert.equal(isAlive({ pid: process.pid, startTicks }), true);
    assert.equal(isAlive({ pid: process.pid, startTicks: startTicks - 1 }), false);
  });

  it('several at once have the same names and addresses, and do not meet', async () => {
    const programs = [run('wait'), run('wait'), run('wait')];
    const labs = await Promise.all(programs.map((program) => program.up));
    assert.equal(new Set(labs.map(({ id }) => id)).size, 3);
    const [first, ...others] = programs;
    first!.child.kill('SIGTERM');
    await first!.ended;
    assert.deepEqual(footprint(labs[0]!.id), NOTHING);
    for (const { id } of labs.slice(1)) assert.equal(footprint(id).namespaces.length, 2);
    for (const program of others) program.child.kill('SIGTERM');
    await Promise.all(others.map((program) => program.ended));
    await until('the labs to be gone', () => labs.every(({ id }) => !footprint(id).directory));
  });
});
