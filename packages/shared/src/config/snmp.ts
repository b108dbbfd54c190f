// SNMP, read-only: who may ask, and how they prove it (RFC 3411 to 3418).
import { z } from 'zod';
import { secretReference } from './ike-auth.js';
import { ipAddress, ipPrefix } from './values.js';
import { vrfReference } from './vrf.js';

const userSection = z.strictObject({
  name: z.string().regex(/^[\x21-\x7e]{1,32}$/, 'up to 32 letters, digits and signs, without blanks'),
  authentication: z.enum(['sha', 'sha256', 'sha512']).default('sha256').describe('RFC 3414, RFC 7860.'),
  password: secretReference.describe('File of the password for authentication: 8 characters at least.'),
  privacy_password: secretReference.describe(
    'File of the password for encryption, AES-128 (RFC 3826): 8 characters at least.',
  ),
});

export const snmpSection = z
  .strictObject({
    address: ipAddress
      .default('0.0.0.0')
      .describe('The address to listen on; 0.0.0.0 and :: are all of a family.'),
    port: z.int().min(1).max(65535).default(161),
    vrf: vrfReference.describe('The VRF in which it is reached.'),
    sources: z
      .array(ipPrefix)
      .min(1, 'name the networks that may ask, such as 192.0.2.0/24')
      .describe('Who may ask; others get no answer.'),
    users: z
      .array(userSection)
      .max(32)
      .default([])
      .describe('Of SNMPv3: authenticated and encrypted, or refused.'),
    communities: z
      .array(secretReference)
      .max(8)
      .default([])
      .describe('Files of the communities of SNMPv2c, which anyone on the way can read.'),
    contact: z.string().max(255).default('').describe('sysContact'),
    location: z.string().max(255).default('').describe('sysLocation'),
  })
  .superRefine(({ users, communities }, context) => {
    const issue = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    if (users.length === 0 && communities.length === 0)
      issue(['users'], 'needs somebody who may ask: users of SNMPv3, or communities of SNMPv2c');
    users.forEach(({ name }, at) => {
      if (users.findIndex((other) => other.name === name) < at)
        issue(['users', at, 'name'], `there is another user ${name}: names are unique`);
    });
  });

export type SnmpSection = z.output<typeof snmpSection>;
