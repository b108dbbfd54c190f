import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareLogFile, strongswanConf } from '../../src/charon/index.js';

const options = { runDir: '/run/x', viciSocket: '/run/x/vici', logFile: '/run/x/log', level: 1 } as const;

describe('strongswan.conf', () => {
  it('includes no file but its own and leaves routes and addresses alone', () => {
    const conf = strongswanConf(options);
    assert.deepEqual(conf.match(/^ *include .*$/gm), ['include /run/x/charon-setting[s].conf']);
    for (const line of ['install_routes = no', 'install_virtual_ip = no', 'process_route = no']) {
      assert.ok(conf.includes(line), line);
    }
    assert.match(conf, /socket = "unix:\/\/\/run\/x\/vici"/);
    assert.match(conf, /path = "\/run\/x\/log"/);
  });

  it('keeps groups that would log keys at level 1, however much is asked for', () => {
    const conf = strongswanConf({ ...options, level: 2 });
    assert.match(conf, /default = 2/);
    for (const group of ['enc', 'ike', 'chd', 'lib', 'asn', 'tls', 'esp']) {
      assert.match(conf, new RegExp(`^ +${group} = 1$`, 'm'));
    }
    assert.match(strongswanConf({ ...options, level: 0 }), /^ +ike = 0$/m);
    assert.match(strongswanConf({ ...options, logFile: null }), /^ +path = stderr$/m);
  });

  for (const path of [
    'relative',
    '/with "quote',
    '/with\nnewline',
    '/with%d',
    '/with#comment',
    '/with{brace}',
  ]) {
    it(`refuses the path ${JSON.stringify(path)}`, () => {
      assert.throws(() => strongswanConf({ ...options, logFile: path }), /give an absolute path/);
    });
  }

  it('makes the log file for its owner alone, and keeps what is in it', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'conf-'));
    try {
      const path = join(dir, 'log');
      await prepareLogFile(path);
      assert.equal((await stat(path)).mode & 0o777, 0o600);
      await writeFile(path, 'old\n');
      await chmod(path, 0o644);
      await prepareLogFile(path);
      const after = await stat(path);
      assert.equal(after.mode & 0o777, 0o600);
      assert.equal(after.size, 4);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});
