// Debian's rsyslog on loopback: what it has understood of what it was sent, a line for each message.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { until } from '@sluice/shared';

export interface Received {
  /** `daemon.info` */
  priority: string;
  at: string;
  hostname: string;
  app: string;
  structured: string;
  text: string;
}

/** A port that nobody has at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** An authority, and a certificate of it for a name and 127.0.0.1, beside each other in a directory. */
export function makeCertificates(dir: string, authority: string, name: string, addresses: string[]): void {
  const openssl = (...args: string[]): unknown =>
    execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-subj',
    `/CN=${authority}`,
    '-keyout',
    `${authority}.key`,
    '-out',
    `${authority}.pem`,
  );
  const subject = ['-subj', `/CN=${name}`];
  openssl('req', ...key.slice(0, -2), ...subject, '-keyout', `${name}.key`, '-out', `${name}.csr`);
  const names = [`DNS:${name}`, ...addresses.map((address) => `IP:${address}`)].join(',');
  writeFileSync(join(dir, `${name}.ext`), `subjectAltName=${names}\n`);
  openssl(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    '-CA',
    `${authority}.pem`,
    '-CAkey',
    `${authority}.key`,
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    `${name}.ext`,
    '-out',
    `${name}.pem`,
  );
}

export class Rsyslog {
  private child: ChildProcess | null = null;
  private readonly output: string;

  constructor(
    private readonly dir: string,
    readonly port: number,
    /** Of TLS: the authority and the name of the certificates in the directory. */
    private readonly tls: { authority: string; name: string } | null,
    private readonly wrapper: readonly string[] = [],
    private readonly address = '127.0.0.1',
  ) {
    this.output = join(dir, `received-${port}`);
  }

  async start(): Promise<void> {
    const { dir, port, tls, output } = this;
    const conf = join(dir, `rsyslog-${port}.conf`);
    writeFileSync(conf, this.configuration());
    const pid = join(dir, `rsyslog-${port}.pid`);
    const [command = '', ...args] = [...this.wrapper, '/usr/sbin/rsyslogd', '-n', '-f', conf, '-i', pid];
    this.child = spawn(command, args, { stdio: 'ignore' });
    // Its port is open when it is in /proc/net of where it runs.
    const table = tls === null ? 'udp' : 'tcp';
    const listens = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
    await until(`rsyslog to listen on ${table} port ${port}`, () =>
      readFileSync(`/proc/${this.child?.pid}/net/${table}`, 'utf8').includes(listens),
    );
    if (!existsSync(output)) writeFileSync(output, '');
  }

  async stop(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  received(): Received[] {
    return readFileSync(this.output, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => {
        const [priority = '', at = '', hostname = '', app = '', structured = '', ...text] = line.split('|');
        return { priority, at, hostname, app, structured, text: text.join('|') };
      });
  }

  private configuration(): string {
    const { dir, port, tls, output, address } = this;
    const input =
      tls === null
        ? `module(load="imudp")\ninput(type="imudp" address="${address}" port="${port}")`
        : `global(DefaultNetstreamDriver="ossl" DefaultNetstreamDriverCAFile="${dir}/${tls.authority}.pem"
  DefaultNetstreamDriverCertFile="${dir}/${tls.name}.pem" DefaultNetstreamDriverKeyFile="${dir}/${tls.name}.key")
module(load="imtcp" StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
input(type="imtcp" address="${address}" port="${port}")`;
    const fields = ['pri-text', 'timestamp:::date-rfc3339', 'hostname', 'app-name', 'structured-data', 'msg'];
    return `global(workDirectory="${dir}")
${input}
template(name="t" type="string" string="${fields.map((field) => `%${field}%`).join('|')}\\n")
action(type="omfile" file="${output}" template="t")
`;
  }
}
