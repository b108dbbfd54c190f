// Numbers of DHCPv6 (RFC 8415 sections 7 and 21).
export const PORT_CLIENT6 = 546;
export const PORT_SERVER6 = 547;
/** All_DHCP_Relay_Agents_and_Servers, ff02::1:2. */
export const GROUP_SERVERS = Buffer.from('ff020000000000000000000000010002', 'hex');

export const SOLICIT = 1;
export const ADVERTISE = 2;
export const REQUEST6 = 3;
export const CONFIRM = 4;
export const RENEW = 5;
export const REBIND = 6;
export const REPLY = 7;
export const RELEASE6 = 8;
export const DECLINE6 = 9;
export const INFORMATION_REQUEST = 11;
export const RELAY_FORW = 12;
export const RELAY_REPL = 13;

export const OPTION_CLIENT_ID6 = 1;
export const OPTION_SERVER_ID6 = 2;
export const OPTION_IA_NA = 3;
export const OPTION_IA_TA = 4;
export const OPTION_IA_ADDRESS = 5;
export const OPTION_REQUESTED = 6;
export const OPTION_PREFERENCE = 7;
export const OPTION_RELAY_MESSAGE = 9;
export const OPTION_STATUS = 13;
export const OPTION_RAPID_COMMIT = 14;
export const OPTION_INTERFACE_ID = 18;
export const OPTION_DNS_SERVERS = 23;
export const OPTION_DOMAIN_SEARCH = 24;
export const OPTION_IA_PD = 25;
export const OPTION_IA_PREFIX = 26;
export const OPTION_SNTP_SERVERS = 31;
export const OPTION_REFRESH_TIME = 32;
/** RFC 4704. */
export const OPTION_CLIENT_FQDN6 = 39;
/** RFC 5908; its suboption 1 is a server's address. */
export const OPTION_NTP_SERVERS = 56;
export const NTP_SERVER_ADDRESS = 1;

export const STATUS_SUCCESS = 0;
export const STATUS_NO_ADDRESSES = 2;
export const STATUS_NO_BINDING = 3;
export const STATUS_NOT_ON_LINK = 4;
export const STATUS_USE_MULTICAST = 5;
export const STATUS_NO_PREFIXES = 6;

/** RFC 8415 section 7.6. */
export const HOP_LIMIT = 8;
/** All ones: for ever (section 7.7). */
export const FOREVER_S = 0xffffffff;
