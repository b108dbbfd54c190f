// The management process with syslog servers of Debian: what they have understood, and what became of lines meanwhile.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ActorClient,
  connect,
  createLogger,
  deviceConfigSchema,
  managementContract,
  type SyslogServerReport,
  until,
  vrfNamespaceName,
} from '@sluice/shared';
import { ManagementDaemon } from '../../src/daemon/daemon.js';
import { issueCertificate, makeCertificates } from '../support/certificates.js';
import { type FakeGateway, fakeGateway } from '../support/fake-gateway.js';
import { freePort, Rsyslog, type ServerTls } from '../support/rsyslog.js';

describe('syslog', function () {
  this.timeout(120_000);
  let dir: string;
  let gateway: FakeGateway;
  let daemon: ManagementDaemon | null = null;
  let client: ActorClient<typeof managementContract> | null = null;
  let servers: Rsyslog[] = [];
  const said: Record<string, unknown>[] = [];

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'sluice-syslog-'));
    said.length = 0;
    gateway = await fakeGateway(dir);
  });
  afterEach(async () => {
    await client?.close();
    await daemon?.close();
    client = null;
    daemon = null;
    await gateway.stop();
    await Promise.all(servers.map((server) => server.stop()));
    servers = [];
    rmSync(dir, { recursive: true, force: true });
  });

  async function started(
    port: number,
    tls: ServerTls | null,
    wrapper: readonly string[] = [],
  ): Promise<Rsyslog> {
    const server = new Rsyslog(dir, port, tls, wrapper);
    servers.push(server);
    await server.start();
    return server;
  }

  function reconfigure(section: unknown[], vrfs: string[] = []): void {
    gateway.config = deviceConfigSchema.parse({
      schema: 1,
      vrfs: vrfs.map((name) => ({ name })),
      hostname: 'branch-7',
      management: { syslog: { servers: section } },
    });
    gateway.commit();
  }

  function run(section: unknown[], vrfs: string[] = []): void {
    reconfigure(section, vrfs);
    const destination = {
      write: (line: string) => {
        appendFileSync(join(dir, 'mgmt.log'), line);
        said.push(JSON.parse(line) as Record<string, unknown>);
      },
    };
    daemon = new ManagementDaemon(dir, dir, createLogger({ name: 'mgmt', destination }));
    client = connect(managementContract, {
      runDir: dir,
      log: createLogger({ name: 'test', level: 'silent' }),
    });
  }

  async function reports(): Promise<SyslogServerReport[]> {
    assert.ok(client !== null);
    return (await client.request('show-logging', {})).servers;
  }

  async function report(): Promise<SyslogServerReport> {
    const [server] = await reports();
    assert.ok(server !== undefined);
    return server;
  }

  const write = (process: string, entry: Record<string, unknown>): void =>
    appendFileSync(
      join(dir, `${process}.log`),
      `${JSON.stringify({ level: 30, time: '2026-01-31T12:00:00.250Z', pid: 7, ...entry })}\n`,
    );
  const credentials = (name: string) => ({
    certificate: { file: join(dir, `${name}.pem`) },
    private_key: { file: join(dir, `${name}.key`) },
  });
  const texts = (server: Rsyslog, app: string): string[] =>
    server
      .received()
      .filter((message) => message.app === app)
      .map(({ text }) => text.trimStart());

  it('has every line over UDP, as RFC 5424 has them', async () => {
    const server = await started(await freePort(), null);
    run([{ host: '127.0.0.1', port: server.port, facility: 'local3', level: 'warn' }]);
    await until('the way there', async () => (await report()).state === 'up');
    write('dataplane', { msg: 'too little for it' });
    write('dataplane', { level: 40, msg: 'Größe', problem: 'a | b' });
    appendFileSync(join(dir, 'mgmt.log'), '{"level":40,"facility":"authpriv","msg":"a wrong password"}\n');
    const received = await until('two messages', () => {
      const all = server.received();
      return all.length >= 2 && all;
    });
    assert.deepEqual(received[0], {
      priority: 'local3.warning',
      at: received[0]?.at,
      hostname: 'branch-7',
      app: 'sluice-dataplane',
      structured: '[meta sequenceId="1"][sluice@32473 device="branch-7" process="dataplane"]',
      text: '\ufeffGröße problem="a | b"',
    });
    assert.equal(Date.parse(received[0]?.at ?? ''), Date.UTC(2026, 0, 31, 12, 0, 0, 250));
    assert.equal(received[1]?.priority, 'authpriv.warning');
    assert.equal((await report()).lost, 0);
  });

  it('counts datagrams that nobody takes, and says so once', async () => {
    const port = await freePort();
    run([{ host: '127.0.0.1', port }]);
    await until('a datagram that was refused', async () => {
      write('agent', { msg: 'anybody?' });
      return (await report()).lost >= 2;
    });
    await until('the sentence', () => said.some(({ msg }) => msg === 'a syslog server is not reached'));
    const [line] = said.filter(({ msg }) => msg === 'a syslog server is not reached');
    assert.deepEqual(
      [line?.server, line?.problem],
      [
        `udp://127.0.0.1:${port}`,
        'it refuses datagrams: see whether the server runs, and listens on that port',
      ],
    );
    const server = await started(port, null);
    await until('a line to arrive', () => {
      write('agent', { msg: 'now' });
      return texts(server, 'sluice-agent').includes('now');
    });
    assert.equal(said.filter(({ msg }) => msg === 'a syslog server is not reached').length, 1);
  });

  it('has every line over TLS, also those of the time when the server was gone', async () => {
    makeCertificates(dir, 'authority', 'logs.example', ['127.0.0.1']);
    const server = await started(await freePort(), { authority: 'authority', name: 'logs.example' });
    run([
      { host: '127.0.0.1', port: server.port, transport: 'tls', ca: { file: join(dir, 'authority.pem') } },
    ]);
    await until('the way there', async () => (await report()).state === 'up');
    const expected: string[] = [];
    const say = (text: string): void => {
      expected.push(text);
      write('agent', { msg: text });
    };
    for (let i = 0; i < 300; i++) say(`before ${i} ${'x'.repeat(i * 10)}.`);
    await until(
      () => `what was said before, of ${expected.length} lines ${texts(server, 'sluice-agent').length}`,
      () => texts(server, 'sluice-agent').length === expected.length,
    );
    await server.stop();
    await until('it to be missed', async () => (await report()).state !== 'up');
    for (let i = 0; i < 300; i++) say(`meanwhile ${i}`);
    await until('lines to wait', async () => (await report()).queued >= 300);
    await server.start();
    await until('what was said meanwhile', () => texts(server, 'sluice-agent').length === expected.length);
    assert.deepEqual(texts(server, 'sluice-agent'), expected);
    await until('nothing to wait', async () => (await report()).queued === 0);
    const { state, problem, lost } = await report();
    assert.deepEqual({ state, problem, lost }, { state: 'up', problem: null, lost: 0 });
  });

  it('loses the newest lines for a server that stays away, counts them and says so', async () => {
    const port = await freePort();
    run([{ host: '127.0.0.1', port, transport: 'tls' }]);
    const line = `${JSON.stringify({ level: 30, msg: 'y'.repeat(200) })}\n`;
    await until('the queue to be full', async () => {
      appendFileSync(join(dir, 'agent.log'), line.repeat(2_000));
      return (await report()).lost > 0;
    });
    const { state, queued, problem } = await report();
    assert.equal(state, 'down');
    assert.ok(queued <= 10_000);
    assert.match(problem ?? '', /ECONNREFUSED/);
    await until('the sentence', () =>
      said.some(
        ({ msg, lost }) => String(msg).startsWith('a syslog server is not reached') || Number(lost) > 0,
      ),
    );
  });

  const refused: [what: string, section: Record<string, unknown>, problem: RegExp][] = [
    [
      'of an authority that is not known',
      { ca: { file: 'other.pem' } },
      /^its certificate is of an authority that is not known here .*: name a file with it as "ca"$/,
    ],
    ['of nobody that it knows', {}, /^its certificate is of an authority that is not known here/],
    [
      'for another name',
      { ca: { file: 'authority.pem' }, name: 'elsewhere.example' },
      /^its certificate is not for elsewhere\.example: give the name/,
    ],
  ];
  for (const [what, section, problem] of refused)
    it(`gives nothing to a server with a certificate ${what}`, async () => {
      makeCertificates(dir, 'authority', 'logs.example', ['127.0.0.1']);
      makeCertificates(dir, 'other', 'other.example', []);
      const server = await started(await freePort(), { authority: 'authority', name: 'logs.example' });
      const { ca, ...rest } = section as { ca?: { file: string } };
      run([
        {
          host: '127.0.0.1',
          port: server.port,
          transport: 'tls',
          ...rest,
          ...(ca && { ca: { file: join(dir, ca.file) } }),
        },
      ]);
      write('agent', { msg: 'for friends only' });
      await until('it to be refused', async () => problem.test((await report()).problem ?? ''));
      assert.equal((await report()).sent, 0);
      assert.deepEqual(server.received(), []);
    });

  const strangers: [what: string, certificate: string | null, problem: RegExp][] = [
    ['who names no certificate', null, /^it wants to know who we are: give "certificate" and "private_key"$/],
    [
      'whose certificate is of an authority that it does not know',
      'stranger.example',
      /^it does not take our certificate \(tlsv1 alert unknown ca\): see which authorities it knows/,
    ],
  ];
  for (const [what, certificate, problem] of strangers)
    it(`is refused by a server that wants to know who we are, ${what}, and loses nothing`, async () => {
      makeCertificates(dir, 'authority', 'logs.example', ['127.0.0.1']);
      makeCertificates(dir, 'other', 'stranger.example', []);
      const tls = { authority: 'authority', name: 'logs.example', clients: 'known' } as const;
      const server = await started(await freePort(), tls);
      const section = {
        ...{ host: '127.0.0.1', port: server.port, transport: 'tls' },
        ca: { file: join(dir, 'authority.pem') },
      };
      run([{ ...section, ...(certificate !== null && credentials(certificate)) }]);
      write('agent', { msg: 'to be kept' });
      const { sent, lost } = await until('it to be refused while a line waits', async () => {
        const now = await report();
        return problem.test(now.problem ?? '') && now.queued > 0 && now;
      });
      assert.deepEqual({ sent, lost }, { sent: 0, lost: 0 });
      assert.deepEqual(server.received(), []);
    });

  it('proves who it is to a server that wants to know', async () => {
    makeCertificates(dir, 'authority', 'logs.example', ['127.0.0.1']);
    issueCertificate(dir, 'authority', 'box.example', []);
    const tls = { authority: 'authority', name: 'logs.example', clients: 'known' } as const;
    const server = await started(await freePort(), tls);
    const ca = { file: join(dir, 'authority.pem') };
    run([{ host: '127.0.0.1', port: server.port, transport: 'tls', ca, ...credentials('box.example') }]);
    write('agent', { msg: 'of a friend' });
    await until('the line to arrive', () => texts(server, 'sluice-agent').includes('of a friend'));
    const { state, problem, lost } = await report();
    assert.deepEqual({ state, problem, lost }, { state: 'up', problem: null, lost: 0 });
  });

  it('reaches servers in the VRF that they are in, and says what is missing while it is not there', async () => {
    const vrf = `log${process.pid}`;
    const namespace = await vrfNamespaceName(vrf);
    makeCertificates(dir, 'authority', 'logs.example', ['127.0.0.1']);
    const [udp, tls] = [await freePort(), await freePort()];
    run(
      [
        { host: '127.0.0.1', port: udp, vrf },
        { host: '127.0.0.1', port: tls, transport: 'tls', vrf, ca: { file: join(dir, 'authority.pem') } },
      ],
      [vrf],
    );
    await until('the missing namespace to be said', async () =>
      (await reports()).every(({ problem }) => problem?.includes('ENOENT')),
    );
    const ip = (...args: string[]): unknown => execFileSync('ip', args);
    ip('netns', 'add', namespace);
    try {
      ip('-n', namespace, 'link', 'set', 'lo', 'up');
      const inside = ['ip', 'netns', 'exec', namespace];
      const both = [
        await started(udp, null, inside),
        await started(tls, { authority: 'authority', name: 'logs.example' }, inside),
      ];
      await until('a line to arrive by both', () => {
        write('agent', { msg: 'inside' });
        return both.every((server) => texts(server, 'sluice-agent').includes('inside'));
      });
      await until('both to be up', async () => (await reports()).every(({ state }) => state === 'up'));
    } finally {
      await daemon?.close();
      daemon = null;
      await Promise.all(servers.map((server) => server.stop()));
      ip('netns', 'del', namespace);
    }
  });

  it('gives a server whose authority is named at last what waited, without a restart', async () => {
    makeCertificates(dir, 'authority', 'logs.example', ['127.0.0.1']);
    const server = await started(await freePort(), { authority: 'authority', name: 'logs.example' });
    const section = { host: '127.0.0.1', port: server.port, transport: 'tls' };
    run([section]);
    await until('it to be refused', async () => (await report()).state === 'down');
    reconfigure([{ ...section, ca: { file: join(dir, 'authority.pem') } }]);
    write('agent', { msg: 'now' });
    await until('a line to arrive', () => texts(server, 'sluice-agent').includes('now'));
    reconfigure([]);
    await until('it to be forgotten', async () => (await reports()).length === 0);
  });
});
