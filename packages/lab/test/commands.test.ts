import assert from 'node:assert/strict';
import { Lab, labCommands } from '../src/index.js';
import { footprint, NOTHING } from './fixtures/footprint.js';
import { runProgram } from './fixtures/run-program.js';

describe('lab commands', () => {
  it('list shows a lab with its owner and nodes', async () => {
    const lab = await Lab.create({ name: 'listed' });
    try {
      await Promise.all([lab.host('a'), lab.router('r')]);
      const listed = labCommands.list().find(({ id }) => id === lab.id);
      assert.equal(listed?.owner?.pid, process.pid);
      assert.equal(listed.owner.name, 'listed');
      assert.equal(listed.alive, true);
      assert.deepEqual(listed.nodes.sort(), ['a', 'r']);
    } finally {
      await lab.stop();
    }
    assert.equal(
      labCommands.list().find(({ id }) => id === lab.id),
      undefined,
    );
  });

  it('exec runs a command in a node and gives its status', async () => {
    const lab = await Lab.create();
    try {
      const a = await lab.host('a');
      assert.equal(await labCommands.exec(lab.id, 'a', ['sh', '-c', 'touch been-here; exit 5']), 5);
      assert.equal((await a.run(['ls', 'been-here'])).stdout, 'been-here\n');
      assert.throws(() => labCommands.exec(lab.id, 'z', ['true']), { message: /no node "z": it has a$/ });
    } finally {
      await lab.stop();
    }
  });

  it('stop ends the lab of another process', async () => {
    const program = runProgram('wait');
    try {
      const { id } = await program.up;
      await labCommands.stop(id);
      assert.equal((await program.ended).code, 143);
      assert.deepEqual(footprint(id), NOTHING);
    } finally {
      program.child.kill('SIGKILL');
    }
  });

  it('says that there is no such lab', async () => {
    await assert.rejects(labCommands.stop('zzzzzz'), { code: 'no-such-lab' });
  });
});
