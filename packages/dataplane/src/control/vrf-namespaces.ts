// Network namespaces of Linux, one for each VRF but the default: what runs there reaches that VRF, and nothing else.
//
// Named as `vrfNamespaceName` says: `sluice-blue`. They outlive a crash with all that is
// in them; the next process finds them by name. Ours are marked by the alias of their loopback device, which says too
// in which namespace their data plane runs: names alone do not tell `sluice` and its VRF `a-blue` from `sluice-a` and
// `blue`, and what is another gateway's must not be removed.
import { readdir, readlink } from 'node:fs/promises';
import { namedNamespaces, namespacePath, vrfNamespaceName } from '@sluice/shared';
import { IpCommandError, ip, ipBatch, runInNamespace } from './ip-command.js';

const OWN = '/proc/self/ns/net';
/** What marks links as ours. */
export const ALIAS = 'sluice';

/**
 * Settings of a new namespace. Twins are the graph's: Linux answers no neighbour discovery for them, makes no addresses
 * and forwards nothing, and asks by ARP from an address of the link; new namespaces would take some of it from the machine.
 */
const SETTINGS = [
  ['ipv4/ip_forward', '0'],
  ['ipv4/conf/default/arp_announce', '2'],
  ['ipv4/conf/default/promote_secondaries', '1'],
  ['ipv6/conf/all/forwarding', '0'],
  ['ipv6/conf/default/disable_ipv6', '0'],
  ['ipv6/conf/default/addr_gen_mode', '1'],
  ['ipv6/conf/default/accept_ra', '0'],
  ['ipv6/conf/default/accept_dad', '0'],
];

export class VrfNamespaces {
  private prefix: string | null = null;
  private readonly ready = new Set<string>();
  /** Told of each that was made: whoever watched one of that name before watches nothing now. */
  onMade: (name: string) => void = () => undefined;

  /** The namespace of a VRF. */
  async nameOf(vrf: string): Promise<string> {
    this.prefix ??= await vrfNamespaceName('');
    return `${this.prefix}${vrf}`;
  }

  pathOf(name: string): string {
    return namespacePath(name);
  }

  /** Makes a namespace, or takes over one that an earlier process of ours left. */
  async ensure(name: string): Promise<void> {
    if (this.ready.has(name) && (await isThere(name))) return;
    if (await isThere(name)) {
      if (!(await mayTake(await ownerOf(name)))) {
        throw new Error(
          `Linux has another network namespace ${name}: remove it (ip netns del ${name}), or name the VRF otherwise`,
        );
      }
    } else {
      await ip(['netns', 'add', name]);
      this.onMade(name);
    }
    await ipBatch([`link set dev lo alias "${ALIAS} ${await readlink(OWN)}"`, 'link set dev lo up'], name);
    await runInNamespace(name, [
      'sh',
      '-c',
      'while [ $# -gt 1 ]; do [ ! -e "/proc/sys/net/$1" ] || echo "$2" > "/proc/sys/net/$1"; shift 2; done',
      'sh',
      ...SETTINGS.flat(),
    ]);
    this.ready.add(name);
  }

  /** Our namespaces that are there, those of dead processes included. */
  async list(): Promise<string[]> {
    const start = await this.nameOf('');
    const names = (await namedNamespaces()).filter((name) => name.startsWith(start));
    const own = await readlink(OWN);
    const ours: string[] = [];
    for (const name of names) if (this.ready.has(name) || (await ownerOf(name)) === own) ours.push(name);
    return ours;
  }

  async remove(name: string): Promise<void> {
    this.ready.delete(name);
    if (await isThere(name)) await ip(['netns', 'del', name]);
  }
}

async function isThere(name: string): Promise<boolean> {
  return (await namedNamespaces()).includes(name);
}

/**
 * Where the data plane runs whose VRF's namespace this is, as /proc names namespaces; null for one that is no data plane's,
 * and for what cannot be entered: an empty file that is no namespace.
 */
async function ownerOf(name: string): Promise<string | null> {
  try {
    const links = JSON.parse((await ip(['-json', 'link', 'show', 'dev', 'lo'], '', name)) || '[]') as {
      ifalias?: string;
    }[];
    const [mark, owner] = (links[0]?.ifalias ?? '').split(' ');
    return mark === ALIAS ? (owner ?? '') : null;
  } catch (error) {
    if (error instanceof IpCommandError) return null;
    throw error;
  }
}

/** True for our own, and for those whose data plane's namespace is gone: nobody else wants them. */
async function mayTake(owner: string | null): Promise<boolean> {
  if (owner === null) return false;
  if (owner === (await readlink(OWN))) return true;
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    // One that has ended since has no namespace.
    if ((await readlink(`/proc/${pid}/ns/net`).catch(() => null)) === owner) return false;
  }
  return true;
}
