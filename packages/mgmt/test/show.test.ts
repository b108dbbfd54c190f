import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SHOWN } from './shown.js';
import { sluice } from './sluice.js';
import { type FakeGateway, fakeGateway } from './support/fake-gateway.js';
import { fakeManagement } from './support/fake-management.js';

describe('sluice with a gateway', function () {
  // Each test starts several Node.js processes.
  this.timeout(120_000);
  let runDir: string;
  let gateway: FakeGateway;
  let management: Awaited<ReturnType<typeof fakeManagement>>;

  before(async () => {
    runDir = mkdtempSync(join(tmpdir(), 'sluice-show-'));
    gateway = await fakeGateway(runDir);
    management = await fakeManagement(runDir);
  });
  after(async () => {
    await management.close();
    await gateway.stop();
    rmSync(runDir, { recursive: true, force: true });
  });

  for (const [subject, expected] of Object.entries(SHOWN)) {
    it(`shows ${subject}, aligned and with units`, async () => {
      const { code, stdout, stderr } = await sluice('show', subject, '--run-dir', runDir);
      assert.deepEqual([code, stderr], [0, '']);
      assert.equal(stdout, expected);
    });

    it(`shows ${subject} as JSON, with exact figures`, async () => {
      const { code, stdout } = await sluice('show', subject, '--json', '--run-dir', runDir);
      assert.equal(code, 0);
      const reply = JSON.parse(stdout);
      assert.ok(Object.keys(reply).length > 0);
      if (subject === 'sa') assert.equal(reply.sas[0].counters.bytes, 98_765_432);
    });
  }

  it('traces packets that match, and ends when it has enough', async () => {
    const args = ['--interface', 'wan', '--prefix', '10.1.0.0/16', '--protocol', 'icmp', '--count', '1'];
    const { code, stdout } = await sluice('trace', ...args, '--run-dir', runDir);
    assert.equal(code, 0);
    assert.deepEqual(gateway.traces.at(-1), {
      interface: 'wan',
      prefix: '10.1.0.0/16',
      protocol: 1,
      count: 1,
    });
    assert.equal(
      stdout,
      `packet 12, worker 0
     +0 µs  ethernet-input  02:00:00:00:00:01 > 02:00:00:00:00:02 (98 bytes) → ip4-input
     +3 µs  ip4-input       10.1.0.2 > 10.2.0.2 ICMP ttl 64 (84 bytes) → drop

`,
    );
  });

  it('asks for packets that meet a node, or are dropped for a reason', async () => {
    const args = ['--node', 'esp-decrypt', '--drop', 'ip4-input/bad_checksum', '--prefix', '2001:db8::/32'];
    assert.equal((await sluice('trace', ...args, '--count', '1', '--run-dir', runDir)).code, 0);
    assert.deepEqual(gateway.traces.at(-1), {
      node: 'esp-decrypt',
      drop: 'ip4-input/bad_checksum',
      prefix: '2001:db8::/32',
      count: 1,
    });
  });

  it('captures into a file, to the last packet, and says what was missed', async () => {
    const file = join(runDir, 'out.pcapng');
    const args = ['-i', 'wan', 'lan', '--protocol', 'esp', '--only-drops', '--snap-length', '128'];
    const { code, stderr } = await sluice('capture', '-w', file, ...args, '--run-dir', runDir);
    assert.deepEqual([code, stderr], [0, '2 packets, 1 came too fast to be written\n']);
    assert.equal(readFileSync(file, 'utf8'), 'first more last');
    assert.deepEqual(gateway.captures.at(-1), {
      interfaces: ['wan', 'lan'],
      protocol: 50,
      traffic: false,
      drops: true,
      snap_length: 128,
      count: 10_000,
    });
    const piped = await sluice('capture', '-w', '-', '--run-dir', runDir);
    assert.equal(piped.stdout, 'first more last');
  });

  it('says why it captures nothing', async () => {
    const file = join(runDir, 'none.pcapng');
    const wrong = await sluice('capture', '-w', file, '-i', 'nope', '--run-dir', runDir);
    assert.deepEqual([wrong.code, wrong.stderr], [1, 'sluice: there is no interface "nope"\n']);
    assert.match((await sluice('capture', '--run-dir', runDir)).stderr, /--write <file>.* not specified/);
    const few = await sluice('capture', '-w', file, '--snap-length', '10', '--run-dir', runDir);
    assert.match(few.stderr, /--snap-length: /);
    for (const [unwritable, why] of [
      ['/dev/full', 'ENOSPC'],
      [join(runDir, 'none', 'out.pcapng'), 'ENOENT'],
    ] as const) {
      const { code, stderr } = await sluice('capture', '-w', unwritable, '--run-dir', runDir);
      assert.equal(code, 1);
      assert.match(
        stderr,
        new RegExp(`^sluice: the capture ended, because ${unwritable} cannot be written: ${why}`),
      );
    }
  });

  it('ends a trace after its time with what it has, each packet once', async () => {
    const { code, stdout } = await sluice(
      'trace',
      '--count',
      '2',
      '--timeout',
      '1',
      '--json',
      '--run-dir',
      runDir,
    );
    assert.equal(code, 0);
    assert.deepEqual(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id),
      [12],
    );
  });

  it('initiates and terminates, and says why when it cannot', async () => {
    assert.equal((await sluice('initiate', 'hq', '--run-dir', runDir)).stdout, 'hq is up\n');
    assert.deepEqual(await sluice('initiate', 'nil', '--run-dir', runDir), {
      code: 1,
      stdout: '',
      stderr: 'sluice: nil was not brought up: there is no CHILD_SA of that name\n',
    });
    assert.equal((await sluice('terminate', 'hq', '--run-dir', runDir)).stdout, 'hq: 1 IKE_SA ended\n');
    assert.equal((await sluice('terminate', 'nil', '--run-dir', runDir)).code, 1);
  });

  it('shows the changes of a reload', async () => {
    gateway.reload = {
      revision: 4,
      changes: [
        { path: 'interfaces[lan].mtu', kind: 'changed', before: '1500', after: '1400' },
        { path: 'routes[default 10.9.0.0/16]', kind: 'added', before: null, after: '{}' },
      ],
      problems: [],
      warnings: ['Telnet is on for lan'],
    };
    const { stdout, stderr } = await sluice('reload', '--run-dir', runDir);
    assert.equal(
      stdout,
      'revision 4\n  ~ interfaces[lan].mtu: 1500 → 1400\n  + routes[default 10.9.0.0/16]: {}\n',
    );
    assert.equal(stderr, 'warning: Telnet is on for lan\n');
  });

  it('fails when a reload finds problems', async () => {
    const problems = [{ path: 'interfaces[0].mtu', line: 4, column: 10, message: 'at least 68 (RFC 791)' }];
    gateway.reload = { revision: 3, changes: [], problems, warnings: [] };
    assert.deepEqual(await sluice('reload', '--run-dir', runDir), {
      code: 1,
      stdout: '',
      stderr:
        'sluice: nothing was changed, because the file is not valid:\n  4:10: interfaces[0].mtu: at least 68 (RFC 791)\n',
    });
  });
});
