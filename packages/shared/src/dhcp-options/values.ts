// Kinds of values that options have, each as the configuration writes it.
import { z } from 'zod';
import { ip4Address, ip4Prefix, u32 } from '../config/values.js';

/** The option field of RFC 2132 section 2 has one octet for the length; longer ones go in pieces (RFC 3396). */
const TEXT_MAX = 1024;

const text = z
  .string()
  .min(1, 'must not be empty')
  .max(TEXT_MAX, `at most ${TEXT_MAX} characters`)
  .regex(/^[\x20-\x7e]*$/, 'plain characters only (ASCII)');

const domain = z
  .string()
  .max(253, 'at most 253 characters')
  .regex(
    /^(?!-)[a-zA-Z0-9_-]{1,63}(\.[a-zA-Z0-9_-]{1,63})*\.?$/,
    'must be a domain such as example.com, in parts of at most 63 characters',
  );

/** Octets as an operator copies them from a manual: `01:02:ff`, `0102ff`. */
export const hexOctets = z
  .string()
  .regex(
    /^[0-9a-fA-F]{2}([: ]?[0-9a-fA-F]{2})*$/,
    'must be octets in hexadecimal, such as 01:02:ff or 0102ff',
  );

const octet = z.int().min(0).max(255);
const word = z.int().min(0).max(65_535);

/** One value, in the form that its key names. */
export const octetsValue = {
  ip4: ip4Address.optional(),
  text: text.optional(),
  u8: octet.optional(),
  u16: word.optional(),
  u32: u32.optional(),
  hex: hexOctets.optional(),
};

export const VALUE_KEYS = ['ip4', 'text', 'u8', 'u16', 'u32', 'hex'] as const;

export function hasOneValue(entry: Partial<Record<(typeof VALUE_KEYS)[number], unknown>>): boolean {
  return VALUE_KEYS.filter((key) => entry[key] !== undefined).length === 1;
}

export const ONE_VALUE = `needs one value: one of ${VALUE_KEYS.join(', ')}`;

const suboption = z
  .strictObject({ code: z.int().min(1).max(254), ...octetsValue })
  .refine(hasOneValue, ONE_VALUE);

/** Of a suboption: its code, its length, its value. */
function octetsOf({ text, u8, u16, hex }: z.output<typeof suboption>): number {
  if (text !== undefined) return 2 + text.length;
  if (hex !== undefined) return 2 + hex.replace(/[: ]/g, '').length / 2;
  return 2 + (u8 !== undefined ? 1 : u16 !== undefined ? 2 : 4);
}

/** One octet says how long they are together (RFC 3925 section 4). */
const enterpriseOptions = z
  .array(suboption)
  .min(1)
  .refine(
    (list) => list.reduce((sum, entry) => sum + octetsOf(entry), 0) <= 255,
    'at most 255 octets together, with two for each',
  );

export const VALUES = {
  ip4: ip4Address,
  ip4_list: z.array(ip4Address),
  ip4_pairs: z.array(z.tuple([ip4Address, ip4Address])),
  u8: octet,
  u16: word,
  u32,
  i32: z.int().min(-0x80000000).max(0x7fffffff),
  flag: z.boolean(),
  text,
  domain_list: z.array(domain).min(1),
  routes: z.array(z.strictObject({ to: ip4Prefix, via: ip4Address })),
  sip_servers: z.array(ip4Address).min(1),
  suboptions: z.array(suboption).min(1),
  enterprises: z.array(z.strictObject({ enterprise: u32, options: enterpriseOptions })).min(1),
} as const;

export type DhcpOptionKind = keyof typeof VALUES;
export type DhcpOptionValue<Kind extends DhcpOptionKind> = z.output<(typeof VALUES)[Kind]>;
export type DhcpSuboption = z.output<typeof suboption>;
