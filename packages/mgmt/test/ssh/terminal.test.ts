// An operator at a terminal: typing, completing, asking, misspelling, interrupting.
import assert from 'node:assert/strict';
import { Box, type Terminal } from './box.js';

const PROMPT = 'anna@box# ';

describe('a terminal over SSH', function () {
  this.timeout(120_000);
  const box = new Box();
  let terminal: Terminal;
  before(() => box.start());
  after(() => box.stop());
  beforeEach(async () => {
    terminal = box.terminal();
    await terminal.shows(PROMPT);
  });
  afterEach(() => terminal.close());

  it('greets, runs a line, and ends', async () => {
    assert.match(await terminal.types('show agent\r', PROMPT), /box: revision \d+, /);
    terminal.type('exit\r');
    assert.equal(await terminal.ended(), 0);
  });

  it('completes commands, options and names', async () => {
    await terminal.types('sh\t', 'show ');
    await terminal.types('his\t', 'history ');
    await terminal.types('\x15trace int\t', 'interface ');
    const choices = await terminal.types('\x15show i\t\t', /interfaces +ike/);
    assert.ok(!choices.includes('history'));
    terminal.type('\x15');
  });

  it('says what may come at "?", and leaves the line as it is', async () => {
    await terminal.types('show ?', /interfaces +interfaces and tunnels, with their counters\r\n/);
    await terminal.shows(`${PROMPT}show `);
    await terminal.types('agent ?', /<Enter> +runs it\r\n/);
    await terminal.shows(`${PROMPT}show agent `);
    await terminal.types('| ?', /match +only lines/);
    await terminal.types('match converged\r', /box: revision/);
    await terminal.shows(PROMPT);
    await terminal.types('shwo ?', /there is no "shwo"/);
  });

  it('takes "?" inside of quotes as a character', async () => {
    await terminal.types('show configuration | match "?"\r', 'match "?"');
    await terminal.shows(PROMPT);
  });

  it('keeps a history, and edits a line', async () => {
    await terminal.types('show history\r', /revision +at/);
    await terminal.shows(PROMPT);
    await terminal.types('\x1b[A\r', /revision +at/);
    await terminal.shows(PROMPT);
    // Home, a letter taken away, one put there.
    await terminal.types('xhow agent\x01\x1b[3~s\r', /box: revision/);
  });

  it('ends a running command at Ctrl-C, and forgets a line', async () => {
    await terminal.types('ping 127.0.0.1 count 100000\r', 'bytes from 127.0.0.1');
    await terminal.types('\x03', 'packets transmitted');
    await terminal.shows(PROMPT);
    await terminal.types('show nonsense\x03', PROMPT);
    await terminal.types('show agent\r', /box: revision/);
  });

  it('stops at the end of each page', async () => {
    const first = await terminal.types('show runtime | json\r', '-- more --');
    assert.equal(first.split('\r\n').length - 1, 1 + 23);
    const line = await terminal.types('\r', '-- more --');
    assert.equal(line.split('\r\n').length - 1, 1);
    await terminal.types('q', PROMPT);
    terminal.type('show runtime | json | no-more\r');
    assert.ok(!(await terminal.shows(PROMPT)).includes('-- more --'));
  });

  it('runs what is typed ahead after the command before it', async () => {
    await terminal.types('ping 127.0.0.1 count 1\rshow history\r', '1 packets transmitted');
    await terminal.shows(/revision +at/);
  });

  it('takes UTF-8', async () => {
    await terminal.types('configure\r', 'anna@box (configure)# ');
    await terminal.types('set interfaces wän\rshow interfaces wän\r', /\r\nname: wän\r\n/);
  });

  it('completes the paths, keys and values of a configuration', async () => {
    await terminal.types('configure\r', '(configure)# ');
    await terminal.types('set loop\t', 'loopbacks ');
    await terminal.types('lo\t', 'lo1 ');
    await terminal.types('addr\t', 'addresses ');
    await terminal.types('192.0.2.7/32\r', '(configure)# ');
    await terminal.types('set management users anna role ?', /operator\r\n +admin/);
    await terminal.types('\x15compare\r', /~ loopbacks\[lo1\]\.addresses: .*192\.0\.2\.7/);
    await terminal.types('show loopbacks lo1\r', '192.0.2.7/32');
    await terminal.types('run show agent\r', /box: revision/);
    await terminal.types('discard\rcompare\r', 'nothing differs');
    await terminal.types('exit\r', PROMPT);
  });

  it('asks a name for what has to be thought of', async () => {
    await terminal.types('configure\rset interfaces ?', /<name> +of a new entry/);
    await terminal.types('wan mtu ?', /<68\.\.1700>/);
  });

  it("follows charon's log of a peer until Ctrl-C, also with a command of its own", async () => {
    terminal.type('debug ike 192.0.2.77\r');
    await terminal.shows('log of whoever calls from 192.0.2.77; Ctrl-C ends it');
    terminal.type('\x03');
    await terminal.shows(PROMPT);
    terminal.type('show agent\r');
    assert.match(await terminal.shows(PROMPT), /box: revision/);
    const ended = await box.ssh(['debug', 'ike', '192.0.2.77', 'timeout', '1'], { user: 'otto' });
    assert.deepEqual([ended.code, ended.stdout], [0, '']);
    assert.match(ended.stderr, /^log of whoever calls from 192\.0\.2\.77/);
    assert.match((await box.ssh(['debug', 'ike', 'nobody'])).stderr, /No connection is named "nobody"/);
    assert.match((await box.ssh(['clear', 'errors'], { user: 'otto' })).stderr, /there is no "clear"/);
  });
});

describe('a terminal that nobody types in', function () {
  this.timeout(120_000);
  const box = new Box();
  before(() => box.start(10));
  after(() => box.stop());

  it('is ended after the idle time', async () => {
    const terminal = box.terminal();
    try {
      await terminal.shows(PROMPT);
      await terminal.shows('the session ends');
      assert.equal(await terminal.ended(), 0);
    } finally {
      await terminal.close();
    }
  });
});
