// What each process of a gateway may do, out of what root may: the table by which `sluice up` starts them.
//
// setpriv (util-linux) does it, because Node's spawn knows user and group only: neither sets of capabilities(7) nor
// no_new_privs (prctl(2)). It replaces itself by the process, so the id is that of the process.

import type { Identity } from './users.js';

export interface Privileges {
  /** As capabilities(7) names them, without `cap_`, each with what it is there for. */
  capabilities: Readonly<Record<string, string>>;
  /** Left out, it runs as a user of its own; else why it stays root's. */
  staysRoot?: string;
  /** Processes whose sockets and files it opens as one of their group. */
  besides?: readonly string[];
}

export const PRIVILEGES = {
  dataplane: {
    staysRoot:
      "iproute2 makes the files of network namespaces in `/run/netns`, which is root's (open: EACCES)",
    capabilities: {
      net_admin: 'ports, XDP programs, twins, routes, settings under `/proc/sys/net`',
      net_raw: 'sockets of AF_XDP and AF_PACKET',
      net_broadcast: 'hears of changes in the network namespaces of VRFs (`ip monitor all-nsid`)',
      bpf: 'the XDP program of its ports, and its map',
      ipc_lock: 'packet memory, which the kernel locks',
      sys_admin: 'makes and enters the network namespaces of VRFs',
    },
  },
  agent: {
    staysRoot:
      "writes the configuration file, which is root's, also while `sluice up` is gone: a commit that nobody confirms goes back",
    capabilities: {},
  },
  dhcpd: {
    staysRoot:
      "dhcpcd makes `/run/dhcpcd/pid`, which is root's (open: EACCES), before it gives up its rights",
    capabilities: {
      net_raw: 'frames of clients without an address, probes of addresses; radvd, udhcpc and dhcpcd',
      net_bind_service: 'ports 67 and 547; dnsmasq, udhcpc and dhcpcd',
      net_admin: 'buffers of its sockets that take the callers of a whole network (`SO_RCVBUFFORCE`)',
      sys_admin: 'enters the network namespaces of VRFs; mounts and process ids of its own for dhcpcd',
      setgid: 'dnsmasq and dhcpcd give up their groups',
      setuid: 'dhcpcd gives up being root',
      sys_chroot: 'dhcpcd shuts itself in',
      kill: 'dhcpcd ends its processes of another user',
      setpcap: 'its daemons get fewer capabilities than it has',
    },
  },
  mgmt: {
    capabilities: {
      net_bind_service: 'SSH on port 22, Telnet on port 23, SNMP on port 161',
      net_raw: '`ping` and `traceroute`',
      sys_admin:
        'servers, `ping`, `traceroute` and what leads to syslog servers enter the network namespaces of VRFs',
    },
  },
  'ike-bridge': { besides: ['charon'], capabilities: {} },
  charon: {
    besides: ['ike-bridge'],
    capabilities: {
      net_admin: 'exempts its sockets from IPsec of the kernel',
      net_bind_service: 'ports 500 and 4500',
    },
  },
} as const satisfies Record<string, Privileges>;

export type ProcessName = keyof typeof PRIVILEGES;

export const PROCESS_NAMES = Object.keys(PRIVILEGES) as ProcessName[];

/** Those that run as users of their own. */
export const CONFINED_NAMES = PROCESS_NAMES.filter((name) => privilegesOf(name).staysRoot === undefined);

/** What "sluice up" itself takes to start processes as other users, and to end them. */
export const SWITCHING = ['chown', 'dac_override', 'fowner', 'kill', 'setgid', 'setuid'] as const;

export function privilegesOf(name: ProcessName): Privileges {
  return PRIVILEGES[name];
}

export function capabilitiesOf(name: ProcessName): string[] {
  return Object.keys(PRIVILEGES[name].capabilities);
}

/** As whom, and with which capabilities, a process is started. */
export interface Confinement {
  capabilities: readonly string[];
  /** Those that there are to hand on. */
  own: readonly string[];
  /** Null: as the user that this process has. */
  identity?: Identity | null;
  /** Groups beside its own where it keeps its user. */
  groups?: readonly number[];
}

/** The command line that starts another with these capabilities, as far as there are any, and with no way to more. */
export function confined(
  { capabilities, own, identity = null, groups = [] }: Confinement,
  argv: readonly string[],
): string[] {
  const kept = capabilities.filter((capability) => own.includes(capability));
  const set = (names: readonly string[]): string => ['-all', ...names.map((one) => `+${one}`)].join(',');
  // execve(2) gives root what the bounding set has; others need these two.
  const handedOn = set(identity === null && process.geteuid?.() === 0 ? [] : kept);
  return [
    ...['setpriv', '--no-new-privs', ...userArguments(identity, groups)],
    ...[`--inh-caps=${handedOn}`, `--ambient-caps=${handedOn}`],
    ...(own.includes('setpcap') ? [`--bounding-set=${set(kept)}`] : []),
    ...['--', ...argv],
  ];
}

function userArguments(identity: Identity | null, groups: readonly number[]): string[] {
  if (identity === null) return groups.length === 0 ? [] : [`--groups=${groups.join(',')}`];
  return [`--reuid=${identity.uid}`, `--regid=${identity.gid}`, `--groups=${identity.groups.join(',')}`];
}

/** What is other than the table says because `own` is too little, in sentences for the operator. */
export function shortfalls(own: readonly string[]): string[] {
  const names = [...new Set(PROCESS_NAMES.flatMap(capabilitiesOf))];
  const missing = names.filter((capability) => !own.includes(capability));
  const lines = missing.map((capability) => {
    const without = PROCESS_NAMES.filter((name) => capabilitiesOf(name).includes(capability));
    return `"sluice up" has no cap_${capability} to hand on: ${without.join(', ')} will do without`;
  });
  const switching = SWITCHING.filter((capability) => !own.includes(capability)).map((one) => `cap_${one}`);
  if (switching.length > 0) lines.push(`without ${switching.join(', ')}, every process runs as root's user`);
  if (!own.includes('setpcap')) lines.push('without cap_setpcap, processes may keep more than they need');
  return lines;
}
