// Debian's dhcpcd, as a client of DHCPv6 that changes nothing of Linux (--noconfigure).
//
// Its files have fixed places, so it has mounts of its own; it is five processes, one of them with another user, so it has
// process ids of its own, which all end when the first one does: hook/dhcpcd-init.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import {
  codeOf,
  type Dhcp6ClientLease,
  type Dhcp6ClientState,
  processById,
  signalProcess,
} from '@sluice/shared';
import type { ClientProgram } from './client.js';
import { readLease6 } from './lease-file6.js';
import { WithdrawnPrefixes } from './withdrawn-prefixes.js';

/** From dist/src/client of this package. */
const HOOK = fileURLToPath(new URL('../../../hook/dhcpcd', import.meta.url));
const INIT = fileURLToPath(new URL('../../../hook/dhcpcd-init', import.meta.url));
const DHCPCD = '/usr/sbin/dhcpcd';
/** Mounts and process ids of its own, which end with this process. */
const APART = [
  ...['setpriv', '--pdeathsig', 'KILL'],
  ...['unshare', '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child=KILL'],
];
/** UDP port 546; and what it gives its own rights up by. Its hook runs with no more. */
const CONFINED = [
  ...['setpriv', '--no-new-privs', '--inh-caps=-all'],
  '--bounding-set=-all,+net_raw,+net_bind_service,+setuid,+setgid,+sys_chroot,+kill',
];

export const DHCPCD_PREFIX = 'dhcp6-client-';

export interface DhcpcdPlace {
  runDir: string;
  /** Of the device (RFC 8415 section 11: it has one, whatever it is asked as). */
  duid: Buffer;
}

export function dhcpcd(
  { interface: name, client }: Dhcp6ClientState,
  { runDir, duid }: DhcpcdPlace,
): ClientProgram<Dhcp6ClientLease> {
  const program = `${DHCPCD_PREFIX}${name}`;
  const own = `${runDir}/${program}`;
  mkdirSync(own, { recursive: true, mode: 0o700 });
  const withdrawn = new WithdrawnPrefixes(`${own}/prefixes.json`);
  return {
    name: program,
    binary: DHCPCD,
    debianPackage: 'dhcpcd-base',
    command: (_lease, leaseFile) => {
      for (const part of ['db', 'run']) mkdirSync(`${own}/${part}`, { recursive: true, mode: 0o755 });
      writeFileSync(`${own}/db/duid`, duidText(duid));
      writeFileSync(`${own}/dhcpcd.conf`, dhcpcdConf(name, client, leaseFile));
      const args = ['--noconfigure', '--nobackground', '--config', `${own}/dhcpcd.conf`, '--script', HOOK];
      const argv = [...APART, INIT, ...CONFINED, DHCPCD, ...args, name];
      return { argv, env: { SLUICE_DHCPCD_DIR: own } };
    },
    read: (text, now, nowMs) => {
      const news = readLease6(name, text, now, nowMs);
      if (news.kind !== 'lease') return news;
      const gone = withdrawn.follow(news.lease.prefix, nowMs);
      const leftMs = Math.min(news.leftMs, ...gone.map(({ until_ms: until }) => until - nowMs));
      return { ...news, leftMs, lease: { ...news.lease, withdrawn: gone } };
    },
    release: (pid) => {
      // unshare does not hear it.
      const init = processById(Number(childrenOf(pid)[0]));
      if (init !== null) signalProcess(init, 'SIGTERM');
    },
    forget: () => rmSync(own, { recursive: true, force: true }),
  };
}

/** As dhcpcd.conf(5) has it. Routers are the data plane's to hear. */
export function dhcpcdConf(name: string, client: Dhcp6ClientState['client'], leaseFile: string): string {
  // Of the name, so that it is the same one when the port is another. Addresses and prefixes have numbers of their own.
  const iaid = crc32(name);
  const { prefix_delegation: delegation } = client;
  return [
    ...['ipv6only', 'noipv6rs', 'duid', 'release', `env SLUICE_LEASE_FILE=${leaseFile}`],
    ...(client.address ? [`ia_na ${iaid}`] : []),
    ...(delegation === undefined ? [] : [`ia_pd ${iaid}/::/${delegation.length}`]),
    ...['option dhcp6_name_servers', 'option dhcp6_domain_search', ''],
  ].join('\n');
}

function duidText(duid: Buffer): string {
  return `${[...duid].map((octet) => octet.toString(16).padStart(2, '0')).join(':')}\n`;
}

function childrenOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  } catch (error) {
    // It has ended meanwhile.
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return [];
    throw error;
  }
}
