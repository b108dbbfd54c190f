// What the hook of udhcpc has written of a lease: see hook/udhcpc. All of it comes from the network.
import { type DhcpClientLease, parseIp4, parseIp4Prefix } from '@sluice/shared';
import {
  domainName,
  type LeaseNews,
  leaseLines,
  NONE,
  type Uptime,
  wholeNumber,
  words,
} from './lease-lines.js';

const SECOND_MS = 1000;
/** RFC 791: what every link carries; RFC 2132 section 5.1 allows less, which no path of today has. */
const MTU_MIN = 576;
const MTU_MAX = 65_535;
const ROUTES_MAX = 64;
const LIST_MAX = 8;
const LOOPBACK = 127;
const MULTICAST = 224;

/** `none` for a file that says nothing, of an earlier start of the machine, or of a lease that has ended. */
export function readLease(
  name: string,
  text: string,
  now: Uptime,
  nowMs: number,
): LeaseNews<DhcpClientLease> {
  const value = leaseLines(text);
  if (value('boot_id') !== now.bootId) return NONE;
  if (value('event') === 'nak') return { kind: 'refused' };
  const address = hostAddress(value('address'));
  const ageS = now.seconds - Number(value('uptime_s'));
  const leftS = Number(value('lease_s')) - ageS;
  if (address === null || !(ageS >= -1 && leftS > 0)) return NONE;
  const length = wholeNumber(value('prefix_length'), 1, 32) ?? 32;
  return {
    kind: 'lease',
    leftMs: leftS * SECOND_MS,
    lease: {
      interface: name,
      address: `${address}/${length}`,
      server: hostAddress(value('server')),
      routers: hostAddresses(value('routers')),
      routes: classlessRoutes(value('routes')),
      dns_servers: hostAddresses(value('dns_servers')),
      domain: domainName(value('domain')),
      mtu: wholeNumber(value('mtu'), MTU_MIN, MTU_MAX),
      obtained_ms: Math.round(nowMs - ageS * SECOND_MS),
      expires_ms: Math.round(nowMs + leftS * SECOND_MS),
    },
  };
}

/** An address that one host can have; null otherwise. */
function hostAddress(text: string): string | null {
  const address = parseIp4(text);
  if (address === null) return null;
  const first = address >>> 24;
  return first === 0 || first === LOOPBACK || first >= MULTICAST ? null : text;
}

function hostAddresses(text: string): string[] {
  return words(text)
    .map(hostAddress)
    .filter((address) => address !== null)
    .slice(0, LIST_MAX);
}

/** Pairs of a prefix and a router, 0.0.0.0 for directly on the link (RFC 3442). */
function classlessRoutes(text: string): DhcpClientLease['routes'] {
  const parts = words(text);
  const routes: DhcpClientLease['routes'] = [];
  for (let i = 0; i + 1 < parts.length && routes.length < ROUTES_MAX; i += 2) {
    const [prefix, router] = [parts[i]!, parts[i + 1]!];
    const direct = router === '0.0.0.0';
    if (parseIp4Prefix(prefix) === null || (!direct && hostAddress(router) === null)) continue;
    routes.push({ prefix, next_hop: direct ? null : router });
  }
  return routes;
}
