// Commands over SSH, by OpenSSH's client: what they say, who may run them, and how they fail.
import assert from 'node:assert/strict';
import { assertDone, Box } from './box.js';

describe('commands over SSH', function () {
  this.timeout(120_000);
  const box = new Box();
  before(() => box.start());
  after(() => box.stop());

  it('say what the local command says', async () => {
    const ended = await box.ssh(['show', 'agent']);
    assertDone(ended);
    assert.match(ended.stdout, /^box: revision 1, /);
    assert.equal(ended.stderr, '');
  });

  it('take words that are shortened, and options without dashes', async () => {
    const ended = await box.ssh(['sh', 'int']);
    assertDone(ended);
    assert.match(ended.stdout, /^lo1 /m);
    assertDone(await box.ssh(['log', 'agent', 'lines', '5']));
  });

  it('give JSON with exact figures', async () => {
    const ended = await box.ssh(['show interfaces | json']);
    assertDone(ended);
    const { interfaces } = JSON.parse(ended.stdout) as { interfaces: { name: string }[] };
    assert.ok(interfaces.some(({ name }) => name === 'lo1'));
  });

  it('go through filters', async () => {
    assert.match((await box.ssh(['show configuration | match hostname'])).stdout, /^hostname: box\n$/);
    assert.equal(
      (await box.ssh(['show configuration | match "hostname|schema" | count'])).stdout,
      '2 lines\n',
    );
    const except = (await box.ssh(['show configuration | except hostname'])).stdout;
    assert.ok(except.includes('schema: 1') && !except.includes('hostname'));
    assert.equal((await box.ssh(['show configuration | last 1 | no-more'])).stdout.split('\n').length, 2);
    const wrong = await box.ssh(['show configuration | grep x']);
    assert.deepEqual([wrong.code, wrong.stdout], [1, '']);
    assert.match(wrong.stderr, /"\|" is followed by one of match, /);
  });

  it('that are misspelt say what there is', async () => {
    const cases: [string, RegExp][] = [
      ['shwo sa', /there is no "shwo", perhaps "show": show, ping/],
      ['show saa', /there is no "saa" under "show", perhaps "sa": interfaces, /],
      ['show weather', /there is no "weather" under "show": interfaces, /],
      ['trace interfaec lan', /trace has no "interfaec", perhaps "interface": interface, /],
      ['show', /show what\? One of interfaces, /],
      ['show i', /"i" under "show" is interfaces or ike: write more of it/],
      ['ping', /missing required argument 'host'/],
      ['ping 127.0.0.1 count zero', /Give a whole number from 1/],
      ['ping -f', /unknown option|is no address/],
      ['show "agent', /a quote is left open/],
    ];
    for (const [line, sentence] of cases) {
      const { code, stderr } = await box.ssh([line]);
      assert.equal(code, 1, line);
      assert.match(stderr, sentence, line);
    }
  });

  it('are only those of the role', async () => {
    for (const line of ['capture write x.pcapng', 'configure', 'reload', 'restart agent', 'terminate hq']) {
      const { code, stderr } = await box.ssh([line], { user: 'otto' });
      assert.equal(code, 1, line);
      assert.match(stderr, /there is no "/, line);
    }
    assertDone(await box.ssh(['show', 'errors'], { user: 'otto' }));
  });

  it('run programs of Linux, and end with their code', async () => {
    const ended = await box.ssh(['ping', '127.0.0.1', 'count', '2']);
    assertDone(ended);
    assert.match(ended.stdout, /2 packets transmitted, 2 received/);
    assert.equal((await box.ssh(['ping', '192.0.2.99', 'count', '1'])).code !== 0, true);
  });

  it('come one a line from standard input, up to the first that fails', async () => {
    const both = await box.ssh([], { input: '# look\nshow agent\n\nshow history\n' });
    assertDone(both);
    assert.match(both.stdout, /box: revision[\s\S]*revision {2}at/);
    const failing = await box.ssh([], { input: 'show agent\nshow nothing\nshow history\n' });
    assert.equal(failing.code, 1);
    assert.match(failing.stderr, /there is no "nothing"[\s\S]*line 2 failed: nothing behind it was run/);
    assert.ok(!failing.stdout.includes('revision  at'));
  });

  it('change the configuration: candidate, compare, commit, history, rollback', async () => {
    const changed = await box.ssh([], {
      input:
        'configure\nset loopbacks lo2 addresses 192.0.2.2/32\nset hostname cash\ncompare\ncommit comment "second loopback"\nexit\n',
    });
    assertDone(changed);
    assert.match(changed.stdout, /~ hostname: box → cash/);
    assert.match(changed.stdout, /\+ loopbacks\[lo2\]: /);
    assert.match(changed.stdout, /revision 2, 2 changes/);
    assert.match((await box.ssh(['show', 'history'])).stdout, /2 +\S+ \S+ +anna +second loopback/);
    // What was written by hand stays.
    assert.match(
      (await box.ssh(['show', 'configuration'])).stdout,
      /# made for a test\n[\s\S]*- name: lo1 # of the box itself/,
    );

    const back = await box.ssh([], { input: 'configure\nrollback 1\ncommit\n' });
    assertDone(back);
    assert.match(back.stdout, /revision 3, 2 changes/);
    assert.equal((await box.agentStatus()).hostname, 'box');
  });

  it('refuse a candidate that is not valid, with every problem, and keys that there are not', async () => {
    const wrong = await box.ssh([], {
      input: 'configure\nset loopbacks lo1 addresses 999.1.1.1/32\ncommit\n',
    });
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /nothing was changed:\n.*loopbacks\[0\]\.addresses\[1\]: must be/);
    const cases: [string, RegExp][] = [
      ['set hostnam x', /a configuration has no "hostnam", perhaps "hostname": schema, hostname/],
      ['set loopbacks lo1 colour red', /loopbacks lo1 has no "colour": name, /],
      ['set management ssh', /management ssh is a section: name one of its keys, address/],
      ['set hostname', /hostname needs a value/],
      ['delete loopbacks lo9', /there is no loopbacks lo9/],
      ['rollback 99', /only \d+ revisions are kept/],
      ['load nothing.yaml', /there is no file nothing\.yaml/],
    ];
    for (const [line, sentence] of cases) {
      const { code, stderr } = await box.ssh([], { input: `configure\n${line}\n` });
      assert.equal(code, 1, line);
      assert.match(stderr, sentence, line);
    }
  });

  it('go back by themselves unless they are confirmed', async () => {
    const waiting = await box.ssh([], { input: 'configure\nset hostname kiosk\ncommit confirmed 5\n' });
    assertDone(waiting);
    assert.match(waiting.stdout, /"confirm" within 5 minutes, or it goes back/);
    assert.ok((await box.agentStatus()).unconfirmed);
    assert.match((await box.ssh(['confirm'])).stdout, /^revision \d+ stays\n$/);
    assert.equal((await box.agentStatus()).unconfirmed, null);
    assert.match((await box.ssh(['confirm'])).stderr, /nothing waits to be confirmed/);
  });
});
