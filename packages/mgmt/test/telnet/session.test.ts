// An operator with Debian's Telnet client, and clients that are none.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '@sluice/shared';
import { underFlood } from '../login/flood.js';
import { assertDone, Box, PASSWORD, type Terminal } from '../ssh/box.js';

const ADDRESS = '192.0.2.1';
const PROMPT = 'otto@box> ';

describe('the command line over Telnet', function () {
  this.timeout(120_000);
  const box = new Box();
  const open: Terminal[] = [];
  before(async () => {
    await box.start(900, ['telnet: { interfaces: [lo1] }']);
    const log = join(box.runDir, 'mgmt.log');
    await until('Telnet to be served', () => readFileSync(log, 'utf8').includes('telnet is served'), {
      deadlineMs: 40_000,
    });
  });
  after(() => box.stop());
  afterEach(async () => {
    for (const terminal of open.splice(0)) await terminal.close();
  });

  /** At the prompt for a name; the client's terminal too. */
  const connected = async (options: { size?: number[]; from?: string[] } = {}) => {
    const terminal = box.telnet(ADDRESS, options);
    open.push(terminal);
    await terminal.shows('/dev/pts/');
    const tty = `/dev/pts/${await terminal.shows(/\r?\n/)}`;
    await terminal.shows('login: ');
    return { terminal, tty };
  };
  const loggedIn = async (options: { size?: number[]; from?: string[] } = {}) => {
    const { terminal, tty } = await connected(options);
    await terminal.types('otto\r', 'password: ');
    await terminal.types(`${PASSWORD}\r`, PROMPT);
    return { terminal, tty };
  };

  it('asks name and password, shows no password, and lets in who has both', async () => {
    const { terminal } = await connected();
    assert.equal(await terminal.types('otti\x7fo\r', 'password: '), 'otti\b \bo\r\n');
    const after = await terminal.types('wrong\r', 'login: ');
    assert.match(after, /^\r\nThat is not right\.\r\n$/);
    await terminal.types('otto\r', 'password: ');
    assert.ok(!(await terminal.types(`${PASSWORD}\r`, PROMPT)).includes(PASSWORD));
    await terminal.types('show agent\r', /box: revision \d+, /);
    await terminal.shows('warning: Telnet is on for lo1');
    await terminal.shows(PROMPT);
    terminal.type('exit\r');
    await terminal.shows('Connection closed by foreign host');
    await terminal.ended();
    const log = readFileSync(join(box.runDir, 'mgmt.log'), 'utf8');
    assert.match(
      log,
      /"user":"otto","address":"192\.0\.2\.1","by":"password".*"msg":"logged in over Telnet"/,
    );
    assert.ok(!log.includes(PASSWORD) && !log.includes('"wrong"'));
  });

  it('completes, helps, edits and takes UTF-8', async () => {
    const { terminal } = await loggedIn();
    await terminal.types('sh\t', 'show ');
    await terminal.types('his\t', 'history ');
    await terminal.types('\x15show ?', /interfaces +interfaces and tunnels/);
    await terminal.types('\x15show wän\x1b[D\x1b[D\x1b[Cx\r', /there is no "wäxn" under "show"/);
    await terminal.types('\x1b[A', 'show wäxn');
  });

  it("stops at the end of each page of the client's screen, also of one that has changed", async () => {
    const { terminal, tty } = await loggedIn({ size: [30, 100] });
    const first = await terminal.types('show runtime | json\r', '-- more --');
    assert.equal(first.split('\r\n').length - 1, 1 + 29);
    await terminal.types('q', PROMPT);
    execFileSync('stty', ['-F', tty, 'rows', '11', 'cols', '90']);
    const second = await terminal.types('show runtime | json\r', '-- more --');
    assert.equal(second.split('\r\n').length - 1, 1 + 10);
    await terminal.types('q', PROMPT);
  });

  it("ends a running command at Ctrl-C, and at the client's own word for it", async () => {
    const { terminal } = await loggedIn();
    await terminal.types('ping 127.0.0.1 count 100000\r', 'bytes from 127.0.0.1');
    await terminal.types('\x03', 'packets transmitted');
    await terminal.shows(PROMPT);
    await terminal.types('ping 127.0.0.1 count 100000\r', 'bytes from 127.0.0.1');
    // The client's command mode: IAC IP, and a Synch with it.
    await terminal.types('\x1d', 'telnet> ');
    await terminal.types('send ip\r', 'packets transmitted');
    await terminal.shows(PROMPT);
    await terminal.types('\x1d', 'telnet> ');
    await terminal.types('send synch\r', '');
    await terminal.types('show agent\r', /box: revision/);
    await terminal.shows(PROMPT);
    await terminal.types('\x1d', 'telnet> ');
    await terminal.types('send ayt\r', '[yes]');
  });

  it('stands nonsense: loops, endless and half commands, answers that nobody reads', async () => {
    const ended = await box.inside('/usr/bin/python3', ['-c', HOSTILE]);
    assertDone(ended);
    assert.equal(
      ended.stdout,
      'no client closed\nendless closed\nunread closed\nloop answered 2\nhalves logged in\nbinary logged in\nfuzz done\n',
    );
    const { terminal } = await loggedIn();
    await terminal.types('show agent\r', /box: revision/);
  });

  it('lets an operator in among thousands of connections that never log in', async () => {
    await underFlood(
      box.within(),
      { address: ADDRESS, port: 23, greeting: Buffer.from('\xff\xfd\x01otto\r\n', 'latin1') },
      box.processOf('mgmt') ?? 0,
      async () => {
        const { terminal } = await loggedIn({ from: ['127.9.9.9'] });
        await terminal.types('show agent\r', /box: revision/);
        await terminal.close();
      },
    );
    assert.match(
      readFileSync(join(box.runDir, 'mgmt.log'), 'utf8'),
      /"service":"telnet","reason":"source_full"/,
    );
  });

  it('shuts out who guesses over Telnet and SSH alike, and ends when it is taken out of the configuration', async () => {
    const { terminal } = await loggedIn({ from: ['127.8.8.8'] });
    const guesser = await connected({ from: ['127.7.7.7'] });
    for (const then of ['login: ', 'login: ', /not right[\s\S]*closed/]) {
      await guesser.terminal.types('otto\r', 'password: ');
      await guesser.terminal.types('wrong\r', then);
    }
    const again = await connected({ from: ['127.7.7.7'] });
    await again.terminal.types('otto\r', 'password: ');
    await again.terminal.types('wrong\r', 'login: ');
    await again.terminal.types('otto\r', 'password: ');
    await again.terminal.types('wrong\r', 'Too many wrong passwords');
    const off = await box.ssh([], {
      input: 'configure\nset hostname boxx\ncompare\ncommit\ndelete management telnet\ncommit\n',
    });
    assertDone(off);
    assert.match(
      off.stderr,
      /^(warning: Telnet is on for lo1: whoever sees its packets reads passwords.*\n){2}$/,
    );
    await terminal.shows('Connection closed by foreign host');
    assert.ok(!(await box.ssh(['show', 'agent'])).stdout.includes('warning'));
  });
});

