// Identity associations: what a client asks for or has, and what it is answered (RFC 8415 sections 21.4 to 21.6, 21.21 and
// 21.22).
import {
  OPTION_IA_ADDRESS,
  OPTION_IA_NA,
  OPTION_IA_PD,
  OPTION_IA_PREFIX,
  OPTION_IA_TA,
  OPTION_STATUS,
} from './codes.js';
import type { Message6 } from './message.js';
import { address6, Options6, option6, readAddress, words32 } from './options.js';

/** Addresses, addresses for a while, prefixes. */
export type AssociationKind = 'na' | 'ta' | 'pd';

/** An address, whose length is 128, or a prefix. */
export interface Resource {
  address: bigint;
  length: number;
}

export interface Association {
  kind: AssociationKind;
  iaid: number;
  resources: Resource[];
}

const CODES: Record<AssociationKind, number> = { na: OPTION_IA_NA, ta: OPTION_IA_TA, pd: OPTION_IA_PD };
/** Octets before an association's options: IAID, and times but of IA_TA. */
const HEADERS: Record<AssociationKind, number> = { na: 12, ta: 4, pd: 12 };
const ADDRESS_BYTES = 24;
const PREFIX_BYTES = 25;
export const ADDRESS_BITS = 128;

/** Null where one of them is malformed, or there twice. */
export function associationsOf({ options }: Message6): Association[] | null {
  const all: Association[] = [];
  for (const kind of ['na', 'ta', 'pd'] as const) {
    for (const value of options.all(CODES[kind])) {
      const association = parseAssociation(kind, value);
      if (association === null) return null;
      if (all.some((other) => other.kind === kind && other.iaid === association.iaid)) return null;
      all.push(association);
    }
  }
  return all;
}

function parseAssociation(kind: AssociationKind, value: Buffer): Association | null {
  if (value.length < HEADERS[kind]) return null;
  const options = Options6.parse(value, HEADERS[kind]);
  if (options === null) return null;
  const resources: Resource[] = [];
  for (const part of options.all(kind === 'pd' ? OPTION_IA_PREFIX : OPTION_IA_ADDRESS)) {
    const resource = kind === 'pd' ? parsePrefix(part) : parseAddress(part);
    if (resource === null) return null;
    resources.push(resource);
  }
  return { kind, iaid: value.readUInt32BE(0), resources };
}

function parseAddress(value: Buffer): Resource | null {
  return value.length < ADDRESS_BYTES ? null : { address: readAddress(value, 0), length: ADDRESS_BITS };
}

/** A length alone is a wish (section 18.2.4): its address is 0. */
function parsePrefix(value: Buffer): Resource | null {
  if (value.length < PREFIX_BYTES || value[8]! > ADDRESS_BITS) return null;
  return { address: readAddress(value, 9), length: value[8]! };
}

export interface Times {
  preferredS: number;
  validS: number;
}

export interface Granted6 extends Resource {
  times: Times;
}

export interface Status6 {
  code: number;
  text: string;
}

export function encodeStatus({ code, text }: Status6): Buffer {
  return option6(OPTION_STATUS, Buffer.from([code >>> 8, code & 255]), Buffer.from(text, 'utf8'));
}

/** @param renewS T1, and T2: the same for all associations of a message (section 21.4). */
export function encodeAssociation(
  { kind, iaid }: Pick<Association, 'kind' | 'iaid'>,
  granted: readonly Granted6[],
  renewS: readonly [number, number],
  status: Status6 | null,
): Buffer {
  const header = kind === 'ta' ? words32(iaid) : words32(iaid, ...renewS);
  const parts = granted.map(({ address, length, times: { preferredS, validS } }) =>
    kind === 'pd'
      ? option6(OPTION_IA_PREFIX, words32(preferredS, validS), Buffer.from([length]), address6(address))
      : option6(OPTION_IA_ADDRESS, address6(address), words32(preferredS, validS)),
  );
  if (status !== null) parts.push(encodeStatus(status));
  return option6(CODES[kind], header, ...parts);
}
