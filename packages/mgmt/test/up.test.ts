// `sluice up` with all its real processes, in a network namespace of its own.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, type ProcessId, until } from '@sluice/shared';
import { capabilitiesIn } from '../src/up/capabilities.js';
import {
  CONFINED_NAMES,
  capabilitiesOf,
  PROCESS_NAMES as PROCESSES,
  type ProcessName,
  privilegesOf,
} from '../src/up/privileges.js';
import { readAccounts, SHARED_GROUP, identityOf as userIdentity } from '../src/up/users.js';
import { EXECUTABLE, sluice } from './sluice.js';
import { makeUsers, refusal, usersMayRun } from './support/users.js';

const AMBIENT: readonly string[] = ['CapInh', 'CapAmb'];
const isRoot = (name: ProcessName): boolean => privilegesOf(name).staysRoot !== undefined || !usersMayRun();

/** Of a line of /proc/PID/status. */
function numbersIn(status: string, line: string): number[] {
  const text = new RegExp(`^${line}:\\t(.*)$`, 'm').exec(status)?.[1] ?? '';
  return text.trim().split(/\s+/).map(Number);
}

describe('sluice up', function () {
  this.timeout(120_000);
  let dir: string;
  let runDir: string;
  let file: string;
  let gateway: ChildProcess | null = null;
  let output = '';

  before(makeUsers);
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'sluice-up-'));
    chmodSync(dir, 0o711);
    runDir = join(dir, 'run');
    file = join(dir, 'a.yaml');
    output = '';
    writeFileSync(file, 'schema: 1\nhostname: box\ndataplane: { workers: 1 }\n');
  });
  afterEach(async () => {
    if (gateway !== null && gateway.exitCode === null && gateway.signalCode === null) {
      gateway.kill('SIGTERM');
      await once(gateway, 'exit');
    }
    gateway = null;
    // What a killed `up` leaves running.
    for (const name of PROCESSES) {
      const left = identityOf(name);
      if (left !== null && isAlive(left)) process.kill(left.pid, 'SIGKILL');
    }
    rmSync(dir, { recursive: true, force: true });
  });

  /** @param confinement A command line that runs another. */
  function start(confinement: readonly string[] = []): ChildProcess {
    const up = [process.execPath, EXECUTABLE, 'up', '-c', file, '--run-dir', runDir];
    const child = spawn('unshare', ['-n', ...confinement, ...up], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    gateway = child;
    return child;
  }

  const comes = (what: string, condition: () => boolean): Promise<true> =>
    until(() => `${what}, in\n${output}\n`, condition, { deadlineMs: 30_000 });

  function identityOf(name: string): ProcessId | null {
    const path = join(runDir, `${name}.pid`);
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as ProcessId) : null;
  }
  const converged = (revision: number): Promise<true> =>
    comes(`revision ${revision} to converge`, () => output.includes(`box, revision ${revision}: converged`));

  it('runs every process until it is told to end, and leaves none', async () => {
    const child = start();
    await converged(1);
    const identities = PROCESSES.map((name) => identityOf(name));
    for (const identity of identities) assert.ok(identity !== null && isAlive(identity), output);

    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    assert.equal(code, 0, output);
    for (const identity of identities) assert.ok(identity !== null && !isAlive(identity), output);
    assert.deepEqual(
      readdirSync(runDir).filter((name) => /\.(pid|req|pub)$/.test(name)),
      [],
    );
  });

  it('gives each process the capabilities that it needs, and keeps what it writes from other users', async () => {
    start();
    await converged(1);
    if (usersMayRun()) assert.doesNotMatch(output, /warning/);
    else assert.match(output, /closed to the user sluice-mgmt, so mgmt runs as root's user/);
    for (const name of PROCESSES) {
      const status = readFileSync(`/proc/${identityOf(name)?.pid}/status`, 'utf8');
      const declared = capabilitiesOf(name).sort();
      assert.deepEqual(capabilitiesIn(status, 'CapBnd').sort(), declared, name);
      for (const set of ['CapEff', 'CapPrm', 'CapInh', 'CapAmb'] as const) {
        const has = capabilitiesIn(status, set).sort();
        // charon gives up more by itself when it has its ports, and moves what it keeps among its sets.
        if (name === 'charon')
          assert.ok(
            has.every((one) => declared.includes(one)),
            has.join(),
          );
        else
          assert.deepEqual(has, isRoot(name) && AMBIENT.includes(set) ? [] : declared, `${set} of ${name}`);
      }
      assert.match(status, /^NoNewPrivs:\t1$/m, name);
      const accounts = readAccounts();
      const identity = isRoot(name) ? null : userIdentity(name, accounts, privilegesOf(name).besides);
      const { uid, gid } = identity ?? { uid: 0, gid: 0 };
      const groups = identity?.groups ?? [accounts.groups.get(SHARED_GROUP) ?? -1];
      assert.deepEqual(numbersIn(status, 'Uid'), [uid, uid, uid, uid], name);
      assert.deepEqual(numbersIn(status, 'Gid'), [gid, gid, gid, gid], name);
      if (usersMayRun()) assert.deepEqual(numbersIn(status, 'Groups').sort(), [...groups].sort(), name);
    }
    assert.equal(statSync(runDir).mode & 0o7777, usersMayRun() ? 0o3770 : 0o700);
    const open = readdirSync(runDir, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .filter(
        ({ name }) =>
          (statSync(join(runDir, name)).mode & (/\.(log|conf)$/.test(name) ? 0o037 : 0o077)) !== 0,
      );
    assert.deepEqual(
      open.map((entry) => entry.name),
      [],
    );
  });

  it("keeps from each process with a user of its own what is root's and the others'", async () => {
    const psk = join(dir, 'psk');
    writeFileSync(psk, 'a secret\n', { mode: 0o600 });
    start();
    await converged(1);
    const accounts = readAccounts();
    const state = join(runDir, 'state');
    for (const name of CONFINED_NAMES) {
      const identity = userIdentity(name, accounts, privilegesOf(name).besides);
      assert.ok(identity, name);
      const others = PROCESSES.filter((other) => other !== name);
      const closed = [
        ...[
          psk,
          ...(name === 'mgmt' ? [join(runDir, 'strongswan.conf')] : []),
          join(runDir, 'sequence-numbers'),
          join(runDir, 'stable-secret'),
        ],
        ...others.flatMap((other) => [
          join(runDir, `${other}.pid`),
          `/proc/${identityOf(other)?.pid}/environ`,
        ]),
        ...others.map((other) => join(state, other)).filter((path) => existsSync(path)),
        join(state, 'agent', 'config.json'),
      ].filter((path) => existsSync(path) && statSync(path).uid !== identity.uid);
      for (const path of closed)
        assert.equal(refusal(identity, 'r', path), 'EACCES', `${name} reads ${path}`);
      for (const other of ['up', ...others])
        assert.equal(refusal(identity, 'w', join(runDir, `${other}.log`)), 'EACCES', `${name} writes a log`);
    }
  });

  it("takes over what an earlier version has left as root's", async () => {
    const identity = userIdentity('mgmt', readAccounts());
    assert.ok(identity);
    const old = join(runDir, 'state', 'snmp');
    mkdirSync(old, { recursive: true, mode: 0o700 });
    chmodSync(runDir, 0o700);
    writeFileSync(join(old, 'engine-id'), '8000c1a2\n', { mode: 0o600 });
    writeFileSync(join(runDir, 'mgmt.log'), 'before\n', { mode: 0o600 });
    const server = createServer().listen(join(runDir, 'mgmt.req'));
    await once(server, 'listening');
    renameSync(join(runDir, 'mgmt.req'), join(runDir, 'stale'));
    server.close();
    renameSync(join(runDir, 'stale'), join(runDir, 'mgmt.req'));
    start();
    await converged(1);
    const moved = join(runDir, 'state', 'mgmt', 'snmp');
    assert.equal(existsSync(old), false);
    const uid = isRoot('mgmt') ? 0 : identity.uid;
    for (const path of [moved, join(moved, 'engine-id')]) assert.equal(statSync(path).uid, uid);
    assert.equal(readFileSync(join(moved, 'engine-id'), 'utf8'), '8000c1a2\n');
    await comes('its socket', () => statSync(join(runDir, 'mgmt.req')).uid === uid);
    assert.equal(refusal(identity, 'r', join(runDir, 'mgmt.log')), isRoot('mgmt') ? 'EACCES' : 'allowed');
  });

  it('starts where it has fewer capabilities than its processes would like, and says what that costs', async () => {
    start([
      'setpriv',
      '--bounding-set=-all,+net_admin,+net_raw,+net_broadcast,+net_bind_service,+setpcap',
      '--',
    ]);
    await converged(1);
    for (const missing of ['bpf', 'ipc_lock', 'sys_admin', 'setgid'])
      assert.match(
        output,
        new RegExp(`^warning: "sluice up" has no cap_${missing} to hand on: .* without$`, 'm'),
      );
    const status = readFileSync(`/proc/${identityOf('dataplane')?.pid}/status`, 'utf8');
    assert.deepEqual(capabilitiesIn(status, 'CapEff').sort(), ['net_admin', 'net_broadcast', 'net_raw']);
  });

  it("starts with a file in another user's closed directory, and says what that takes", async () => {
    const home = join(dir, 'home');
    mkdirSync(home, { mode: 0o700 });
    renameSync(file, join(home, 'a.yaml'));
    file = join(home, 'a.yaml');
    chownSync(home, 65_534, 65_534);
    start();
    await converged(1);
    assert.match(
      output,
      /^warning: .*a\.yaml, .*: not root's, .*so every process of root's user gets cap_dac_override; /m,
    );
    for (const name of PROCESSES) {
      const status = readFileSync(`/proc/${identityOf(name)?.pid}/status`, 'utf8');
      const declared = [...capabilitiesOf(name), ...(isRoot(name) ? ['dac_override'] : [])].sort();
      assert.deepEqual(capabilitiesIn(status, 'CapBnd').sort(), declared, name);
    }
  });

  it('starts a killed process again, and tells it its part', async () => {
    start();
    await converged(1);
    const killed = identityOf('dataplane');
    assert.ok(killed);
    process.kill(killed.pid, 'SIGKILL');
    await comes('its end', () => output.includes('dataplane ended by SIGKILL'));
    output = '';
    await converged(1);
    assert.notDeepEqual(identityOf('dataplane'), killed);
  });

  it('applies a changed file on SIGHUP', async () => {
    const child = start();
    await converged(1);
    writeFileSync(
      file,
      'schema: 1\nhostname: box\ndataplane: { workers: 1 }\nvrfs: [{ name: default }, { name: red }]\n',
    );
    child.kill('SIGHUP');
    await converged(2);
    assert.match(output, /reloaded: revision 2, 1 changes?\n/);
  });

  it('goes on, and ends in order, when nobody reads what it prints any more', async () => {
    const child = start();
    await converged(1);
    const identities = PROCESSES.map((name) => identityOf(name));
    child.stdout?.destroy();
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
    for (const identity of identities) assert.ok(identity !== null && !isAlive(identity));
  });

  it('does not disturb a gateway that runs in the same directory', async () => {
    start();
    await converged(1);
    const before = PROCESSES.map((name) => identityOf(name));
    const { code, stderr } = await sluice('up', '-c', file, '--run-dir', runDir);
    assert.equal(code, 1);
    assert.match(stderr, /^sluice: a supervisor is already running in .*: stop it first\n$/);
    assert.deepEqual(
      PROCESSES.map((name) => identityOf(name)),
      before,
    );
  });

  it('takes over what a killed one has left running', async () => {
    const first = start();
    await converged(1);
    const before = PROCESSES.map((name) => identityOf(name));
    first.kill('SIGKILL');
    await once(first, 'exit');
    output = '';
    start();
    await converged(1);
    assert.match(output, /dataplane is running already, taken over/);
    assert.deepEqual(
      PROCESSES.map((name) => identityOf(name)),
      before,
    );
  });
});
