import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionSection } from '@sluice/shared';
import { Credentials } from '../../src/charon/credentials.js';
import { connection } from './fixtures.js';
import { FakeSender } from './sender.js';

describe('credentials', () => {
  let dir: string;
  let path: string;
  let charon: FakeSender;
  let credentials: Credentials;
  let office: ConnectionSection;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'credentials-'));
    path = join(dir, 'psk');
    await put('first');
    charon = new FakeSender();
    credentials = new Credentials();
    office = connection({ psk: { file: path } });
    held = [];
    charon.answers.set('get-shared', () => ({ keys: held }));
    charon.answers.set('get-keys', () => ({ keys: [] }));
    charon.answers.set('load-shared', ({ id }) => {
      held.push(String(id));
      return { success: 'yes' };
    });
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  let held: string[];
  const put = (content: string): Promise<void> => writeFile(path, content, { mode: 0o600 });
  const load = async (wanted = office) => credentials.load(charon, wanted, await credentials.present(charon));
  const given = (): unknown[] =>
    charon.sent
      .splice(0)
      .flatMap(([command, { data, owners }]) => (command === 'load-shared' ? [[data, owners]] : []));

  it('are given once, with whose they are', async () => {
    await load();
    assert.deepEqual(given(), [['first', ['a.example', 'b.example']]]);
    await load();
    assert.deepEqual(given(), []);
  });

  it('are given again when they change, but not when only their file does', async () => {
    await load();
    given();
    await rm(path);
    await put('first');
    await load();
    assert.deepEqual(given(), []);
    await put('second, and longer');
    await load();
    assert.deepEqual(given(), [['second, and longer', ['a.example', 'b.example']]]);
    await load({ ...office, remote: { ...office.remote, id: 'c.example' } });
    assert.deepEqual(given(), [['second, and longer', ['a.example', 'c.example']]]);
  });

  it('are given again when charon has lost them', async () => {
    await load();
    given();
    held = [];
    await load();
    assert.equal(given().length, 1);
    credentials.forgetCharon();
    await load();
    assert.equal(given().length, 1);
  });

  it('are wiped from memory, also when charon refuses them', async () => {
    const kept: Uint8Array[] = [];
    const request = charon.request.bind(charon);
    charon.request = (command, message: { data?: Uint8Array } = {}) => {
      if (message.data !== undefined) kept.push(message.data);
      return request(command, message);
    };
    charon.answers.set('load-shared', () => ({ success: 'no', errmsg: 'full' }));
    await assert.rejects(load(), /charon refused load-shared: full/);
    assert.equal(kept.length, 1);
    assert.ok(kept[0]?.every((octet) => octet === 0));
    charon.answers.delete('load-shared');
    await load();
    assert.equal(given().length, 2, 'it was not taken for given');
  });

  it('of connections that went are taken from charon', async () => {
    await load();
    held.push('of-nobody');
    charon.sent.length = 0;
    await credentials.removeOthers(charon, [office], await credentials.present(charon));
    assert.deepEqual(
      charon.sent.filter(([command]) => command.startsWith('unload')),
      [['unload-shared', { id: 'of-nobody' }]],
    );
  });

  it('that cannot be read are a sentence with their file', async () => {
    await rm(path);
    await assert.rejects(load(), new RegExp(path));
    assert.deepEqual(given(), []);
  });
});
