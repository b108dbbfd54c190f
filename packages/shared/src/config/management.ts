import { z } from 'zod';
import { snmpSection } from './snmp.js';
import { syslogSection } from './syslog.js';
import { ipAddress, name } from './values.js';
import { vrfReference } from './vrf.js';

const metricsSection = z.strictObject({
  address: ipAddress
    .default('127.0.0.1')
    .describe(
      "The address to listen on. Whoever reaches it sees the gateway's figures: there is no password.",
    ),
  port: z.int().min(1).max(65535).default(9273),
  vrf: vrfReference.describe('The VRF in which it is reached.'),
});

const PUBLIC_KEY = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-[\w@.-]+) [A-Za-z0-9+/]+=*( .*)?$/;

const userSection = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z_][a-z0-9_-]*$/, 'small letters, digits, "_" or "-", starting with a letter')
      .max(32, 'at most 32 characters'),
    role: z
      .enum(['operator', 'admin'])
      .default('operator')
      .describe('operator: looks at everything but packets; admin: changes things, and captures.'),
    public_keys: z
      .array(z.string().regex(PUBLIC_KEY, 'must be a line of a .pub file, such as "ssh-ed25519 AAAA… anna"'))
      .default([])
      .describe("Lines of OpenSSH's .pub files."),
    password_hash: z
      .string()
      .regex(/^\$argon2id\$v=19\$[\w=,]+\$[\w+/]+\$[\w+/]+$/, 'must be what "sluice password" prints')
      .optional()
      .describe('Made by "sluice password"; left out, no password is taken.'),
  })
  .superRefine(({ name, public_keys, password_hash }, context) => {
    if (public_keys.length > 0 || password_hash !== undefined) return;
    const message = `${name} could never log in: give a public key, or the hash of a password`;
    context.addIssue({ code: 'custom', path: ['public_keys'], message });
  });

const idleTimeout = z
  .int()
  .min(10)
  .max(86_400)
  .default(900)
  .describe('A session that nobody types in, and that runs no command, is ended after it.');

const sshSection = z.strictObject({
  address: ipAddress.default('::').describe('The address to listen on; ::, all of both families.'),
  port: z.int().min(1).max(65535).default(22),
  vrf: vrfReference.describe('The VRF in which it is reached.'),
  idle_timeout_s: idleTimeout,
});

/** IANA's port of Telnet: the data plane knows it by this one. */
export const TELNET_PORT = 23;

const telnetSection = z.strictObject({
  interfaces: z
    .array(name)
    .min(1, 'name the interfaces that it is for: Telnet is never on all of them')
    .describe('It listens on the addresses of these, and takes what comes in by them alone.'),
  idle_timeout_s: idleTimeout,
});

export const managementSection = z
  .strictObject({
    metrics: metricsSection
      .optional()
      .describe('An HTTP endpoint, /metrics, for Prometheus; left out, none.'),
    snmp: snmpSection.optional().describe('SNMP for whoever polls interfaces, read-only; left out, none.'),
    syslog: syslogSection.optional().describe('Servers that get the logs of all processes.'),
    ssh: sshSection.optional().describe('The command line over SSH; left out, none.'),
    telnet: telnetSection
      .optional()
      .describe(
        'The command line over Telnet, by password, for what can nothing else: whoever sees the packets reads the password. Left out, none.',
      ),
    users: z.array(userSection).max(100).default([]).describe('Who may use it.'),
  })
  .superRefine(({ ssh, telnet, users }, context) => {
    const issue = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    if (ssh !== undefined && users.length === 0) issue(['ssh'], 'needs somebody under users who may log in');
    if (telnet !== undefined && !users.some(({ password_hash }) => password_hash !== undefined))
      issue(['telnet'], 'needs somebody under users who has a password: Telnet knows no keys');
    users.forEach(({ name }, at) => {
      if (users.findIndex((other) => other.name === name) < at)
        issue(['users', at, 'name'], `there is another user ${name}: names are unique`);
    });
  });

export type ManagementSection = z.output<typeof managementSection>;
export type UserSection = z.output<typeof userSection>;
export type SshSection = z.output<typeof sshSection>;
export type TelnetSection = z.output<typeof telnetSection>;
