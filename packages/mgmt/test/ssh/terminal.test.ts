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
    terminal.type('show agent\r');
    assert.match(await terminal.shows(PROMPT), /box: revision \d+, /);
    terminal.type('exit\r');
    assert.equal(await terminal.ended(), 0);
  });

  it('completes commands, options and names', async () => {
    terminal.type('sh\t');
    await terminal.shows('show ');
    terminal.type('his\t');
    await terminal.shows('history ');
    terminal.type('\x15trace int\t');
    await terminal.shows('interface ');
    terminal.type('\x15show i\t\t');
    const choices = await terminal.shows(/interfaces +ike/);
    assert.ok(!choices.includes('history'));
    terminal.type('\x15');
  });

  it('says what may come at "?", and leaves the line as it is', async () => {
    terminal.type('show ?');
    await terminal.shows(/interfaces +interfaces and tunnels, with their counters\r\n/);
    await terminal.shows(`${PROMPT}show `);
    terminal.type('agent ?');
    await terminal.shows(/<Enter> +runs it\r\n/);
    await terminal.shows(`${PROMPT}show agent `);
    terminal.type('| ?');
    await terminal.shows(/match +only lines/);
    terminal.type('match converged\r');
    await terminal.shows(/box: revision/);
    await terminal.shows(PROMPT);
    terminal.type('shwo ?');
    await terminal.shows(/there is no "shwo"/);
  });

  it('takes "?" inside of quotes as a character', async () => {
    terminal.type('show configuration | match "?"\r');
    await terminal.shows('match "?"');
    await terminal.shows(PROMPT);
  });

  it('keeps a history, and edits a line', async () => {
    terminal.type('show history\r');
    await terminal.shows(/revision +at/);
    await terminal.shows(PROMPT);
    terminal.type('\x1b[A\r');
    await terminal.shows(/revision +at/);
    await terminal.shows(PROMPT);
    // Home, a letter taken away, one put there.
    terminal.type('xhow agent\x01\x1b[3~s\r');
    await terminal.shows(/box: revision/);
  });

  it('ends a running command at Ctrl-C, and forgets a line', async () => {
    terminal.type('ping 127.0.0.1 count 100000\r');
    await terminal.shows('bytes from 127.0.0.1');
    terminal.type('\x03');
    await terminal.shows('packets transmitted');
    await terminal.shows(PROMPT);
    terminal.type('show nonsense\x03');
    await terminal.shows(PROMPT);
    terminal.type('show agent\r');
    await terminal.shows(/box: revision/);
  });

  it('stops at the end of each page', async () => {
    terminal.type('show runtime | json\r');
    const first = await terminal.shows('-- more --');
    assert.equal(first.split('\r\n').length - 1, 1 + 23);
    terminal.type('\r');
    const line = await terminal.shows('-- more --');
    assert.equal(line.split('\r\n').length - 1, 1);
    terminal.type('q');
    await terminal.shows(PROMPT);
    terminal.type('show runtime | json | no-more\r');
    assert.ok(!(await terminal.shows(PROMPT)).includes('-- more --'));
  });

  it('runs what is typed ahead after the command before it', async () => {
    terminal.type('ping 127.0.0.1 count 1\rshow history\r');
    await terminal.shows('1 packets transmitted');
    await terminal.shows(/revision +at/);
  });

  it('takes UTF-8', async () => {
    terminal.type('configure\r');
    await terminal.shows('anna@box (configure)# ');
    terminal.type('set interfaces wän\rshow interfaces wän\r');
    await terminal.shows(/\r\nname: wän\r\n/);
  });

  it('completes the paths, keys and values of a configuration', async () => {
    terminal.type('configure\r');
    await terminal.shows('(configure)# ');
    terminal.type('set loop\t');
    await terminal.shows('loopbacks ');
    terminal.type('lo\t');
    await terminal.shows('lo1 ');
    terminal.type('addr\t');
    await terminal.shows('addresses ');
    terminal.type('192.0.2.7/32\r');
    await terminal.shows('(configure)# ');
    terminal.type('set management users anna role ?');
    await terminal.shows(/operator\r\n +admin/);
    terminal.type('\x15compare\r');
    await terminal.shows(/~ loopbacks\[lo1\]\.addresses: .*192\.0\.2\.7/);
    terminal.type('show loopbacks lo1\r');
    await terminal.shows('192.0.2.7/32');
    terminal.type('run show agent\r');
    await terminal.shows(/box: revision/);
    terminal.type('discard\rcompare\r');
    await terminal.shows('nothing differs');
    terminal.type('exit\r');
    await terminal.shows(PROMPT);
  });

  it('asks a name for what has to be thought of', async () => {
    terminal.type('configure\rset interfaces ?');
    await terminal.shows(/<name> +of a new entry/);
    terminal.type('wan mtu ?');
    await terminal.shows(/<68\.\.1700>/);
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
