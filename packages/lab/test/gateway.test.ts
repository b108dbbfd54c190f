import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Lab } from '../src/index.js';

const STAND_IN = fileURLToPath(new URL('./fixtures/stand-in.js', import.meta.url));

describe('a gateway node', () => {
  let lab: Lab;

  beforeEach(async () => {
    lab = await Lab.create({ name: 'gateway-test' });
  });

  afterEach(() => lab.stop());

  it('runs `sluice up` with its configuration and run directory, until it has converged', async () => {
    const gateway = await lab.gateway('gateway');
    const running = await gateway.up(
      { schema: 1, hostname: 'gateway' },
      { executable: STAND_IN, converged: () => existsSync(`${gateway.runDir}/charon.pid`) },
    );
    const dir = `/run/sluice-lab/${lab.id}/gateway`;
    assert.deepEqual(JSON.parse(running.log()), [
      'up',
      '-c',
      `${dir}/config.json`,
      '--run-dir',
      `${dir}/run`,
    ]);
    assert.equal(statSync(gateway.configPath).mode & 0o777, 0o600);
    assert.deepEqual(JSON.parse(readFileSync(gateway.configPath, 'utf8')), {
      schema: 1,
      hostname: 'gateway',
    });
    assert.deepEqual([...gateway.processes()], [['dataplane', running.pid]], 'a stale pid file counts');
  });

  it('says that it has not converged in time', async () => {
    const gateway = await lab.gateway('gateway');
    const up = gateway.up({ schema: 1 }, { executable: STAND_IN, converged: () => false, deadlineMs: 100 });
    await assert.rejects(up, { code: 'deadline', message: /sluice in gateway to be ready/ });
  });

  it('has no process before it is up', async () => {
    assert.equal((await lab.gateway('gateway')).processes().size, 0);
  });
});
