// SNMP as net-snmp's tools of Debian see it; figures are those of the data plane that answers behind it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createLogger,
  type DeviceConfig,
  deviceConfigSchema,
  type InterfaceReport,
  until,
} from '@sluice/shared';
import fc from 'fast-check';
import { ManagementDaemon } from '../../src/daemon/daemon.js';
import { INTERFACES } from '../support/dataplane-figures.js';
import { type FakeGateway, fakeGateway } from '../support/fake-gateway.js';

const log = createLogger({ name: 'test', level: 'silent' });
const COMMUNITY = 'a community';
const PASSWORD = 'a password that is long';
const PRIVACY = 'another password, for privacy';

const IF = '.1.3.6.1.2.1.2.2.1';
const IF_X = '.1.3.6.1.2.1.31.1.1.1';
const USER = [
  '-v3',
  '-l',
  'authPriv',
  '-u',
  'poller',
  '-a',
  'SHA-256',
  '-A',
  PASSWORD,
  '-x',
  'AES',
  '-X',
  PRIVACY,
];
const V2 = ['-v2c', '-c', COMMUNITY];

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

describe('SNMP', function () {
  this.timeout(60_000);
  let dir: string;
  let port: number;
  let gateway: FakeGateway;
  let daemon: ManagementDaemon;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'sluice-snmp-'));
    gateway = await fakeGateway(dir);
    port = await freePort();
    gateway.config = config({ sources: ['127.0.0.0/8'] });
    daemon = new ManagementDaemon(dir, dir, log);
    await until(
      'the agent answers',
      async () => (await tool('snmpget', [...V2, '-r0', '-t1'], '.1.3.6.1.2.1.1.5.0')).code === 0,
    );
  });
  after(async () => {
    await daemon?.close();
    await gateway?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  function secret(name: string, text: string): { file: string } {
    const file = join(dir, name);
    writeFileSync(file, `${text}\n`);
    chmodSync(file, 0o600);
    return { file };
  }

  function config(snmp: object): DeviceConfig {
    return deviceConfigSchema.parse({
      schema: 1,
      hostname: 'branch-7',
      interfaces: [{ name: 'wan', device: 'eth0', driver: 'af_packet', enabled: false }],
      management: {
        snmp: {
          address: '127.0.0.1',
          port,
          communities: [secret('community', COMMUNITY)],
          users: [
            {
              name: 'poller',
              password: secret('password', PASSWORD),
              privacy_password: secret('privacy', PRIVACY),
            },
          ],
          contact: 'anna@example.com',
          ...snmp,
        },
      },
    });
  }

  /** One of net-snmp's tools; values without their types, octet strings as text, OIDs as numbers. */
  function tool(name: string, who: readonly string[], ...oids: string[]): Promise<Ended> {
    return new Promise((resolve) => {
      const args = [...who, '-m', '', '-On', '-Oqv', `udp:127.0.0.1:${port}`, ...oids];
      execFile(
        name,
        args,
        { env: { PATH: '/usr/bin', SNMPCONFPATH: dir, HOME: dir } },
        (error, stdout, stderr) =>
          resolve({
            code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1,
            stdout,
            stderr,
          }),
      );
    });
  }

  async function values(name: string, who: readonly string[], ...oids: string[]): Promise<string[]> {
    const { code, stdout, stderr } = await tool(name, who, ...oids);
    assert.equal(code, 0, stderr);
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^"(.*)"$/, '$1').trim());
  }

  const of = (value: (report: InterfaceReport) => unknown) =>
    INTERFACES.interfaces.map((each) => String(value(each)));

  for (const [version, who] of [
    ['2c', V2],
    ['3', USER],
  ] as const) {
    it(`of version ${version} has the system group`, async () => {
      const oids = [1, 2, 4, 5, 7].map((object) => `.1.3.6.1.2.1.1.${object}.0`);
      const [description, id, contact, name, services] = await values('snmpget', who, ...oids);
      assert.match(description!, /^Sluice, Linux /);
      assert.deepEqual([id, contact, name, services], ['.0.0', 'anna@example.com', 'branch-7', '6']);
    });

    it(`of version ${version} has the interfaces, with the data plane's figures`, async () => {
      assert.deepEqual(
        await values('snmpbulkwalk', who, `${IF_X}.1`),
        of(({ name }) => name),
      );
      assert.deepEqual(
        await values('snmpbulkwalk', who, `${IF_X}.6`),
        of(({ rx_bytes }) => rx_bytes),
      );
      assert.deepEqual(
        await values('snmpbulkwalk', who, `${IF_X}.11`),
        of(({ tx_packets }) => tx_packets),
      );
      assert.deepEqual(
        await values('snmpwalk', who, `${IF}.10`),
        of(({ rx_bytes }) => rx_bytes % 2 ** 32),
      );
      assert.deepEqual(
        await values('snmpwalk', who, `${IF}.4`),
        of(({ mtu }) => mtu),
      );
      assert.deepEqual(
        await values('snmpwalk', who, `${IF}.8`),
        of(({ state }) => (state === 'up' ? 1 : 2)),
      );
      assert.deepEqual(
        await values('snmpwalk', who, `${IF}.7`),
        of(({ name }) => (name === 'wan' ? 2 : 1)),
      );
      assert.deepEqual(await values('snmpget', who, '.1.3.6.1.2.1.2.1.0'), [
        String(INTERFACES.interfaces.length),
      ]);
    });
  }

  it('walks all that there is, and comes to an end', async () => {
    const all = await values('snmpbulkwalk', [...V2, '-Cr1000'], '.1.3.6.1');
    const end = all.findIndex((value) => value.startsWith('No more variables left'));
    assert.equal(end, 8 + INTERFACES.interfaces.length * (14 + 7));
    assert.ok(all.slice(end).every((value) => value === all[end]));
  });

  it('is read-only', async () => {
    const { code, stderr } = await tool('snmpset', V2, '.1.3.6.1.2.1.1.5.0', 's', 'mine');
    assert.equal(code, 2);
    assert.match(stderr, /notWritable|noAccess/);
    assert.deepEqual(await values('snmpget', V2, '.1.3.6.1.2.1.1.5.0'), ['branch-7']);
  });

  const refused: Record<string, readonly string[]> = {
    'of another community': ['-v2c', '-c', 'public'],
    'by version 1 of another community': ['-v1', '-c', 'public'],
    'of nobody by version 3': ['-v3', '-l', 'noAuthNoPriv', '-u', ''],
    'of an unknown user': ['-v3', '-l', 'noAuthNoPriv', '-u', 'somebody'],
    'of a user who does not encrypt': [
      '-v3',
      '-l',
      'authNoPriv',
      '-u',
      'poller',
      '-a',
      'SHA-256',
      '-A',
      PASSWORD,
    ],
    'with a wrong password': USER.map((word) => (word === PASSWORD ? 'not the right password' : word)),
    'with a wrong privacy password': USER.map((word) => (word === PRIVACY ? 'not the right one' : word)),
  };
  for (const [kind, who] of Object.entries(refused))
    it(`says nothing to a request ${kind}`, async () => {
      const { code, stdout } = await tool('snmpget', [...who, '-r0', '-t1'], '.1.3.6.1.2.1.1.5.0');
      assert.notEqual(code, 0);
      assert.doesNotMatch(stdout, /branch-7/);
    });

  it('is not harmed by what is no SNMP', async () => {
    const socket = createSocket('udp4');
    try {
      // A request of the tools' own, to make others of.
      const asked = Buffer.from(
        '3029020101040b6120636f6d6d756e697479a5170204000000010201000203ffffff300b300906052b060102010500'.slice(
          0,
          90,
        ),
        'hex',
      );
      const messages = fc.sample(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.tuple(fc.nat(asked.length - 1), fc.nat(255)).map(([at, octet]) => {
            const message = Uint8Array.from(asked);
            message[at] = octet;
            return message;
          }),
        ),
        { numRuns: 1_000, seed: 42 },
      );
      for (const message of messages)
        await new Promise<void>((resolve, reject) =>
          socket.send(message, port, '127.0.0.1', (error) => (error ? reject(error) : resolve())),
        );
    } finally {
      socket.close();
    }
    // In the second of the flood nobody is answered.
    const [name] = await until('the agent answers', () =>
      values('snmpget', [...V2, '-r3', '-t1'], '.1.3.6.1.2.1.1.5.0'),
    );
    assert.equal(name, 'branch-7');
  });

  it('keeps the numbers of interfaces and its own identity over a restart', async () => {
    const names = await values('snmpbulkwalk', USER, `${IF_X}.1`);
    await daemon.close();
    INTERFACES.interfaces.reverse();
    try {
      daemon = new ManagementDaemon(dir, dir, log);
      await until(
        'the agent answers',
        async () => (await tool('snmpget', [...V2, '-r0', '-t1'], '.1.3.6.1.2.1.1.5.0')).code === 0,
      );
      assert.deepEqual(await values('snmpbulkwalk', USER, `${IF_X}.1`), names);
    } finally {
      INTERFACES.interfaces.reverse();
    }
  });

  it('answers only those who may ask', async () => {
    gateway.config = config({ sources: ['192.0.2.0/24'] });
    gateway.commit();
    await until(
      'it answers no more',
      async () => (await tool('snmpget', [...V2, '-r0', '-t1'], '.1.3.6.1.2.1.1.5.0')).code !== 0,
    );
    gateway.config = config({ sources: ['127.0.0.1/32'] });
    gateway.commit();
    assert.deepEqual(
      await until('it answers again', () => values('snmpget', [...V2, '-r0', '-t1'], '.1.3.6.1.2.1.1.5.0')),
      ['branch-7'],
    );
  });
});

/** A UDP port that nobody has at the moment. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
