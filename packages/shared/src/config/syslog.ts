// Where the logs of the box's processes go, beside their files: to syslog servers (RFC 5424).
import { z } from 'zod';
import { canonicalIp, ipFamily } from '../net/ip.js';
import { secretReference } from './ike-auth.js';
import { domainName, ipAddress } from './values.js';
import { DEFAULT_VRF, vrfReference } from './vrf.js';

/** RFC 5426 section 3.3, RFC 5425 section 4.1. */
const PORTS = { udp: 514, tls: 6514 } as const;

const pem = (what: string) =>
  z.strictObject({ file: z.string().regex(/^\//, `must be an absolute path to ${what}`) });

export const syslogServerSection = z
  .strictObject({
    host: z
      .union([ipAddress, domainName], 'must be an address such as 192.0.2.1, or a name such as logs.example')
      .describe('Its address, or its name, which the resolver of Linux is asked for.'),
    port: z.int().min(1).max(65535).optional().describe('Left out: 514 for udp, 6514 for tls.'),
    transport: z
      .enum(['udp', 'tls'])
      .default('udp')
      .describe('udp: RFC 5426, in the clear, and nobody says when a message is lost; tls: RFC 5425.'),
    vrf: vrfReference.describe('The VRF in which it is reached.'),
    level: z
      .enum(['debug', 'info', 'warn', 'error'])
      .default('info')
      .describe('It gets lines of this severity and worse.'),
    facility: z
      .enum([
        'user',
        'daemon',
        'local0',
        'local1',
        'local2',
        'local3',
        'local4',
        'local5',
        'local6',
        'local7',
      ])
      .default('daemon')
      .describe('Of all lines but logins, which are authpriv.'),
    ca: pem('a PEM file of authorities')
      .optional()
      .describe(
        "For tls: who may have issued the server's certificate. Left out: the well-known authorities.",
      ),
    name: domainName
      .optional()
      .describe("For tls: whom the server's certificate must be for. Left out: the host."),
    certificate: pem('a PEM file of our certificate, and those of intermediate authorities behind it')
      .optional()
      .describe('For tls: who we are, for servers that ask.'),
    private_key: secretReference.optional().describe('Its private key, not encrypted.'),
  })
  .superRefine((section, context) => {
    const issue = (key: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (section.transport === 'udp')
      for (const key of ['ca', 'name', 'certificate', 'private_key'] as const)
        if (section[key] !== undefined)
          issue(key, 'is for transport tls: over udp nobody proves who they are');
    if ((section.certificate === undefined) !== (section.private_key === undefined))
      issue(
        section.certificate === undefined ? 'certificate' : 'private_key',
        'goes with the other of the two',
      );
  });

export const syslogSection = z.strictObject({
  servers: z
    .array(syslogServerSection)
    .max(8, 'at most 8 servers')
    .default([])
    .superRefine((servers, context) => {
      const names = servers.map(syslogServerName);
      names.forEach((name, at) => {
        if (names.indexOf(name) < at)
          context.addIssue({ code: 'custom', path: [at, 'host'], message: `${name} is there already` });
      });
    })
    .describe('Each gets every line.'),
});

export type SyslogServerSection = z.output<typeof syslogServerSection>;
export type SyslogSection = z.output<typeof syslogSection>;

export function syslogServerPort({ port, transport }: SyslogServerSection): number {
  return port ?? PORTS[transport];
}

/** A server in messages and figures: `udp://192.0.2.1:514`, `tls://[2001:db8::1]:6514 in VRF blue`. */
export function syslogServerName(server: SyslogServerSection): string {
  const { host, transport, vrf } = server;
  const there = ipFamily(host) === 6 ? `[${canonicalIp(host)}]` : host;
  return `${transport}://${there}:${syslogServerPort(server)}${vrf === DEFAULT_VRF ? '' : ` in VRF ${vrf}`}`;
}
