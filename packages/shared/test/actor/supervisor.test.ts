import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BackoffClock } from '../../src/actor/backoff.js';
import { PidFile } from '../../src/actor/pid-file.js';
import { isAlive, type ProcessId, processById, signalProcess } from '../../src/actor/process-id.js';
import { type ProcessSpec, Supervisor, type SupervisorOptions, until } from '../../src/index.js';
import { endProcess, Sandbox } from '../support/sandbox.js';

const FAST = { initialMs: 10, maxMs: 80, resetAfterMs: 10_000 };

type Entry = { event: string; name: string; [detail: string]: unknown };

describe('a supervisor', () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
  });
  afterEach(() => sandbox.end());

  function supervise(processes: Partial<ProcessSpec>[], options: Partial<SupervisorOptions> = {}) {
    const supervisor = new Supervisor({
      runDir: sandbox.runDir,
      log: sandbox.log,
      processes: processes.map((spec, i) => ({
        name: `child-${i}`,
        command: 'sleep',
        args: ['1000'],
        logFile: join(sandbox.dir, `child-${i}.log`),
        backoff: FAST,
        ...spec,
      })),
      ...options,
    });
    sandbox.onEnd(() => supervisor.stop());
    const entries: Entry[] = [];
    for (const event of ['started', 'adopted', 'exited', 'restarting', 'ready', 'late'] as const)
      supervisor.on(event, (detail: { name: string }) => void entries.push({ event, ...detail }));
    const of = (event: string): Entry[] => entries.filter((entry) => entry.event === event);
    return { supervisor, entries, of };
  }

  /** For a process that the test must end even when the supervisor does not. */
  function endLater(process: ProcessId): ProcessId {
    sandbox.onEnd(() => void signalProcess(process, 'SIGKILL'));
    return process;
  }

  it('starts each process when the one before is ready, and ends them in reverse order', async () => {
    let ready = false;
    const { supervisor, entries } = supervise([{ readyWhen: async () => ready }, {}]);
    const started = supervisor.start();
    await until('the first has started', () => entries.length === 1);
    assert.equal(supervisor.pids()['child-1'], null);
    ready = true;
    await started;
    await supervisor.stop();
    assert.deepEqual(
      entries.map(({ event, name }) => `${event} ${name}`),
      ['started child-0', 'ready child-0', 'started child-1', 'exited child-1', 'exited child-0'],
    );
    assert(!existsSync(join(sandbox.runDir, 'child-0.pid')));
  });

  it('goes on when a process is not ready in time, or cannot be asked', async () => {
    const never = { readyWhen: () => new Promise<boolean>(() => undefined) };
    const failing = { readyWhen: () => Promise.reject(new Error('no answer')) };
    const { supervisor, of } = supervise([never, failing, {}], { readyTimeoutMs: 100 });
    await supervisor.start();
    assert.deepEqual(
      of('late').map(({ name }) => name),
      ['child-0', 'child-1'],
    );
    assert.equal(of('started').length, 3);
  });

  it('begins a long log anew, and its process writes on at the beginning', async () => {
    const talk = 'i=0; while :; do i=$((i+1)); echo "line $i"; sleep 0.005; done';
    const { supervisor } = supervise([{ command: 'sh', args: ['-c', talk] }], {
      logLimitBytes: 200,
      logCheckMs: 5,
    });
    const log = join(sandbox.dir, 'child-0.log');
    await supervisor.start();
    await until('the former part is beside it', () => existsSync(`${log}.1`));
    await until('the process has written on', () => /^line \d+\n/.test(readFileSync(log, 'utf8')));
    assert.match(readFileSync(`${log}.1`, 'utf8'), /^line \d+\n(line \d+\n)*$/);
    assert.equal(statSync(`${log}.1`).mode & 0o777, 0o600);
    assert.equal(statSync(log).mode & 0o777, 0o600);
  });

  it('restarts what ends, whatever the way, waiting longer each time', async () => {
    const { supervisor, of } = supervise([
      { command: 'false', args: [] },
      { command: '/nonexistent/program' },
    ]);
    await supervisor.start();
    for (const name of ['child-0', 'child-1']) {
      const delays = (): unknown[] =>
        of('restarting')
          .filter((entry) => entry.name === name)
          .map(({ delayMs }) => delayMs);
      await until('five restarts', () => delays().length >= 5);
      assert.deepEqual(delays().slice(0, 5), [10, 20, 40, 80, 80]);
    }
    assert.equal(of('exited').find(({ name }) => name === 'child-0')?.code, 1);
    assert.match(String(of('exited').find(({ name }) => name === 'child-1')?.error), /ENOENT/);
  });

  it('waits little again after a process that ran long', async () => {
    let now = 0;
    // Every look at the clock is twenty seconds after the last.
    const { supervisor, of } = supervise([{ command: 'true', args: [] }], { now: () => (now += 20_000) });
    await supervisor.start();
    await until('four restarts', () => of('restarting').length >= 4);
    for (const { delayMs } of of('restarting')) assert.equal(delayMs, 10);
  });

  it('restarts a killed process as another one', async () => {
    const { supervisor, of } = supervise([{}]);
    await supervisor.start();
    const pid = supervisor.pids()['child-0'];
    assert(pid);
    process.kill(pid, 'SIGKILL');
    await until('it runs again', () => of('started').length === 2);
    assert.equal(of('exited')[0]?.signal, 'SIGKILL');
    assert.notEqual(supervisor.pids()['child-0'], pid);
  });

  it('kills a process that ignores SIGTERM, and what it leaves of its process group', async () => {
    const script = `
      process.on('SIGTERM', () => {});
      const { pid } = require('node:child_process').spawn('sleep', ['1000']);
      console.log('ready ' + pid);
      setInterval(() => {}, 1000);`;
    const logFile = join(sandbox.dir, 'stubborn.log');
    const text = (): string => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '');
    const { supervisor, of } = supervise(
      [
        {
          command: process.execPath,
          args: ['-e', script],
          logFile,
          readyWhen: async () => text().includes('ready'),
        },
      ],
      { stopGraceMs: 200 },
    );
    await supervisor.start();
    const grandchild = endLater(processById(Number(text().split(' ')[1])) ?? assert.fail('no grandchild'));
    await supervisor.stop();
    assert.equal(of('exited')[0]?.signal, 'SIGKILL');
    await until('the grandchild is gone', () => !isAlive(grandchild));
  });

  it('appends output to a log file that only its owner can read, and passes arguments as they are', async () => {
    const logFile = join(sandbox.dir, 'echo.log');
    writeFileSync(logFile, 'before\n', { mode: 0o644 });
    const { supervisor, of } = supervise([
      {
        command: 'sh',
        args: ['-c', 'echo "$1 $NAME"; exec sleep 1000', 'sh', '$(id); x'],
        env: { NAME: 'v' },
        logFile,
      },
    ]);
    await supervisor.start();
    await until('the output', () => readFileSync(logFile, 'utf8') === 'before\n$(id); x v\n');
    assert.equal(statSync(logFile).mode & 0o777, 0o600);
    assert.equal(of('started').length, 1);
  });

  it('that is killed leaves its processes running, and the next one adopts, restarts and ends them', async () => {
    const logFile = join(sandbox.dir, 'sleeper.log');
    const killed = await sandbox.run('supervisor-process', sandbox.runDir, logFile);
    const orphan = endLater(processById(Number(killed.line)) ?? assert.fail('no child'));
    const { supervisor, of } = supervise([{ name: 'sleeper', logFile }]);
    await endProcess(killed.child, 'SIGKILL');
    assert(isAlive(orphan));
    await supervisor.start();
    assert.deepEqual(of('adopted'), [{ event: 'adopted', name: 'sleeper', pid: orphan.pid }]);
    assert.equal(of('started').length, 0);

    signalProcess(orphan, 'SIGKILL');
    await until('it was started anew', () => of('started').length === 1);
    await supervisor.stop();
    assert.equal(supervisor.pids().sleeper, null);
  });

  it('ends an adopted process', async () => {
    const logFile = join(sandbox.dir, 'sleeper.log');
    const killed = await sandbox.run('supervisor-process', sandbox.runDir, logFile);
    const orphan = endLater(processById(Number(killed.line)) ?? assert.fail('no child'));
    await endProcess(killed.child, 'SIGKILL');
    const { supervisor } = supervise([{ name: 'sleeper', logFile }]);
    await supervisor.start();
    await supervisor.stop();
    assert(!isAlive(orphan));
  });

  it('does not take another process for its own because it has the same pid', async () => {
    const { supervisor, of } = supervise([{}]);
    const self = processById(process.pid) ?? assert.fail('no self');
    const pidFile = new PidFile(sandbox.dir, 'self');
    pidFile.write({ ...self, startTicks: self.startTicks - 1 });
    assert.equal(pidFile.read(), null);
    pidFile.write(self);
    assert.deepEqual(pidFile.read(), self);
    writeFileSync(pidFile.path, 'garbage');
    assert.equal(pidFile.read(), null);
    await supervisor.start();
    assert.equal(of('adopted').length, 0);
  });

  it('refuses a run directory that another one has, and leaves that one its processes', async () => {
    const other = await sandbox.run('supervisor-process', sandbox.runDir, join(sandbox.dir, 'sleeper.log'));
    const child = endLater(processById(Number(other.line)) ?? assert.fail('no child'));
    const { supervisor } = supervise([{ name: 'sleeper' }]);
    await assert.rejects(supervisor.start(), { code: 'already-running' });
    await supervisor.stop();
    assert(isAlive(child));
    assert.deepEqual(new PidFile(sandbox.runDir, 'sleeper').read(), child);
  });

  it('refuses two processes of one name', () => {
    assert.throws(() => supervise([{ name: 'a' }, { name: 'a' }]), { code: 'duplicate-process' });
    assert.throws(() => supervise([{ name: 'supervisor' }]), { code: 'duplicate-process' });
  });
});

describe('the backoff', () => {
  it('doubles with each short run, stops at the most, and begins again after a long one', () => {
    const backoff = new BackoffClock({ initialMs: 100, maxMs: 500, resetAfterMs: 1000 });
    const runs = [0, 0, 999, 0, 1000, 0];
    assert.deepEqual(
      runs.map((ranMs) => backoff.delayAfter(ranMs)),
      [100, 200, 400, 500, 100, 200],
    );
  });
});
