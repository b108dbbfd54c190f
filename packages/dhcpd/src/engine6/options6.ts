// Options that clients are told, by code (RFC 3646, RFC 4075, RFC 5908).
import { type Dhcp6ServerSection, ip6Number, parseIp6 } from '@sluice/shared';
import {
  NTP_SERVER_ADDRESS,
  OPTION_DNS_SERVERS,
  OPTION_DOMAIN_SEARCH,
  OPTION_NTP_SERVERS,
  OPTION_SNTP_SERVERS,
} from '../wire6/codes.js';
import { address6, names6, option6 } from '../wire6/options.js';

/** Values, without their headers. */
export function encodeOptions6({
  dns_servers: dns,
  domain_search: domains,
  ntp_servers: ntp,
}: Dhcp6ServerSection['options']): Map<number, Buffer> {
  const options = new Map<number, Buffer>();
  if (dns !== undefined) options.set(OPTION_DNS_SERVERS, Buffer.concat(dns.map(octetsOf)));
  if (domains !== undefined) options.set(OPTION_DOMAIN_SEARCH, names6(domains));
  if (ntp !== undefined) {
    options.set(OPTION_SNTP_SERVERS, Buffer.concat(ntp.map(octetsOf)));
    options.set(
      OPTION_NTP_SERVERS,
      Buffer.concat(ntp.map((text) => option6(NTP_SERVER_ADDRESS, octetsOf(text)))),
    );
  }
  return options;
}

function octetsOf(text: string): Buffer {
  return address6(ip6Number(parseIp6(text)!));
}
