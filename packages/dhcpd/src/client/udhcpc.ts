// Debian's udhcpc (busybox), as a client of DHCPv4.
import { fileURLToPath } from 'node:url';
import type { DhcpClientLease, DhcpClientState } from '@sluice/shared';
import type { ClientProgram } from './client.js';
import { readLease } from './lease-file.js';

/** From dist/src/client of this package. */
const HOOK = fileURLToPath(new URL('../../../hook/udhcpc', import.meta.url));
const UDHCPC = '/sbin/udhcpc';
/** Three messages two seconds apart, and again after five. */
const PACE = ['-t', '3', '-T', '2', '-A', '5'];
/** Frames on the twin, and UDP port 68 to renew: no more. It ends with this process. */
const CONFINED = [
  ...['setpriv', '--pdeathsig', 'KILL', '--no-new-privs', '--inh-caps=-all'],
  '--bounding-set=-all,+net_raw,+net_bind_service',
];

export const UDHCPC_PREFIX = 'dhcp-client-';

export function udhcpc({ interface: name, client }: DhcpClientState): ClientProgram<DhcpClientLease> {
  return {
    name: `${UDHCPC_PREFIX}${name}`,
    binary: UDHCPC,
    debianPackage: 'udhcpc',
    command: (lease, leaseFile) => {
      // -R: it gives the lease back at SIGTERM.
      const args = ['-f', '-i', name, '-s', HOOK, '-R', '-B', ...PACE, '-O', 'staticroutes', '-O', 'mtu'];
      args.push('-x', `hostname:${client.hostname}`, '-V', client.vendor_class);
      if (client.client_id !== undefined)
        args.push('-C', '-x', `0x3d:${client.client_id.replaceAll(/[: ]/g, '')}`);
      if (lease !== null) args.push('-r', lease.address.split('/')[0]!);
      return { argv: [...CONFINED, UDHCPC, ...args], env: { SLUICE_LEASE_FILE: leaseFile } };
    },
    read: (text, now, nowMs) => readLease(name, text, now, nowMs),
  };
}
