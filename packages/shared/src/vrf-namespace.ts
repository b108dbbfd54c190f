// The network namespace of Linux that a VRF is, named after the VRF: `sluice-blue`.
//
// Where the gateway itself runs in a namespace that has a name, as in a lab, that name takes the place of `sluice`, so that
// gateways of one machine do not meet.
import { readdir, stat } from 'node:fs/promises';
import { codeOf } from './actor/errors.js';

const NAMED = '/run/netns';
const OWN = '/proc/self/ns/net';
const PREFIX = 'sluice';

export async function vrfNamespaceName(vrf: string): Promise<string> {
  return `${(await ownNamespaceName()) ?? PREFIX}-${vrf}`;
}

export function namespacePath(name: string): string {
  return `${NAMED}/${name}`;
}

/** The name of the namespace that this process is in; null when it has none. */
export async function ownNamespaceName(): Promise<string | null> {
  const own = await stat(OWN);
  for (const name of await namedNamespaces()) {
    try {
      const { ino, dev } = await stat(namespacePath(name));
      if (ino === own.ino && dev === own.dev) return name;
    } catch (error) {
      // It went between the two looks.
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
  return null;
}

/** Those that have a name on this machine. */
export async function namedNamespaces(): Promise<string[]> {
  try {
    return await readdir(NAMED);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
