// Services of the management process in a VRF: reached there, not elsewhere, and again after the VRF was made anew.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, deviceConfigSchema, until, vrfNamespaceName } from '@sluice/shared';
import { ManagementDaemon } from '../../src/daemon/daemon.js';
import { type FakeGateway, fakeGateway } from '../support/fake-gateway.js';

const PORTS = { metrics: 9273, snmp: 161, ssh: 22 };
/** On a machine's own loopback nobody has this one. */
const ADDRESS = '127.7.3.9';
const READ = `
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=10)
s.sendall(sys.argv[3].encode())
print(s.recv(100).decode())
`;

describe('services in a VRF', function () {
  this.timeout(60_000);
  const vrf = `ops${process.pid}`;
  let dir: string;
  let namespace: string;
  let gateway: FakeGateway;
  let daemon: ManagementDaemon;

  const ip = (...args: string[]): unknown => execFileSync('ip', args);
  const make = (): void => {
    ip('netns', 'add', namespace);
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
  };

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'sluice-mgmt-vrf-'));
    namespace = await vrfNamespaceName(vrf);
    make();
    const community = join(dir, 'community');
    writeFileSync(community, 'a community\n');
    chmodSync(community, 0o600);
    gateway = await fakeGateway(dir);
    gateway.config = deviceConfigSchema.parse({
      schema: 1,
      hostname: 'branch-7',
      vrfs: [{ name: vrf }],
      management: {
        metrics: { address: ADDRESS, port: PORTS.metrics, vrf },
        snmp: {
          ...{ address: ADDRESS, port: PORTS.snmp, vrf, sources: ['127.0.0.0/8'] },
          communities: [{ file: community }],
        },
        ssh: { address: ADDRESS, port: PORTS.ssh, vrf },
        users: [{ name: 'anna', public_keys: ['ssh-ed25519 AAAA anna'] }],
      },
    });
    daemon = new ManagementDaemon(dir, dir, createLogger({ name: 'test', level: 'silent' }));
  });
  after(async () => {
    await daemon?.close();
    await gateway?.stop();
    if (namespace !== undefined) ip('netns', 'del', namespace);
    rmSync(dir, { recursive: true, force: true });
  });

  /** What a program says; null when it fails. */
  const said = (inside: boolean, ...argv: string[]): Promise<string | null> =>
    new Promise((resolve) => {
      const [file = '', ...rest] = inside ? ['ip', 'netns', 'exec', namespace, ...argv] : argv;
      execFile(file, rest, { env: { PATH: '/usr/sbin:/usr/bin', SNMPCONFPATH: dir } }, (error, stdout) =>
        resolve(error === null ? stdout : null),
      );
    });
  const asks: Record<keyof typeof PORTS, { argv: string[]; answer: RegExp }> = {
    metrics: {
      argv: ['python3', '-c', READ, ADDRESS, `${PORTS.metrics}`, 'GET /metrics HTTP/1.0\r\n\r\n'],
      answer: /^HTTP\/1\.1 200 OK/,
    },
    snmp: {
      argv: [
        ...['snmpget', '-v2c', '-c', 'a community', '-r0', '-t1', '-m', '', '-Oqv'],
        ...[`udp:${ADDRESS}:${PORTS.snmp}`, '.1.3.6.1.2.1.1.5.0'],
      ],
      answer: /^"branch-7"/,
    },
    ssh: { argv: ['python3', '-c', READ, ADDRESS, `${PORTS.ssh}`, ''], answer: /^SSH-2\.0-sluice/ },
  };
  const answers = (argv: string[], answer: RegExp): Promise<unknown> =>
    until(`an answer of ${argv[0]}`, async () => answer.test((await said(true, ...argv)) ?? ''), {
      intervalMs: 200,
    });

  for (const [service, { argv, answer }] of Object.entries(asks))
    it(`have ${service}, for who is in it`, async () => {
      await answers(argv, answer);
      assert.doesNotMatch((await said(false, ...argv)) ?? '', answer);
    });

  it('are reached again when the VRF has been made anew', async () => {
    ip('netns', 'del', namespace);
    make();
    for (const { argv, answer } of Object.values(asks)) await answers(argv, answer);
  });
});
