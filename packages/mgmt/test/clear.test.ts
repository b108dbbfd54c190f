// sluice clear and debug, against processes that answer with fixed figures: in this process, as a session has them.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliError } from '../src/cli-error.js';
import { operationalProgram } from '../src/shell/operational.js';
import { resolve } from '../src/shell/resolve.js';
import { type FakeGateway, fakeGateway } from './support/fake-gateway.js';

interface Ended {
  out: string;
  err: string;
  /** What it failed with. */
  failure: string | null;
}

describe('sluice clear', () => {
  let runDir: string;
  let gateway: FakeGateway;
  before(async () => {
    runDir = mkdtempSync(join(tmpdir(), 'sluice-clear-'));
    gateway = await fakeGateway(runDir);
  });
  after(async () => {
    await gateway.stop();
    rmSync(runDir, { recursive: true, force: true });
  });

  async function run(line: string, role: 'admin' | 'operator' = 'admin'): Promise<Ended> {
    const ended: Ended = { out: '', err: '', failure: null };
    const program = operationalProgram(
      {
        out: (text) => {
          ended.out += text;
        },
        err: (text) => {
          ended.err += text;
        },
        ...{ runDir, captureDir: null, binaryOut: null },
        interruptible: (body) => body(new AbortController().signal),
      },
      { configure: async () => undefined, leave: () => undefined },
    );
    try {
      await program.parseAsync(resolve(program, line.split(' '), role).argv, { from: 'user' });
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      ended.failure = error.message;
    }
    return ended;
  }
  const out = async (line: string): Promise<string> => {
    const { out: text, failure } = await run(line);
    assert.equal(failure, null);
    return text;
  };
  const failure = async (line: string): Promise<string> => (await run(line)).failure ?? '';

  it('has figures count from now on', async () => {
    gateway.cleared.length = 0;
    assert.equal(await out('clear errors'), 'errors are counted from now on\n');
    assert.equal(await out('clear interfaces wan'), 'wan: counted from now on\n');
    assert.equal(await out('clear interfaces'), 'all interfaces: counted from now on\n');
    assert.deepEqual(gateway.cleared, [
      { of: 'errors' },
      { of: 'interfaces', interface: 'wan' },
      { of: 'interfaces' },
    ]);
  });

  it('forgets neighbours, stations and leases, and says how many', async () => {
    gateway.cleared.length = 0;
    assert.equal(await out('clear arp interface wan'), '2 neighbours cleared\n');
    assert.equal(await out('clear mac-table bridge lan'), '1 station cleared\n');
    assert.equal(await out('clear lease 10.1.0.10'), '10.1.0.10 is free\n');
    assert.deepEqual(gateway.cleared, [{ interface: 'wan' }, { bridge: 'lan' }]);
    assert.match(await failure('clear neighbours 192.0.2.9'), /192\.0\.2\.9 is no neighbour/);
    assert.match(await failure('clear macs 02:00:00:00:00:99'), /no bridge has learnt 02:/);
    assert.match(await failure('clear lease 10.1.0.99'), /nobody has 10\.1\.0\.99 of VRF default/);
    assert.match(await failure('clear neighbours here'), /must be an IPv4 or IPv6 address/);
  });

  it('negotiates IKE_SAs anew, and says what became of each', async () => {
    const waits = 'van: 0 IKE_SAs ended; it does not call by itself, so the peer or a packet has to\n';
    assert.equal(await out('clear ike hq'), `hq: 1 IKE_SA ended, and up again\n${waits}`);
    const part = await run('clear ike both');
    assert.equal(part.out, `hq: 1 IKE_SA ended, and up again\n${waits}`);
    assert.equal(part.failure, 'dc: 2 IKE_SAs ended, but not up again: It is away.');
    assert.match(await failure('clear ike nobody'), /no connection has a peer nobody/);
  });

  it('rekeys CHILD_SAs, and removes SAs that charon does not know', async () => {
    const rekeyed = 'hq/net: rekeyed in place of 0x00c0ffee and 0x0badcafe\n';
    assert.equal(await out('clear sa'), rekeyed);
    assert.equal(
      await out('clear sa 0x1'),
      `${rekeyed}0x00000001: charon did not know it, and it was removed\n`,
    );
    assert.match(await failure('clear sa nobody'), /there is no SA of nobody/);
  });

  it('is for administrators; debugging is for operators too', async () => {
    assert.match((await run('clear errors', 'operator')).failure ?? '', /there is no "clear"/);
    assert.equal((await run('debug ike hq timeout 1', 'operator')).failure, null);
  });

  it("shows charon's log of a peer, without the control characters in it", async () => {
    const ended = await run('debug ike hq timeout 1');
    assert.equal(ended.failure, null);
    assert.equal(ended.out, '03:04:05.678  IKE  hq#3  received ·[2Jvendor ID\n');
    assert.match(ended.err, /^log of hq; Ctrl-C ends it\n(7 lines came too fast to be shown\n)+$/);
    assert.equal(await failure('debug ike nobody'), 'No connection is named "nobody".');
  });
});
