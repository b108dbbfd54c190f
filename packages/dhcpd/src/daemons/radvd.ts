// Router advertisements: a radvd for each link, so that one can be ended, with its last word to the hosts, without others.
import type { AdvertisedLink, DelegatedPrefix, RouterAdvertisementSection } from '@sluice/shared';
import { TOLD_PREFERRED_S, TOLD_VALID_S } from '../client/withdrawn-prefixes.js';
import type { DaemonSpec } from './daemon.js';

/** RFC 4861 section 6.2.1: MinRtrAdvInterval, from 3 s to three quarters of the longest. */
const INTERVAL_MIN_S = 3;
const INTERVAL_MIN_SHARE = 1 / 3;
const SECOND_MS = 1000;
/** RFC 8106 section 5.1 recommends three times the longest interval. */
const DNS_LIFETIMES = 3;

/** @param nowMs When radvd reads it. */
export function radvdSpec(link: AdvertisedLink, runDir: string, nowMs: number): DaemonSpec {
  const name = `radvd-${link.section.interface}`;
  const file = `${runDir}/${name}.conf`;
  return {
    name,
    vrf: link.vrf,
    command: '/usr/sbin/radvd',
    args: ['--nodaemon', '--config', file, '--pidfile', `${runDir}/${name}.own-pid`, '--logmethod', 'stderr'],
    capabilities: ['net_raw'],
    files: new Map([[file, radvdConf(link, nowMs)]]),
    debianPackage: 'radvd',
  };
}

/** As radvd.conf(5) has it. */
function radvdConf({ section, mtu, delegated }: AdvertisedLink, nowMs: number): string {
  const settings: [string, string | number][] = [
    ['AdvSendAdvert', 'on'],
    ['IgnoreIfMissing', 'on'],
    ['AdvSourceLLAddress', 'on'],
    ['MaxRtrAdvInterval', section.interval_s],
    ['MinRtrAdvInterval', Math.max(INTERVAL_MIN_S, Math.floor(section.interval_s * INTERVAL_MIN_SHARE))],
    ['AdvDefaultLifetime', section.router_lifetime_s],
    ['AdvDefaultPreference', section.preference],
    ['AdvManagedFlag', flag(section.managed ?? false)],
    ['AdvOtherConfigFlag', flag(section.other_config ?? false)],
    ['AdvCurHopLimit', section.hop_limit],
    ['AdvReachableTime', section.reachable_ms],
    ['AdvRetransTimer', section.retransmit_ms],
    // 0: not told.
    ['AdvLinkMTU', mtu ?? 0],
  ];
  return [
    `interface ${section.interface} {`,
    ...settings.map(([name, value]) => `  ${name} ${value};`),
    ...(section.prefixes ?? []).map((prefix) =>
      block(`prefix ${prefix.prefix}`, [
        ['AdvOnLink', flag(prefix.on_link)],
        ['AdvAutonomous', flag(prefix.autonomous)],
        ['AdvValidLifetime', lifetime(prefix.valid_lifetime_s)],
        ['AdvPreferredLifetime', lifetime(prefix.preferred_lifetime_s)],
      ]),
    ),
    ...delegated.map((prefix) => delegatedBlock(prefix, nowMs)),
    ...section.routes.map((route) =>
      block(`route ${route.to}`, [
        ['AdvRoutePreference', route.preference],
        ['AdvRouteLifetime', lifetime(route.lifetime_s)],
      ]),
    ),
    ...names(section),
    '};',
    '',
  ].join('\n');
}

/** When a link is to be told otherwise, because its prefixes have become older; Infinity for never. */
export function changesAtMs({ delegated }: AdvertisedLink, nowMs: number): number {
  const moments = delegated.flatMap(({ preferred_until_ms: preferred, valid_until_ms: valid }) => [
    preferred - TOLD_PREFERRED_S * SECOND_MS,
    valid - TOLD_VALID_S * SECOND_MS,
  ]);
  return Math.min(...moments.filter((moment) => moment > nowMs));
}

/**
 * A subnet of a delegated prefix: never for longer than the prefix itself, and else for so long that a change which nobody
 * tells of does not last (RFC 9096 sections 3.3 and 3.4). Near its end it is counted down; after it, it is deprecated.
 */
function delegatedBlock(
  { prefix, preferred_until_ms: preferredMs, valid_until_ms: validMs }: DelegatedPrefix,
  nowMs: number,
): string {
  const [preferred, valid] = [preferredMs, validMs].map((until) =>
    Math.max(0, Math.floor((until - nowMs) / SECOND_MS)),
  ) as [number, number];
  const isNear = preferred < TOLD_PREFERRED_S || valid < TOLD_VALID_S;
  return block(`prefix ${prefix}`, [
    ['AdvOnLink', 'on'],
    ['AdvAutonomous', 'on'],
    ['AdvValidLifetime', isNear ? valid : TOLD_VALID_S],
    ['AdvPreferredLifetime', isNear ? preferred : TOLD_PREFERRED_S],
    ['DecrementLifetimes', flag(isNear && valid > 0)],
  ]);
}

/** radvd takes at most three servers in one option, and as many options as there are. */
const SERVERS_MAX = 3;

function names(section: RouterAdvertisementSection): string[] {
  const seconds = lifetime(section.dns_lifetime_s ?? DNS_LIFETIMES * section.interval_s);
  const blocks: string[] = [];
  for (let i = 0; i < section.dns_servers.length; i += SERVERS_MAX) {
    const servers = section.dns_servers.slice(i, i + SERVERS_MAX).join(' ');
    blocks.push(block(`RDNSS ${servers}`, [['AdvRDNSSLifetime', seconds]]));
  }
  if (section.domain_search.length > 0)
    blocks.push(block(`DNSSL ${section.domain_search.join(' ')}`, [['AdvDNSSLLifetime', seconds]]));
  return blocks;
}

function block(head: string, settings: [string, string | number][]): string {
  return [`  ${head} {`, ...settings.map(([name, value]) => `    ${name} ${value};`), '  };'].join('\n');
}

const flag = (value: boolean): string => (value ? 'on' : 'off');

const INFINITE_S = 0xffffffff;
const lifetime = (seconds: number): string | number => (seconds === INFINITE_S ? 'infinity' : seconds);
