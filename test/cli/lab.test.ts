// sluice lab: labs of other processes, living and dead.
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type LabSummary, listLabs } from '@sluice/lab';
import { until } from '@sluice/shared';
import { SLUICE } from '../support/cli.js';

/** Makes a lab, says which, and keeps it until it is told to end. */
const OWNER = `
import { Lab, runWithCleanup } from '@sluice/lab';
await runWithCleanup(async (signal) => {
  const lab = await Lab.create({ name: 'cli-lab' });
  await Promise.all([lab.host('left'), lab.host('right')]);
  console.log(lab.id);
  await new Promise((resolve) => {
    const alive = setInterval(() => undefined, 1000);
    signal.addEventListener('abort', () => resolve(clearInterval(alive)));
  });
}).catch((error) => { process.exitCode = error.exitCode ?? 1; });
`;
const HERE = fileURLToPath(new URL('.', import.meta.url));
const SWEPT = /^(removed [a-z0-9, ]+|There was nothing to remove\.)\n$/;

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

function sluiceLab(...args: string[]): Promise<Result> {
  return new Promise((resolve) => {
    execFile(process.execPath, [SLUICE, 'lab', ...args], { timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

describe('sluice lab', function () {
  this.timeout(60_000);
  let owner: ChildProcess;
  let id = '';
  let ended: Promise<unknown>;

  beforeEach(async () => {
    owner = spawn(process.execPath, ['--input-type=module', '-e', OWNER], {
      cwd: HERE,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    ended = once(owner, 'exit');
    const [first] = (await once(owner.stdout!, 'data')) as [Buffer];
    id = first.toString().trim();
  });
  afterEach(async () => {
    if (owner.exitCode === null && owner.signalCode === null) owner.kill('SIGTERM');
    await ended;
    await sluiceLab('sweep');
  });
  const gone = (): boolean => !listLabs().some((lab) => lab.id === id);

  it('list shows it with its owner and nodes, as text and as JSON', async () => {
    const asText = await sluiceLab('list');
    assert.equal(asText.code, 0);
    assert.match(asText.stdout, new RegExp(`^${id} +cli-lab +${owner.pid} +running +\\S+ +left right$`, 'm'));
    const { stdout } = await sluiceLab('list', '--json');
    const lab = (JSON.parse(stdout) as LabSummary[]).find((summary) => summary.id === id);
    assert.deepEqual([lab?.owner?.pid, lab?.alive, lab?.nodes], [owner.pid, true, ['left', 'right']]);
  });

  it('exec runs a command in a node, and ends as it did', async () => {
    const ran = await sluiceLab('exec', id, 'left', '--', 'cat', '/proc/sys/net/ipv4/ip_forward');
    assert.deepEqual(ran, { code: 0, stdout: '0\n', stderr: '' });
    assert.equal((await sluiceLab('exec', id, 'left', '--', 'sh', '-c', 'exit 7')).code, 7);
    const absent = await sluiceLab('exec', id, 'middle', '--', 'true');
    assert.equal(absent.code, 1);
    assert.match(absent.stderr, /^sluice: lab \S+ has no node "middle": it has left, right\n$/);
  });

  it('stop ends the lab and its owner', async () => {
    const { code, stdout } = await sluiceLab('stop', id);
    assert.deepEqual([code, stdout], [0, `stopped ${id}\n`]);
    await ended;
    assert.ok(gone());
    assert.ok(!existsSync(`/run/sluice-lab/${id}`));
    const again = await sluiceLab('stop', id);
    assert.equal(again.code, 1);
    assert.match(again.stderr, new RegExp(`^sluice: there is no lab "${id}": `));
  });

  it('sweep leaves what lives, and removes what the dead have left', async () => {
    assert.match((await sluiceLab('sweep')).stdout, SWEPT);
    assert.ok(!gone());
    owner.kill('SIGKILL');
    await ended;
    assert.match((await sluiceLab('sweep')).stdout, SWEPT);
    await until(`lab ${id} to be gone`, gone);
    assert.ok(!existsSync(`/run/sluice-lab/${id}`));
  });
});
