// DNS for the LAN: a dnsmasq for each forwarder, without its DHCP. It asks the servers of the device, and knows hosts here by
// the configuration and by leases.
import type { DnsForwarder } from '@sluice/shared';
import type { DaemonSpec } from './daemon.js';

/** A name that a client has told, and its address. */
export interface LeasedName {
  vrf: string;
  name: string;
  address: string;
  startedMs: number;
}

/** Names by which clients look for somebody to trust: who has one would be asked for everything (CERT VU#598349). */
const NEVER_LEASED = new Set(['wpad', 'isatap', 'localhost']);
/** RFC 9715 section 3: what is not fragmented on the way. */
const UDP_BYTES = 1_232;
/** Questions that wait for an answer at once. */
const QUESTIONS_MAX = 300;
/** Names here change with leases. */
const LOCAL_TTL_S = 30;

/** @param learnt Servers that interfaces of the VRF were told, where the configuration has none. */
export function dnsmasqSpec(
  { section, vrf, servers }: DnsForwarder,
  learnt: readonly string[],
  names: readonly LeasedName[],
  runDir: string,
): DaemonSpec {
  const name = `dnsmasq-${section.interfaces[0]}`;
  const conf = `${runDir}/${name}.conf`;
  const hosts = `${runDir}/${name}.hosts`;
  const own = names.filter((one) => section.leases && one.vrf === vrf);
  return {
    name,
    vrf,
    command: '/usr/sbin/dnsmasq',
    args: ['--keep-in-foreground', `--conf-file=${conf}`],
    // setgid: it gives up its groups at the start.
    capabilities: ['net_bind_service', 'setgid'],
    files: new Map([
      [conf, dnsmasqConf(section, servers.length > 0 ? servers : learnt, hosts)],
      [hosts, hostsFile(section, own)],
    ]),
    readOnce: new Set([conf]),
    debianPackage: 'dnsmasq-base',
  };
}

/** As dnsmasq(8) has it. */
export function dnsmasqConf(
  { interfaces, domain, zones, cache_entries: cache }: DnsForwarder['section'],
  servers: readonly string[],
  hosts: string,
): string {
  return [
    ...['user=root', 'group=root', 'pid-file=', 'log-facility=-'],
    // Addresses that come later are answered on too; nothing is on the loopback, where other forwarders would be met.
    ...['port=53', 'bind-dynamic', 'except-interface=lo'],
    ...interfaces.map((name) => `interface=${name}`),
    ...['no-resolv', 'no-hosts', `addn-hosts=${hosts}`, `local-ttl=${LOCAL_TTL_S}`],
    // Names without dots, and private addresses that nobody here knows, are nobody's business outside.
    ...['domain-needed', 'bogus-priv', `cache-size=${cache}`],
    ...[`edns-packet-max=${UDP_BYTES}`, `dns-forward-max=${QUESTIONS_MAX}`],
    ...(domain === undefined ? [] : [`domain=${domain}`, `local=/${domain}/`, 'expand-hosts']),
    ...servers.map((server) => `server=${server}`),
    ...zones.flatMap((zone) => zone.servers.map((server) => `server=/${zone.domain}/${server}`)),
    '',
  ].join('\n');
}

/** As hosts(5) has it. Of clients with the same name, the one that had it first. */
export function hostsFile(
  { hosts }: Pick<DnsForwarder['section'], 'hosts'>,
  leased: readonly LeasedName[],
): string {
  const lines = hosts.flatMap(({ name, addresses }) => addresses.map((address) => `${address} ${name}`));
  const known = new Set(hosts.map(({ name }) => firstLabel(name)));
  const owners = new Map<string, Set<string>>();
  for (const { name, address } of [...leased].sort((a, b) => a.startedMs - b.startedMs)) {
    const label = firstLabel(name);
    if (label === '' || known.has(label) || NEVER_LEASED.has(label)) continue;
    const families = owners.get(label) ?? new Set<string>();
    const family = address.includes(':') ? '6' : '4';
    owners.set(label, families);
    if (families.has(family)) continue;
    families.add(family);
    lines.push(`${address} ${label}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

function firstLabel(name: string): string {
  return name.split('.')[0]!.toLowerCase();
}
