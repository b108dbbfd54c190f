// Which classes a client is of.
import type { DhcpClassSection } from '@sluice/shared';
import { OPTION_CLIENT_ARCH, OPTION_USER_CLASS } from '../wire/codes.js';
import type { Message } from '../wire/message.js';
import type { Client } from './client.js';

export interface ClientClass {
  name: string;
  matches(message: Message, client: Client): boolean;
}

export function compileClass({ name, match }: DhcpClassSection): ClientClass {
  const vendor = match.vendor_class === undefined ? null : pattern(match.vendor_class);
  const user = match.user_class === undefined ? null : pattern(match.user_class);
  const mac = match.mac?.toLowerCase();
  const architectures = match.client_arch === undefined ? null : new Set(match.client_arch);
  return {
    name,
    matches: (message, client) =>
      (vendor === null || vendor.test(client.vendorClass)) &&
      (user === null || userClasses(message).some((text) => user.test(text))) &&
      (mac === undefined || client.mac.startsWith(mac)) &&
      (architectures === null || clientArchitectures(message).some((value) => architectures.has(value))),
  };
}

function pattern(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

/** RFC 3004 section 4 has a length before each; many clients send plain text. */
function userClasses(message: Message): string[] {
  const value = message.options.get(OPTION_USER_CLASS);
  if (value === undefined) return [];
  const classes = [value.toString('latin1')];
  for (let at = 0; at < value.length; at += 1 + value[at]!) {
    classes.push(value.toString('latin1', at + 1, at + 1 + value[at]!));
  }
  return classes;
}

/** RFC 4578 section 2.1: two octets each. */
function clientArchitectures(message: Message): number[] {
  const value = message.options.get(OPTION_CLIENT_ARCH);
  const all: number[] = [];
  for (let at = 0; value !== undefined && at + 2 <= value.length; at += 2) all.push(value.readUInt16BE(at));
  return all;
}
