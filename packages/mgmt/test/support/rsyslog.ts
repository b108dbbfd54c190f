// Debian's rsyslog on loopback: what it has understood of what it was sent, a line for each message.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type ReceivedSyslog, receivedBySyslog, rsyslogConfiguration, type SyslogClients } from '@sluice/lab';
import { until } from '@sluice/shared';

/** A port that nobody has at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Of TLS: the authority and the name of the certificates in the directory; who may send, anybody unless told. */
export interface ServerTls {
  authority: string;
  name: string;
  clients?: SyslogClients;
}

export class Rsyslog {
  private child: ChildProcess | null = null;
  private readonly output: string;

  constructor(
    private readonly dir: string,
    readonly port: number,
    private readonly tls: ServerTls | null,
    private readonly wrapper: readonly string[] = [],
    private readonly address = '127.0.0.1',
  ) {
    this.output = join(dir, `received-${port}`);
  }

  async start(): Promise<void> {
    const { dir, port, tls, output, address } = this;
    const conf = join(dir, `rsyslog-${port}.conf`);
    const credentials = tls && {
      ca: join(dir, `${tls.authority}.pem`),
      certificate: join(dir, `${tls.name}.pem`),
      key: join(dir, `${tls.name}.key`),
      clients: tls.clients ?? 'anybody',
    };
    writeFileSync(conf, rsyslogConfiguration({ dir, address, port, tls: credentials, output }));
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

  received(): ReceivedSyslog[] {
    return receivedBySyslog(this.output);
  }
}
