// Files by SFTP and scp: captures taken away, configurations brought.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertDone, Box } from './box.js';

describe('files over SSH', function () {
  this.timeout(120_000);
  const box = new Box();
  before(() => box.start());
  after(() => box.stop());

  const copy = (user: string, from: string, to: string) => box.client('scp', user, [], [from, to]);
  const batch = (user: string, commands: string) => {
    const list = join(box.dir, 'batch');
    writeFileSync(list, commands);
    return box.client('sftp', user, ['-b', list], ['127.0.0.1']);
  };

  it('takes a capture away', async () => {
    const ended = await box.ssh(['capture', 'write', 'lo.pcapng', 'timeout', '1']);
    assertDone(ended);
    const here = join(box.dir, 'taken.pcapng');
    assertDone(await copy('anna', '127.0.0.1:captures/lo.pcapng', here));
    // The block type of a section header (pcapng, section 4.1).
    assert.equal(readFileSync(here).readUInt32BE(0), 0x0a0d0d0a);
    assert.match((await batch('anna', 'ls captures\n')).stdout, /lo\.pcapng/);
    assertDone(await batch('anna', 'rm captures/lo.pcapng\n'));
    assert.ok(!(await batch('anna', 'ls captures\n')).stdout.includes('lo.pcapng\n'));
  });

  it('writes a capture to standard output', async () => {
    const ended = await box.ssh(['capture write - timeout 1']);
    assertDone(ended);
    assert.ok(ended.stdout.length > 0);
  });

  it('brings a configuration, which a commit then takes', async () => {
    const here = join(box.dir, 'site.yaml');
    writeFileSync(here, box.configuration().replace('hostname: box', 'hostname: site'));
    assertDone(await copy('anna', here, '127.0.0.1:files/site.yaml'));
    const ended = await box.ssh([], { input: 'configure\nload site.yaml\ncommit\n' });
    assertDone(ended);
    assert.equal((await box.agentStatus()).hostname, 'site');
  });

  it('has nothing else of the box, whatever the path is', async () => {
    mkdirSync(join(box.stateDir, 'mgmt', 'files'), { recursive: true });
    for (const path of [
      '/etc/passwd',
      '../config.json',
      'files/../../config.json',
      'ssh/host_ed25519_key',
      'files/.hidden',
      'captures/../ssh/host_ecdsa_key',
    ]) {
      const { code, stderr } = await copy('anna', `127.0.0.1:${path}`, join(box.dir, 'stolen'));
      assert.equal(code, 1, path);
      assert.match(stderr, /No such file|not a regular|Permission denied|there are captures/i, path);
    }
    const written = await copy('anna', box.file, '127.0.0.1:captures/x.yaml');
    assert.match(written.stderr, /files are brought to \/files|Permission denied/i);
  });

  it('is for administrators', async () => {
    const { code, stderr } = await copy('otto', box.file, '127.0.0.1:files/x.yaml');
    assert.equal(code, 1);
    assert.match(stderr, /Permission denied|only administrators/i);
  });
});
