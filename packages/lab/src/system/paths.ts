// Where a lab's things are, and what they are called.
import { randomInt } from 'node:crypto';
import type { ProcessId } from '@sluice/shared';
import { LabError } from '../errors.js';

/** A directory for each lab that exists, and in it one for each node. */
export const LAB_ROOT = '/run/sluice-lab';
/** Where iproute2 keeps named network namespaces. */
export const NETNS_ROOT = '/run/netns';
/** Where the logs of a lab go that is stopped with keepLogs. */
export const KEPT_LOGS_ROOT = '/var/log/sluice-lab';

const ID_LENGTH = 6;
const ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const NAMESPACE = /^sl-([a-z0-9]{6})-(.+)$/;
const NODE_NAME = /^[a-z][a-z0-9-]{0,31}$/;
/** linux/if.h: IFNAMSIZ is 16, with the closing NUL; a slash or space is refused by dev_valid_name(). */
const DEVICE_NAME = /^[a-zA-Z][a-zA-Z0-9_.-]{0,14}$/;

export function newLabId(): string {
  return Array.from({ length: ID_LENGTH }, () => ID_ALPHABET[randomInt(ID_ALPHABET.length)]).join('');
}

export function labDirectory(id: string): string {
  return `${LAB_ROOT}/${id}`;
}

/** A lab's directory while it is being made: named by who makes it, until its record is in it. */
export function unfinishedDirectory(maker: ProcessId, id: string): string {
  return `${LAB_ROOT}/.${maker.pid}-${maker.startTicks}-${id}`;
}

/** Who is making the lab of this directory; null when it is none that is being made. */
export function makerOf(entry: string): ProcessId | null {
  const match = /^\.(\d+)-(\d+)-/.exec(entry);
  return match ? { pid: Number(match[1]), startTicks: Number(match[2]) } : null;
}

export function ownerFile(id: string): string {
  return `${labDirectory(id)}/owner.json`;
}

export function nodeDirectory(id: string, node: string): string {
  return `${labDirectory(id)}/${node}`;
}

export function holderFile(id: string, node: string): string {
  return `${nodeDirectory(id, node)}/holder.json`;
}

export function namespaceName(id: string, node: string): string {
  return `sl-${id}-${node}`;
}

export function parseNamespaceName(namespace: string): { id: string; node: string } | null {
  const match = NAMESPACE.exec(namespace);
  return match ? { id: match[1]!, node: match[2]! } : null;
}

export function isLabId(text: string): boolean {
  return /^[a-z0-9]{6}$/.test(text);
}

export function checkNodeName(name: string): void {
  if (!NODE_NAME.test(name)) {
    throw new LabError(
      'name',
      `"${name}" cannot name a node: use lower-case letters, digits and "-", starting with a letter, at most 32 characters`,
    );
  }
}

export function checkDeviceName(name: string): void {
  if (!DEVICE_NAME.test(name)) {
    throw new LabError(
      'name',
      `"${name}" cannot name a network device: a letter, then letters, digits, "_", "-" or ".", at most 15 characters`,
    );
  }
}
