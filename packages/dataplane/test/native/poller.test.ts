import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import {
  closeFd,
  eventClear,
  eventOpen,
  eventSignal,
  NativeError,
  pollerAdd,
  pollerOpen,
  pollerReady,
  pollerRemove,
  Waiter,
} from '../../src/native/index.js';

describe('native poller', () => {
  let poller: number;
  let event: number;
  beforeEach(() => {
    poller = pollerOpen();
    event = eventOpen();
    pollerAdd(poller, event);
  });
  afterEach(() => {
    closeFd(event);
    closeFd(poller);
  });

  it('calls back once per arm, at once when there is something already', async () => {
    let calls = 0;
    let wake: () => void = () => undefined;
    const waiter = new Waiter(poller, () => {
      calls++;
      wake();
    });
    const called = (): Promise<void> =>
      new Promise((resolve) => {
        wake = resolve;
      });
    try {
      let next = called();
      waiter.arm();
      assert.equal(eventSignal(event), 0);
      await next;
      for (let turns = 0; turns < 10; turns++) await setImmediate();
      assert.equal(calls, 1, 'readable still, but disarmed');

      next = called();
      waiter.arm();
      waiter.arm();
      await next;
      assert.equal(calls, 2);

      waiter.arm();
      waiter.disarm();
      for (let turns = 0; turns < 10; turns++) await setImmediate();
      assert.equal(calls, 2, 'disarmed');

      assert.equal(eventClear(event), 0);
      waiter.arm();
      for (let turns = 0; turns < 10; turns++) await setImmediate();
      assert.equal(calls, 2, 'nothing to read');
      next = called();
      eventSignal(event);
      await next;
      assert.equal(calls, 3);
    } finally {
      waiter.close();
    }
    waiter.close();
    assert.throws(
      () => waiter.arm(),
      (error: unknown) => error instanceof NativeError && error.code === 'EBADF',
    );
  });

  it('forgets a descriptor that is removed', async () => {
    let calls = 0;
    const waiter = new Waiter(poller, () => {
      calls++;
    });
    pollerRemove(poller, event);
    eventSignal(event);
    waiter.arm();
    for (let turns = 0; turns < 10; turns++) await setImmediate();
    waiter.close();
    assert.equal(calls, 0);
    pollerAdd(poller, event);
  });

  it('says which descriptors are readable, in turns where there are more than it may say', () => {
    const out = new Int32Array(4).fill(-1);
    const others = Array.from({ length: 3 }, eventOpen);
    try {
      for (const other of others) pollerAdd(poller, other);
      assert.equal(pollerReady(poller, out, 0, 4), 0);
      eventSignal(others[1]!);
      assert.equal(pollerReady(poller, out, 1, 3), 1);
      assert.deepEqual([...out], [-1, others[1], -1, -1]);

      for (const each of [event, ...others]) eventSignal(each);
      const told = new Set<number>();
      for (let calls = 0; calls < 2; calls++) {
        assert.equal(pollerReady(poller, out, 0, 2), 2);
        for (const fd of out.subarray(0, 2)) told.add(fd);
      }
      assert.deepEqual(
        [...told].sort((a, b) => a - b),
        [event, ...others].sort((a, b) => a - b),
      );
      for (const each of [event, ...others]) eventClear(each);
      assert.equal(pollerReady(poller, out, 0, 4), 0);
      assert.equal(pollerReady(poller, out, 0, 0), 0);
      assert.equal(pollerReady(poller, out, 2, 3), -22, 'past the array');
      assert.equal(pollerReady(event, out, 0, 4), -22, 'not a poller');
    } finally {
      for (const other of others) closeFd(other);
    }
  });

  it('wakes workers, and lets them be terminated asleep', async () => {
    const workers = Array.from({ length: 4 }, () => {
      const own = eventOpen();
      const worker = new Worker(new URL('./scenarios/sleeper.js', import.meta.url), {
        workerData: { event: own },
      });
      return { own, worker, asleep: once(worker, 'message') };
    });
    try {
      for (const { own, worker, asleep } of workers) {
        assert.deepEqual(await asleep, ['asleep']);
        for (let i = 0; i < 100; i++) {
          const woken = once(worker, 'message');
          eventSignal(own);
          assert.deepEqual(await woken, ['woken']);
        }
      }
    } finally {
      for (const { own, worker } of workers) {
        await worker.terminate();
        closeFd(own);
      }
    }
  });

  it('keeps the process alive only while it is armed, and hands on what its callback throws', () => {
    const addon = new URL('../../src/native/index.js', import.meta.url).href;
    const script = (last: string): string => `
      import { Worker } from 'node:worker_threads';
      import { eventOpen, eventSignal, pollerAdd, pollerOpen, Waiter } from '${addon}';
      const [poller, event] = [pollerOpen(), eventOpen()];
      pollerAdd(poller, event);
      const waiter = new Waiter(poller, () => { console.log('called'); if (${last.includes('throw')}) throw new Error('on purpose'); });
      ${last}`;
    const run = (last: string) =>
      spawnSync(process.execPath, ['--input-type=module', '-e', script(last)], {
        cwd: fileURLToPath(new URL('.', import.meta.url)),
        encoding: 'utf8',
        timeout: 15_000,
      });
    // Another thread, which keeps nothing alive, signals when it has started.
    const other = `Promise.all([import('${addon}'), import('node:worker_threads')]).then(
      ([{ eventSignal }, { workerData }]) => eventSignal(workerData));`;
    const armed = run(
      `waiter.arm(); new Worker(${JSON.stringify(other)}, { eval: true, workerData: event }).unref();`,
    );
    assert.deepEqual([armed.status, armed.stdout], [0, 'called\n'], armed.stderr);
    const disarmed = run('waiter.arm(); waiter.disarm();');
    assert.deepEqual([disarmed.status, disarmed.stdout], [0, ''], disarmed.stderr);
    const thrown = run('/* throw */ waiter.arm(); eventSignal(event);');
    assert.equal(thrown.status, 1);
    assert.match(thrown.stderr, /on purpose/);
  });

  it('names its errors', () => {
    const isA = (code: string, syscall: string) => (error: unknown) =>
      error instanceof NativeError &&
      error.code === code &&
      error.syscall === syscall &&
      error.name === 'NativeError';
    assert.throws(() => pollerAdd(poller, event), isA('EEXIST', 'epoll_ctl'));
    assert.throws(() => pollerAdd(poller, 1_000_000), isA('EBADF', 'epoll_ctl'));
    assert.throws(() => closeFd(1_000_000), isA('EBADF', 'close'));
    assert.throws(() => new Waiter(1_000_000, () => undefined), isA('EBADF', 'uv_poll_init'));
    assert.ok(eventSignal(1_000_000) < 0);
    assert.equal(eventClear(event), 0, 'nothing was signalled');
  });
});
