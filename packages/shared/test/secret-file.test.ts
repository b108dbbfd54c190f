import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSecretFile } from '../src/secret-file.js';

describe('secret file', () => {
  let dir: string;
  let path: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'secret-file-'));
    path = join(dir, 'psk');
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  async function put(content: string | Buffer, mode = 0o600): Promise<void> {
    await writeFile(path, content);
    await chmod(path, mode);
  }

  for (const [content, key] of [
    ['s3cret', 's3cret'],
    ['s3cret\n', 's3cret'],
    ['s3cret\r\n', 's3cret'],
    ['s3cret\n\n', 's3cret\n'],
    [' two words ', ' two words '],
    ['s3cret\r', 's3cret\r'],
  ] as const) {
    it(`reads ${JSON.stringify(key)} from ${JSON.stringify(content)}`, async () => {
      await put(content);
      assert.equal((await readSecretFile(path)).toString(), key);
    });
  }

  it('reads keys that are not text', async () => {
    const key = Buffer.from([0, 0xff, 0x0a, 0x80, 0]);
    await put(key);
    assert.deepEqual(await readSecretFile(path), key);
  });

  it('follows a symbolic link', async () => {
    await put('s3cret');
    await symlink(path, join(dir, 'link'));
    assert.equal((await readSecretFile(join(dir, 'link'))).toString(), 's3cret');
  });

  for (const mode of [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o777]) {
    it(`refuses mode ${mode.toString(8)}, without a word of its content`, async () => {
      await put('s3cret', mode);
      await assert.rejects(readSecretFile(path), (error) => {
        assert.match(
          String(error),
          new RegExp(`has mode 0${mode.toString(8)}, open to others: run chmod 600 ${path}`),
        );
        assert.doesNotMatch(String(error), /s3cret/);
        return true;
      });
    });
  }

  it('takes a file that even its owner cannot write', async () => {
    await put('s3cret', 0o400);
    assert.equal((await readSecretFile(path)).toString(), 's3cret');
  });

  it('refuses a file of another user', async () => {
    await put('s3cret');
    await chown(path, 65534, 0);
    await assert.rejects(readSecretFile(path), /belongs to user 65534: give it to root/);
  });

  for (const content of ['', '\n', '\r\n']) {
    it(`refuses an empty file (${JSON.stringify(content)})`, async () => {
      await put(content);
      await assert.rejects(readSecretFile(path), /is empty: write the pre-shared key into it/);
    });
  }

  it('refuses what is missing, a directory, a FIFO, a loop of links and a large file', async () => {
    await assert.rejects(readSecretFile(path), /is missing: create it/);
    await assert.rejects(readSecretFile(dir), /is not a regular file/);
    await symlink(path, path);
    await assert.rejects(readSecretFile(path), /is a loop of symbolic links/);
    await rm(path);
    execFileSync('mkfifo', ['-m', '600', path]);
    await assert.rejects(readSecretFile(path), /is not a regular file/);
    await rm(path);
    await put(Buffer.alloc(16_385, 'x'));
    await assert.rejects(readSecretFile(path), /has 16385 bytes, more than a secret can have/);
    await put(Buffer.alloc(16_384, 'x'));
    assert.equal((await readSecretFile(path)).length, 16_384);
  });
});
