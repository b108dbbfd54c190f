// Who may log in, with which client, and what happens to those who guess.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '@sluice/shared';
import { assertDone, Box, PASSWORD, PORT } from './box.js';

/** Logs in with a password and runs a command: paramiko, which is nobody's OpenSSH. */
const PARAMIKO = `
import sys, paramiko
user, password, *lines = sys.argv[1:]
client = paramiko.SSHClient()
client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
try:
    client.connect('127.0.0.1', ${PORT}, username=user, password=password, allow_agent=False, look_for_keys=False, timeout=20)
except paramiko.AuthenticationException:
    sys.exit(9)
except paramiko.SSHException as error:
    print(error); sys.exit(8)
for line in lines:
    _, out, err = client.exec_command(line)
    sys.stdout.write(out.read().decode()); sys.stderr.write(err.read().decode())
channel = client.invoke_shell(width=120, height=50)
channel.settimeout(20)
shown = b''
while b'> ' not in shown: shown += channel.recv(4096)
channel.resize_pty(width=60, height=10)
channel.send(b'show runtime | json\\n')
while b'-- more --' not in shown: shown += channel.recv(4096)
page = shown[shown.index(b'json'):].count(b'\\n')
print('page', page)
client.close()
`;

describe('logging in over SSH', function () {
  this.timeout(120_000);
  const box = new Box();
  before(() => box.start());
  after(() => box.stop());

  it('takes the key of a user, and no other', async () => {
    assertDone(await box.ssh(['show', 'agent'], { user: 'otto' }));
    const stranger = await box.ssh(['show', 'agent'], { user: 'eve' });
    assert.equal(stranger.code, 255);
    assert.match(stranger.stderr, /Permission denied/);
  });

  it('takes a password from paramiko, with a screen that changes its size', async () => {
    const ended = await box.inside('/usr/bin/python3', ['-c', PARAMIKO, 'otto', PASSWORD, 'show agent']);
    assertDone(ended);
    assert.match(ended.stdout, /^box: revision 1/);
    assert.match(ended.stdout, /page (9|10)\n$/);
  });

  it("takes a password from dropbear's client, which sends its first packet of the key exchange on a guess", async () => {
    const dbclient = (password: string) =>
      box.inside('dbclient', ['-y', '-y', '-p', `${PORT}`, 'otto@127.0.0.1', 'show', 'agent'], {
        DROPBEAR_PASSWORD: password,
        HOME: box.dir,
      });
    const ended = await dbclient(PASSWORD);
    assertDone(ended);
    assert.match(ended.stdout, /^box: revision 1/);
    assert.equal((await dbclient('wrong')).code, 1);
  });

  it('offers no algorithm that nobody should use', async () => {
    for (const option of [
      'KexAlgorithms=diffie-hellman-group14-sha1',
      'Ciphers=aes128-cbc',
      'MACs=hmac-sha1 -o Ciphers=aes128-ctr',
      'HostKeyAlgorithms=rsa-sha2-512',
    ]) {
      const { code, stderr } = await box.client(
        'ssh',
        'anna',
        ['-o', 'LogLevel=INFO', '-o', ...option.split(' ')],
        ['127.0.0.1', 'show', 'agent'],
      );
      assert.equal(code, 255, `${option}: ${stderr}`);
      assert.match(stderr, /no matching|Unsupported|Bad/i, option);
    }
  });

  it('has each of the modern ones', async () => {
    const each: [string, string[]][] = [
      [
        'Ciphers',
        ['chacha20-poly1305@openssh.com', 'aes256-gcm@openssh.com', 'aes128-gcm@openssh.com', 'aes256-ctr'],
      ],
      ['KexAlgorithms', ['curve25519-sha256', 'ecdh-sha2-nistp384', 'diffie-hellman-group16-sha512']],
      ['HostKeyAlgorithms', ['ssh-ed25519', 'ecdsa-sha2-nistp256']],
    ];
    for (const [option, names] of each) {
      for (const name of names) {
        // Another host key than the one that is known would be refused.
        const own = ['-o', `UserKnownHostsFile=${join(box.dir, `known_${option}`)}_${name}`];
        const options = [...own, '-o', `${option}=${name}`];
        assertDone(await box.client('ssh', 'anna', options, ['127.0.0.1', 'show', 'agent']));
      }
    }
  });

  it('keeps its host keys to itself, and the same ones', async () => {
    const directory = join(box.stateDir, 'mgmt', 'ssh');
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    const keys = readdirSync(directory);
    assert.deepEqual(keys.sort(), ['host_ecdsa_key', 'host_ed25519_key']);
    const before = keys.map((name) => readFileSync(join(directory, name), 'utf8'));
    for (const name of keys) assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600);
    const process = box.processOf('mgmt');
    // Its own end takes the session with it.
    await box.ssh(['restart', 'mgmt']);
    await until('another one', () => box.processOf('mgmt') !== process);
    await box.comesBack();
    assert.deepEqual(
      keys.map((name) => readFileSync(join(directory, name), 'utf8')),
      before,
    );
  });

  it('shuts out who guesses, but never who has a key', async () => {
    const guess = (): Promise<number | null> =>
      box.inside('/usr/bin/python3', ['-c', PARAMIKO, 'otto', 'wrong']).then(({ code }) => code);
    for (let n = 0; n < 5; n++) assert.equal(await guess(), 9);
    // Now the right one is not listened to either, from there.
    const right = await box.inside('/usr/bin/python3', ['-c', PARAMIKO, 'otto', PASSWORD]);
    assert.equal(right.code, 9);
    assertDone(await box.ssh(['show', 'agent'], { user: 'otto' }));
    const log = readFileSync(join(box.runDir, 'mgmt.log'), 'utf8');
    assert.match(log, /"user":"otto","address":"127\.0\.0\.1","locked":true,"msg":"a wrong password"/);
    assert.ok(!log.includes('"wrong"') && !log.includes(PASSWORD));
  });

  it('leaves whoever is there logged in when others may log in, and logs out whom it takes away', async () => {
    const anna = box.terminal();
    const otto = box.terminal('otto');
    try {
      await Promise.all([anna.shows('anna@box# '), otto.shows('otto@box> ')]);
      anna.type(
        `configure\rset management users eve public_keys "${box.publicKey('eve')}"\rdelete management users otto\rcommit\r`,
      );
      await anna.shows(/revision \d+, \d changes?/);
      assert.equal(await otto.ended(), 255);
      anna.type('run show agent\r');
      await anna.shows(/box: revision/);
      await until(
        'eve to be let in',
        async () => (await box.ssh(['show', 'agent'], { user: 'eve' })).code === 0,
      );
      assert.equal((await box.ssh(['show', 'agent'], { user: 'otto' })).code, 255);
    } finally {
      await Promise.all([anna.close(), otto.close()]);
    }
  });

  it('lasts while strangers connect and say nothing, or nonsense', async () => {
    const strangers = await box.inside('/usr/bin/python3', ['-c', STRANGERS]);
    assertDone(strangers);
    assert.match(strangers.stdout, /^left [0-8]\n$/);
    assertDone(await box.ssh(['show', 'agent']));
  });
});

/** A thousand connections: silent, with garbage, with half a greeting. Then as many are open as the box lets be. */
const STRANGERS_OF_ONE = 8;
const STRANGERS = `
import os, select, socket, time
held = []
for n in range(1000):
    s = socket.create_connection(('127.0.0.1', ${PORT}), timeout=20)
    if n % 3 == 0: s.sendall(os.urandom(300))
    if n % 3 == 1: s.sendall(b'SSH-2.0-half\\r\\n' + os.urandom(200))
    if n % 3 == 2 and len(held) < 20: held.append(s)
    else: s.close()
waiting, deadline = list(held), time.monotonic() + 20
while len(waiting) > ${STRANGERS_OF_ONE} and time.monotonic() < deadline:
    for s in select.select(waiting, [], [], 1)[0]:
        try: over = s.recv(1000) == b''
        except ConnectionError: over = True
        if over: waiting.remove(s)
for s in held: s.close()
print('left', len(waiting))
`;
