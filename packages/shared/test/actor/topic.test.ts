import assert from 'node:assert/strict';
import { type ActorClient, connect, until } from '../../src/index.js';
import { type TestContract, testContract } from '../support/contract.js';
import { type ProbeServer, serveProbe } from '../support/handlers.js';
import { endProcess, Sandbox } from '../support/sandbox.js';

/** A subscriber that keeps the state, and checks that each event is the next one. */
function follow(client: ActorClient<TestContract>, onEvent?: (n: number) => void) {
  const seen = {
    last: 0,
    sum: 0,
    snapshots: [] as { last: number; instance: string }[],
    events: [] as number[],
    gaps: 0,
    downs: 0,
  };
  const subscription = client.subscribe('numbers', {
    onSnapshot: (state, { instance }) => {
      seen.last = state.last;
      seen.sum = state.sum;
      seen.snapshots.push({ last: state.last, instance });
    },
    onEvent: ({ n }) => {
      assert.equal(n, seen.last + 1, 'the next event');
      seen.last = n;
      seen.sum += n;
      seen.events.push(n);
      onEvent?.(n);
    },
    onGap: (lost) => {
      assert(lost > 0);
      seen.gaps++;
    },
    onDown: () => void seen.downs++,
  });
  return { seen, subscription };
}

describe('actor topics', () => {
  let sandbox: Sandbox;
  let client: ActorClient<TestContract>;
  beforeEach(() => {
    sandbox = new Sandbox();
    client = sandbox.own(connect(testContract, { runDir: sandbox.runDir, log: sandbox.log }));
  });
  afterEach(async () => {
    await sandbox.end();
    assert(!sandbox.logged.join('').includes('subscriber failed'), 'no subscriber saw an event out of order');
  });

  async function serveHere(): Promise<ProbeServer> {
    const probe = await serveProbe(sandbox.runDir, sandbox.log);
    sandbox.own(probe.server);
    return probe;
  }

  it('give a late subscriber the snapshot, then the events after it', async () => {
    const probe = await serveHere();
    for (let i = 0; i < 5; i++) probe.publish();
    const { seen } = follow(client);
    await until('the snapshot', () => seen.snapshots.length > 0);
    assert.deepEqual(seen.snapshots, [{ last: 5, instance: probe.server.instance }]);
    for (let i = 0; i < 3; i++) probe.publish();
    await until('the events', () => seen.last === 8);
    assert.equal(seen.sum, 36);
  });

  it('reach a subscriber that was there before the server', async () => {
    const { seen } = follow(client);
    const probe = await serveHere();
    probe.publish();
    await until('the state', () => seen.last === 1);
    assert.equal(seen.downs, 0);
  });

  it('give many subscribers of one client the same', async () => {
    const probe = await serveHere();
    const followers = Array.from({ length: 5 }, () => follow(client));
    await until('snapshots', () => followers.every(({ seen }) => seen.snapshots.length > 0));
    followers[0]?.subscription.close();
    for (let i = 0; i < 50; i++) probe.publish();
    await until('the events', () => followers.slice(1).every(({ seen }) => seen.last === 50));
    assert.equal(followers[0]?.seen.events.length, 0);
  });

  it('bring a slow subscriber of a flood to the final state, by a snapshot where events were lost', async () => {
    await sandbox.run('probe-process', sandbox.runDir);
    const pause = new Int32Array(new SharedArrayBuffer(4));
    const { seen } = follow(client, () => void Atomics.wait(pause, 0, 0, 1));
    await until('the snapshot', () => seen.snapshots.length === 1);
    await client.request('flood', { count: 10_000 });
    await until('the final state', () => seen.last === 10_000);
    assert.equal(seen.sum, 50_005_000);
    assert(seen.gaps > 0 && seen.snapshots.length > 1, 'the flood was more than the socket holds');
  });

  it('tell of a killed server, and go on with the next one', async () => {
    const recordFile = '/dev/null';
    const first = await sandbox.run('probe-process', sandbox.runDir, recordFile, '3');
    const { seen } = follow(client);
    await until('the first state', () => seen.last === 3);
    await endProcess(first.child, 'SIGKILL');
    await until('onDown', () => seen.downs === 1);
    const second = await sandbox.run('probe-process', sandbox.runDir, recordFile, '7');
    await until('the second state', () => seen.last === 7);
    assert.deepEqual(
      seen.snapshots.map(({ instance }) => instance),
      [first.line, second.line],
    );
    assert.equal(seen.downs, 1);
  });

  it('tell of a server that was replaced sooner than its silence shows', async () => {
    const first = await sandbox.run('probe-process', sandbox.runDir);
    const { seen } = follow(client);
    await until('the first state', () => seen.snapshots.length === 1);
    await endProcess(first.child, 'SIGKILL');
    const second = await sandbox.run('probe-process', sandbox.runDir);
    await until('the second state', () => seen.snapshots.at(-1)?.instance === second.line);
    assert.equal(seen.downs, 1);
  });

  it('tell of a server that stands still, and take a new snapshot when it goes on', async () => {
    const { child } = await sandbox.run('probe-process', sandbox.runDir);
    const { seen } = follow(client);
    await until('the first state', () => seen.snapshots.length === 1);
    child.kill('SIGSTOP');
    await until('onDown', () => seen.downs === 1);
    child.kill('SIGCONT');
    await until('a new snapshot', () => seen.snapshots.length === 2);
  });

  it('replace an event that is not what the contract says by a snapshot, and log it without its body', async () => {
    const probe = await serveHere();
    const { seen } = follow(client);
    await until('the first state', () => seen.snapshots.length === 1);
    probe.server.publish('numbers', { n: 'SECRET' } as unknown as { n: number });
    probe.numbers.last = 2;
    await until('the snapshot', () => seen.last === 2);
    assert.equal(seen.gaps, 1);
    assert(sandbox.logged.some((line) => line.includes('event is not what its topic says')));
    assert(!sandbox.logged.join('').includes('SECRET'));
  });

  it('go on for other subscribers when one throws', async () => {
    const probe = await serveHere();
    const thrower = client.subscribe('numbers', {
      onSnapshot: () => undefined,
      onEvent: () => {
        throw new Error('my own mistake');
      },
    });
    const { seen } = follow(client);
    await until('the snapshot', () => seen.snapshots.length === 1);
    probe.publish();
    probe.publish();
    await until('the events', () => seen.last === 2);
    thrower.close();
    assert(sandbox.logged.some((line) => line.includes('my own mistake')));
    sandbox.logged.length = 0;
  });
});
