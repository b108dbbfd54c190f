import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { until } from '@sluice/shared';
import { Lab } from '../src/index.js';
import { footprint, NOTHING } from './fixtures/footprint.js';

describe('a lab', () => {
  let lab: Lab;

  beforeEach(async () => {
    lab = await Lab.create({ name: 'lifecycle-test', graceMs: 200 });
  });

  afterEach(() => lab.stop());

  it('removes all that it has made', async () => {
    const [a, b, nat, lan] = await Promise.all([lab.host('a'), lab.host('b'), lab.nat('n'), lab.bridge('s')]);
    await lab.link(a.port('eth0', '10.0.0.1/24'), lan.port('p0'));
    await lab.link(b.port('eth0', '10.0.0.2/24'), lan.port('p1'));
    await lab.link(nat.port('wan'), lan.port('p2'));
    await a.start(['sleep', '300']);
    await b.start(['sh', '-c', 'trap "" TERM; echo on; while :; do sleep 1; done'], { ready: { log: /on/ } });
    // A daemon: its parent is not of the lab any more.
    await b.run(['sh', '-c', 'setsid sleep 300 > /dev/null 2>&1 &']);
    await a.run(['mount', '-n', '-t', 'tmpfs', 'tmpfs', '/mnt']);

    const before = footprint(lab.id);
    assert.equal(before.namespaces.length, 4);
    assert.ok(before.processes.length >= 4 + 3, `${before.processes.length} processes`);
    assert.deepEqual(before.mounts, [], 'a mount of a node shows on the machine');
    assert.equal(before.directory, true);

    assert.equal(await lab.stop(), null);
    assert.deepEqual(footprint(lab.id), NOTHING);
    for (const pid of before.processes) assert.equal(existsSync(`/proc/${pid}/exe`), false);
  });

  it('keeps logs and captures when told, and nothing secret', async () => {
    const a = await lab.host('a');
    a.writeFile('psk', 'not for the logs');
    await a.start(['echo', 'hello'], { name: 'greeting', ready: { log: /hello/ } });
    lab.keepLogs = true;
    const kept = await lab.stop();
    assert.ok(kept);
    try {
      assert.equal(readFileSync(`${kept}/a/greeting.log`, 'utf8'), 'hello\n');
      assert.ok(!readdirSync(`${kept}/a`).includes('psk'));
      assert.deepEqual(footprint(lab.id).namespaces, []);
    } finally {
      rmSync(kept, { recursive: true });
    }
  });

  it('gives a node a /run of its own, with its directory in it, in every process', async () => {
    const [a, b] = await Promise.all([lab.host('a'), lab.host('b')]);
    await a.run(['sh', '-c', 'echo one > /run/mark; echo two > shared']);
    assert.equal((await a.run(['cat', '/run/mark'])).stdout, 'one\n');
    assert.equal((await b.run(['ls', '/run'])).stdout, 'lock\nsluice-lab\n');
    assert.equal(existsSync('/run/mark'), false);
    assert.equal(readFileSync(a.path('shared'), 'utf8'), 'two\n');
    assert.deepEqual((await a.run(['ls', `/run/sluice-lab/${lab.id}`])).stdout, 'a\n');
  });

  it('keeps its files from other users', async () => {
    const a = await lab.host('a');
    const mode = (path: string): number => statSync(path).mode & 0o777;
    const log = (await a.start(['echo'])).logPath;
    assert.deepEqual([lab.directory, a.directory].map(mode), [0o711, 0o711]);
    assert.deepEqual([a.writeFile('psk', 'x'), log].map(mode), [0o600, 0o600]);
  });

  it('says which command failed where, and what it said', async () => {
    const a = await lab.host('a');
    await assert.rejects(a.run(['ip', 'link', 'show', 'eth9']), {
      name: 'CommandError',
      message: '"ip link show eth9" in a ended with status 1: Device "eth9" does not exist.',
    });
    await assert.rejects(a.run(['no-such-program']), { message: /is no-such-program installed\?/ });
    await assert.rejects(a.run(['sleep', '60'], { deadlineMs: 50 }), {
      code: 'deadline',
      message: '"sleep 60" in a did not end within 50 ms and was killed; it had printed: nothing',
    });
    assert.equal((await a.run(['sh', '-c', 'exit 3'], { check: false })).code, 3);
  });

  it('says why a process did not become ready', async () => {
    const a = await lab.host('a');
    const failing = a.start(['sh', '-c', 'echo no such key; exit 2'], { ready: { udp: 500 } });
    await assert.rejects(failing, {
      code: 'process-ended',
      message: /status 2 before .* ready: no such key/,
    });
    const silent = a.start(['sleep', '300'], { ready: { tcp: 1 }, readyMs: 100 });
    await assert.rejects(silent, {
      code: 'deadline',
      message: /sleep in a to be ready; last state: null/,
    });
  });

  it('refuses names that it cannot use, and a name twice', async () => {
    const a = await lab.host('a');
    await assert.rejects(lab.host('a'), { code: 'name', message: 'the lab already has a node "a"' });
    await assert.rejects(lab.host('a/../b'), { code: 'name' });
    assert.throws(() => a.port('a-name-too-long-for-linux'), { code: 'name' });
  });

  it('makes nothing after its stop, and waits for what was being made', async () => {
    const making = lab.host('a').then(
      () => 'made',
      () => 'refused',
    );
    await lab.stop();
    await making;
    assert.deepEqual(footprint(lab.id), NOTHING);
    await assert.rejects(lab.host('b'), { code: 'stopped' });
    assert.deepEqual(footprint(lab.id), NOTHING);
  });

  it('ends a command that is under way', async () => {
    const a = await lab.host('a');
    const running = a.run(['sh', '-c', 'touch started; exec sleep 300'], { check: false });
    await until('the command to have started', () => existsSync(a.path('started')));
    await lab.stop();
    assert.equal((await running).code, 137);
  });
});
