// Debian's rsyslog as a server that gets logs: its configuration, and what it has understood, a line for each message.
import { readFileSync } from 'node:fs';
import type { LabNode } from '../nodes/node.js';
import type { NodeProcess } from '../nodes/node-process.js';

/** anybody; or who has a certificate of the server's authority. */
export type SyslogClients = 'anybody' | 'known';

const AUTH_MODE: Record<SyslogClients, string> = { anybody: 'anon', known: 'x509/certvalid' };

export interface RsyslogOptions {
  /** For its own files. */
  dir: string;
  address: string;
  port: number;
  /** Of TLS, PEM files: its authority, its certificate with those of intermediate ones, its key. Null: UDP. */
  tls: { ca: string; certificate: string; key: string; clients: SyslogClients } | null;
  /** The file with what it has understood: see `receivedBySyslog`. */
  output: string;
}

export interface ReceivedSyslog {
  /** `daemon.info` */
  priority: string;
  at: string;
  hostname: string;
  app: string;
  structured: string;
  text: string;
}

const FIELDS = ['pri-text', 'timestamp:::date-rfc3339', 'hostname', 'app-name', 'structured-data', 'msg'];

export function rsyslogConfiguration({ dir, address, port, tls, output }: RsyslogOptions): string {
  const listen = `address="${address}" port="${port}"`;
  const input =
    tls === null
      ? ['module(load="imudp")', `input(type="imudp" ${listen})`]
      : [
          `global(DefaultNetstreamDriver="ossl" DefaultNetstreamDriverCAFile="${tls.ca}"`,
          `  DefaultNetstreamDriverCertFile="${tls.certificate}" DefaultNetstreamDriverKeyFile="${tls.key}")`,
          `module(load="imtcp" StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="${AUTH_MODE[tls.clients]}")`,
          `input(type="imtcp" ${listen})`,
        ];
  return [
    `global(workDirectory="${dir}")`,
    ...input,
    `template(name="t" type="string" string="${FIELDS.map((field) => `%${field}%`).join('|')}\\n")`,
    `action(type="omfile" file="${output}" template="t")`,
    '',
  ].join('\n');
}

export function receivedBySyslog(output: string): ReceivedSyslog[] {
  return readFileSync(output, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [priority = '', at = '', hostname = '', app = '', structured = '', ...text] = line.split('|');
      return { priority, at, hostname, app, structured, text: text.join('|') };
    });
}

/** Starts it in a node; resolves when it listens. Errors: LabError when it does not. */
export async function startRsyslog(
  node: LabNode,
  options: Omit<RsyslogOptions, 'dir' | 'output'>,
): Promise<{ process: NodeProcess; received: () => ReceivedSyslog[] }> {
  const { port, tls } = options;
  const name = `rsyslog-${port}`;
  const output = node.writeFile(`${name}.received`, '');
  const file = node.writeFile(
    `${name}.conf`,
    rsyslogConfiguration({ ...options, dir: node.directory, output }),
  );
  const process = await node.start(['/usr/sbin/rsyslogd', '-n', '-f', file, '-i', node.path(`${name}.pid`)], {
    name,
    ready: tls === null ? { udp: port } : { tcp: port },
  });
  return { process, received: () => receivedBySyslog(output) };
}
