// What `sluice up` does as root for a process with a user of its own, asked by such a process.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@sluice/shared';
import { RootService, serviceSocket } from '../src/up/root-service.js';
import { type Identity, identityOf, readAccounts } from '../src/up/users.js';
import { makeUsers } from './support/users.js';

const SHARED = import.meta.resolve('@sluice/shared');
const LOG = createLogger({ name: 'test', level: 'silent' });

describe('what root does for a process with a user of its own', () => {
  let dir: string;
  let identity: Identity;
  let service: RootService;
  const restarted: string[] = [];

  before(makeUsers);
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'sluice-service-'));
    chmodSync(dir, 0o711);
    mkdirSync(join(dir, 'closed'), { mode: 0o700 });
    mkdirSync(join(dir, 'theirs'), { mode: 0o700 });
    const found = identityOf('mgmt', readAccounts());
    assert.ok(found);
    identity = found;
    chownSync(join(dir, 'theirs'), identity.uid, identity.gid);
    for (const name of ['closed/auth', 'closed/other', 'theirs/swapped'])
      writeFileSync(join(dir, name), `the ${name}\n`, { mode: 0o600 });
    symlinkSync(join(dir, 'closed/other'), join(dir, 'theirs/link'));
    writeFileSync(
      join(dir, 'a.json'),
      JSON.stringify({
        schema: 1,
        management: {
          snmp: {
            sources: ['192.0.2.0/24'],
            communities: ['closed/auth', 'theirs/link', 'theirs/swapped', 'closed/none'].map((file) => ({
              file: join(dir, file),
            })),
          },
        },
      }),
      { mode: 0o600 },
    );
    service = await RootService.listen({
      ...{ configFile: join(dir, 'a.json'), runDir: dir, log: LOG },
      askers: new Map([['mgmt', identity]]),
      restart: (name) => restarted.push(name) > 0 && name === 'dataplane',
    });
  });
  afterEach(async () => {
    await service.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** What a process of the user says that runs this with the package as `shared`. */
  function asUser(code: string): Promise<string> {
    const { uid, gid, groups } = identity;
    // As root until it is loaded: the source tree may be closed to others.
    const script = `import(${JSON.stringify(SHARED)}).then(async (shared) => {
      process.setgroups(${JSON.stringify(groups)}), process.setgid(${gid}), process.setuid(${uid});
      console.log(await (${code}));
    }).catch((error) => console.log(error.code ?? '', error.message))`;
    const env = { ...process.env, SLUICE_SUPERVISOR: serviceSocket(dir, 'mgmt') };
    return new Promise((resolve, reject) => {
      execFile(process.execPath, ['-e', script], { env, cwd: '/' }, (error, stdout) =>
        error ? reject(error) : resolve(stdout.trim()),
      );
    });
  }
  const secret = (name: string): Promise<string> =>
    asUser(`shared.readSecretFile('${join(dir, name)}').then(String)`);

  it('opens secrets that the configuration names for it, and no other file', async () => {
    assert.equal(await secret('closed/auth'), 'the closed/auth');
    assert.match(await secret('closed/none'), /is missing: create it/);
    assert.match(await secret('closed/other'), /the configuration does not name it for this process/);
    assert.match(await secret('a.json'), /the configuration does not name it for this process/);
  });

  it('opens none that the process could have put there, through a link or not', async () => {
    for (const name of ['theirs/link', 'theirs/swapped'])
      assert.match(await secret(name), /(could have put anything there|EACCES)/, name);
    chownSync(join(dir, 'theirs/swapped'), identity.uid, identity.gid);
    assert.equal(await secret('theirs/swapped'), 'the theirs/swapped');
  });

  it('opens what a changed configuration names, and still what it named before', async () => {
    assert.equal(await secret('closed/auth'), 'the closed/auth');
    writeFileSync(
      join(dir, 'a.json'),
      JSON.stringify({
        schema: 1,
        management: {
          syslog: {
            servers: [{ host: '192.0.2.1', transport: 'tls', ca: { file: join(dir, 'closed/other') } }],
          },
        },
      }),
    );
    assert.match(
      await asUser(`shared.readNamedFile('${join(dir, 'closed/other')}', 99).then(({ bytes }) => bytes)`),
      /Buffer/,
    );
    assert.equal(await secret('closed/auth'), 'the closed/auth');
  });

  it('ends a process for the management, and writes for nobody but the agent', async () => {
    assert.equal(await asUser(`shared.askSupervisor({ op: 'restart', process: 'dataplane' })`), '{}');
    assert.match(
      await asUser(`shared.askSupervisor({ op: 'restart', process: 'x' })`),
      /^ESRCH x does not run/,
    );
    assert.deepEqual(restarted, ['dataplane', 'x']);
    assert.match(await asUser(`shared.writeNamedFile('${join(dir, 'a.json')}', '')`), /^EACCES/);
  });

  it('answers nobody else', async () => {
    const mine = identity;
    identity = { uid: 65_534, gid: 65_534, groups: mine.groups };
    assert.match(await secret('closed/auth'), /does not answer \(connect EACCES/);
  });

  it('refuses what is no request', async () => {
    assert.match(await asUser(`shared.askSupervisor({ op: 'read', path: 1 })`), /^EINVAL/);
  });
});
