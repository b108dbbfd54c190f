// Values that recur in the device configuration, each with the sentence an operator sees when one is wrong.
import { z } from 'zod';
import { networkOf, parseIp4, parseIp4Prefix } from '../net/ip4.js';
import { isNetwork6, parseIp6, parseIp6Prefix } from '../net/ip6.js';

/** Longest name of a Linux network interface (linux/if.h, IFNAMSIZ less the closing NUL). */
const INTERFACE_NAME_MAX = 15;

export const interfaceName = z
  .string()
  .regex(/^[a-zA-Z][a-zA-Z0-9_.-]*$/, 'starts with a letter, then letters, digits, "_", "-" or "."')
  .max(INTERFACE_NAME_MAX, `at most ${INTERFACE_NAME_MAX} characters, as Linux names its interfaces`);

export const name = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, 'letters, digits, "_", "-" or ".", starting with a letter or digit')
  .max(63, 'at most 63 characters');

export const ip4Address = z
  .string()
  .refine((text) => parseIp4(text) !== null, 'must be an IPv4 address such as 192.0.2.1');

export const ipAddress = z
  .string()
  .refine(
    (text) => parseIp4(text) !== null || parseIp6(text) !== null,
    'must be an IPv4 or IPv6 address such as 192.0.2.1 or 2001:db8::1',
  );

export const ip6Address = z
  .string()
  .refine((text) => parseIp6(text) !== null, 'must be an IPv6 address such as 2001:db8::1');

/** An IPv6 destination or network, host bits zero. */
export const ip6Prefix = z
  .string()
  .refine((text) => parseIp6Prefix(text) !== null, 'must be an IPv6 prefix such as 2001:db8:2::/64')
  .refine((text) => {
    const prefix = parseIp6Prefix(text);
    return prefix === null || isNetwork6(prefix);
  }, 'has bits set beyond its prefix length: clear them, or lengthen the prefix');

/** A domain's name; RFC 1035 section 2.3.4: labels of up to 63 octets. */
export const domainName = z
  .string()
  .max(253, 'at most 253 characters')
  .regex(
    /^[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?(\.[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?)*$/,
    'must be a domain name such as shop.example',
  );

/** An interface's address with its prefix length. */
export const ip4InterfaceAddress = z
  .string()
  .refine(
    (text) => parseIp4Prefix(text) !== null,
    'must be an IPv4 address with its prefix length, such as 192.0.2.1/24',
  );

/** An interface's address of either family with its prefix length. */
export const ipInterfaceAddress = z
  .string()
  .refine(
    (text) => parseIp4Prefix(text) !== null || parseIp6Prefix(text) !== null,
    'must be an address with its prefix length, such as 192.0.2.1/24 or 2001:db8::1/64',
  );

/** A destination: host bits must be zero, so that a typing mistake is not routed. */
export const ip4Prefix = z
  .string()
  .refine((text) => parseIp4Prefix(text) !== null, 'must be an IPv4 prefix such as 10.2.0.0/16')
  .refine((text) => {
    const prefix = parseIp4Prefix(text);
    return prefix === null || networkOf(prefix) === prefix.address;
  }, 'has bits set beyond its prefix length: clear them, or lengthen the prefix');

/** A destination of either family, host bits zero likewise. */
export const ipPrefix = z
  .string()
  .refine(
    (text) => parseIp4Prefix(text) !== null || parseIp6Prefix(text) !== null,
    'must be an IPv4 or IPv6 prefix such as 10.2.0.0/16 or 2001:db8:2::/48',
  )
  .refine((text) => {
    const four = parseIp4Prefix(text);
    const six = parseIp6Prefix(text);
    if (four !== null) return networkOf(four) === four.address;
    return six === null || isNetwork6(six);
  }, 'has bits set beyond its prefix length: clear them, or lengthen the prefix');

/** RFC 791: every module must forward 68 octets; the frame of the packet pool bounds the other end. */
export const mtu = z
  .int()
  .min(68, 'at least 68 (RFC 791)')
  .max(1700, 'at most 1700: a packet must fit one frame of the pool');

/** Of what goes into a tunnel, a frame of the pool does not bound it: the outer packet has at most 65,535 octets. */
export const tunnelMtu = z
  .int()
  .min(68, 'at least 68 (RFC 791)')
  .max(65_400, 'at most 65400: an IP packet has at most 65535 octets, those around the inner one included');

/** Largest MSS that TCP connections may agree on: from the MTU, none, or so many octets. */
export const mssClamp = z.union(
  [z.boolean(), z.int().min(88, 'at least 88').max(65_495, 'at most 65495')],
  'must be true, false, or a number of octets',
);

export const u32 = z.int().min(0).max(0xffffffff);
