// DHCPv6 as a client: what an interface asks a server of its link for, and what becomes of a prefix that it is given.
import { z } from 'zod';
import { interfaceName } from './values.js';

/** Hosts make addresses of /64 alone (RFC 4862). */
export const SUBNET_LENGTH = 64;
/** What providers give sites: a /48 to a /64 (RFC 6177). */
const DELEGATED_LENGTH_MIN = 40;
const SUBNET_MAX = 2 ** (SUBNET_LENGTH - DELEGATED_LENGTH_MIN) - 1;

export const delegatedSubnetSection = z.strictObject({
  interface: interfaceName.describe('The interface, VLAN or bridge that is given the subnet.'),
  subnet: z
    .int()
    .min(0)
    .max(SUBNET_MAX, `at most ${SUBNET_MAX}`)
    .default(0)
    .describe('Which /64 of the prefix; the interface has its first address.'),
});

export const prefixDelegationSection = z.strictObject({
  length: z
    .int()
    .min(DELEGATED_LENGTH_MIN, `at least ${DELEGATED_LENGTH_MIN}`)
    .max(SUBNET_LENGTH, 'at most 64: hosts need a /64')
    .default(56)
    .describe('Asked for; the provider may give another.'),
  assign: z
    .array(delegatedSubnetSection)
    .max(64, 'at most 64 subnets')
    .default([])
    .describe('Which interfaces have a subnet of it. What is left is answered as unreachable.'),
});

export const dhcp6ClientSection = z
  .strictObject({
    address: z.boolean().default(true).describe('Ask for an address (IA_NA).'),
    prefix_delegation: prefixDelegationSection
      .optional()
      .describe('Ask for a prefix for the networks behind the box (IA_PD).'),
  })
  .refine(
    (client) => client.address || client.prefix_delegation !== undefined,
    'asks for nothing: leave it out, or set address: true or prefix_delegation',
  );

export type DelegatedSubnetSection = z.output<typeof delegatedSubnetSection>;
export type Dhcp6ClientSection = z.output<typeof dhcp6ClientSection>;