/** Octets by hand; each case is a connection of its own. */
const HOSTILE = `
import random, select, socket
IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240
def connect(source):
    s = socket.socket()
    s.bind((source, 0))
    s.settimeout(30)
    s.connect(('${ADDRESS}', 23))
    return s
def until(s, *texts):
    seen = b''
    while not any(t in seen for t in texts):
        part = s.recv(65536)
        if part == b'': return seen + b'(closed)'
        seen += part
    return seen
def closed(s, send):
    try:
        for _ in range(100000): s.sendall(send)
    except OSError: return True
    return False

s = connect('127.3.0.6')
until(s, b'login: ')
s.sendall(b'otto\\r\\n')
print('no client', 'closed' if until(s, b'password').endswith(b'(closed)') else 'open')

s = connect('127.3.0.1')
s.sendall(bytes([IAC, SB, 31]))
print('endless', 'closed' if closed(s, b'A' * 1000) else 'open')

s = connect('127.3.0.2')
s.settimeout(30)
print('unread', 'closed' if closed(s, bytes([IAC, DO, 99, IAC, 246]) * 500) else 'open')

# Agrees and refuses what was agreed on, over and over; says that it will and will not what it has said already.
s = connect('127.3.0.3')
until(s, b'login: ')
s.sendall(bytes([IAC, DO, 1] * 500 + [IAC, DONT, 77] * 500 + [IAC, WILL, 31] * 500 + [IAC, DO, 88, IAC, WILL, 89]))
seen = until(s, bytes([IAC, DONT, 89]))
print('loop answered', seen.count(bytes([IAC])))

def log_in(s, cut, end):
    until(s, b'login: ')
    for octets in (b'otto', b'${PASSWORD}'):
        line = octets[:2] + bytes([IAC, DO, 3, IAC, SB, 24, 0]) + b'xterm' + bytes([IAC, SE]) + octets[2:] + end
        for at in range(0, len(line), cut): s.sendall(line[at:at + cut])
        seen = until(s, b'password: ', b'otto@box')
    return 'logged in' if b'otto@box' in seen else repr(seen)
s = connect('127.3.0.4')
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
print('halves', log_in(s, 1, b'\\r\\0'))
s = connect('127.3.0.5')
s.sendall(bytes([IAC, WILL, 0, IAC, DO, 0]))
print('binary', log_in(s, 7, b'\\r'))

rng = random.Random(854)
for n in range(100):
    s = connect('127.4.0.%d' % (n + 1))
    octets = bytes(rng.choice((IAC, IAC, SB, SE, DO, WILL, WONT, DONT, 24, 31, 0, 13, 3, 65, 200)) for _ in range(rng.randrange(1, 600)))
    try:
        s.sendall(octets)
        if n % 2: s.shutdown(socket.SHUT_WR)
        if n % 3 == 0: s.recv(1000)
    except OSError: pass
    s.close()
print('fuzz done')
`;
