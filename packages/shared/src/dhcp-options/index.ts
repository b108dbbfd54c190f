// DHCPv4 options that a configuration may name, each a file; what the server decides itself (lease times, its own
// address, the mask) is not among them.
import { z } from 'zod';
import { allSubnetsLocal } from './all-subnets-local.js';
import { arpCacheTimeoutS } from './arp-cache-timeout-s.js';
import { bootFileName } from './boot-file-name.js';
import { bootSize } from './boot-size.js';
import { broadcastAddress } from './broadcast-address.js';
import { captivePortal } from './captive-portal.js';
import { capwapControllers } from './capwap-controllers.js';
import { classlessRoutes } from './classless-routes.js';
import { defaultTtl } from './default-ttl.js';
import { displayManagers } from './display-managers.js';
import { dnsServers } from './dns-servers.js';
import { domainName } from './domain-name.js';
import { domainSearch } from './domain-search.js';
import { extensionsPath } from './extensions-path.js';
import { fontServers } from './font-servers.js';
import { hostName } from './host-name.js';
import { interfaceMtu } from './interface-mtu.js';
import { ipForwarding } from './ip-forwarding.js';
import { ipv6OnlyPreferredS } from './ipv6-only-preferred-s.js';
import { logServers } from './log-servers.js';
import { lprServers } from './lpr-servers.js';
import { microsoftClasslessRoutes } from './microsoft-classless-routes.js';
import { netbiosDatagramServers } from './netbios-datagram-servers.js';
import { netbiosNameServers } from './netbios-name-servers.js';
import { netbiosNodeType } from './netbios-node-type.js';
import { netbiosScope } from './netbios-scope.js';
import { nisDomain } from './nis-domain.js';
import { nisServers } from './nis-servers.js';
import { ntpServers } from './ntp-servers.js';
import { policyFilter } from './policy-filter.js';
import { pop3Servers } from './pop3-servers.js';
import { posixTimezone } from './posix-timezone.js';
import { proxyAutoConfig } from './proxy-auto-config.js';
import { pxelinuxConfigFile } from './pxelinux-config-file.js';
import { pxelinuxPathPrefix } from './pxelinux-path-prefix.js';
import { pxelinuxRebootTimeS } from './pxelinux-reboot-time-s.js';
import { rootPath } from './root-path.js';
import { routerDiscovery } from './router-discovery.js';
import { routers } from './routers.js';
import { sipServers } from './sip-servers.js';
import { smtpServers } from './smtp-servers.js';
import { staticRoutes } from './static-routes.js';
import { swapServer } from './swap-server.js';
import { tcpDefaultTtl } from './tcp-default-ttl.js';
import { tcpKeepaliveIntervalS } from './tcp-keepalive-interval-s.js';
import { tftpServerName } from './tftp-server-name.js';
import { tftpServers } from './tftp-servers.js';
import { timeOffset } from './time-offset.js';
import { timeServers } from './time-servers.js';
import { tzdbTimezone } from './tzdb-timezone.js';
import { VALUES } from './values.js';
import { vendorEncapsulated } from './vendor-encapsulated.js';
import { vendorSpecific } from './vendor-specific.js';
import { wwwServers } from './www-servers.js';

/** By their names in the configuration, in the order of their codes. */
export const DHCP_OPTIONS = {
  time_offset: timeOffset,
  routers,
  time_servers: timeServers,
  dns_servers: dnsServers,
  log_servers: logServers,
  lpr_servers: lprServers,
  host_name: hostName,
  boot_size: bootSize,
  domain_name: domainName,
  swap_server: swapServer,
  root_path: rootPath,
  extensions_path: extensionsPath,
  ip_forwarding: ipForwarding,
  policy_filter: policyFilter,
  default_ttl: defaultTtl,
  interface_mtu: interfaceMtu,
  all_subnets_local: allSubnetsLocal,
  broadcast_address: broadcastAddress,
  router_discovery: routerDiscovery,
  static_routes: staticRoutes,
  arp_cache_timeout_s: arpCacheTimeoutS,
  tcp_default_ttl: tcpDefaultTtl,
  tcp_keepalive_interval_s: tcpKeepaliveIntervalS,
  nis_domain: nisDomain,
  nis_servers: nisServers,
  ntp_servers: ntpServers,
  vendor_encapsulated: vendorEncapsulated,
  netbios_name_servers: netbiosNameServers,
  netbios_datagram_servers: netbiosDatagramServers,
  netbios_node_type: netbiosNodeType,
  netbios_scope: netbiosScope,
  font_servers: fontServers,
  display_managers: displayManagers,
  tftp_server_name: tftpServerName,
  boot_file_name: bootFileName,
  smtp_servers: smtpServers,
  pop3_servers: pop3Servers,
  www_servers: wwwServers,
  posix_timezone: posixTimezone,
  tzdb_timezone: tzdbTimezone,
  ipv6_only_preferred_s: ipv6OnlyPreferredS,
  captive_portal: captivePortal,
  domain_search: domainSearch,
  sip_servers: sipServers,
  classless_routes: classlessRoutes,
  vendor_specific: vendorSpecific,
  capwap_controllers: capwapControllers,
  tftp_servers: tftpServers,
  pxelinux_config_file: pxelinuxConfigFile,
  pxelinux_path_prefix: pxelinuxPathPrefix,
  pxelinux_reboot_time_s: pxelinuxRebootTimeS,
  microsoft_classless_routes: microsoftClasslessRoutes,
  proxy_auto_config: proxyAutoConfig,
} as const;

export type DhcpOptionName = keyof typeof DHCP_OPTIONS;

type Shape = {
  [Name in DhcpOptionName]: z.ZodOptional<(typeof VALUES)[(typeof DHCP_OPTIONS)[Name]['kind']]>;
};

function shape(): Shape {
  return Object.fromEntries(
    Object.entries(DHCP_OPTIONS).map(([name, { kind, help }]) => [
      name,
      VALUES[kind].optional().describe(help),
    ]),
  ) as Shape;
}

export const dhcpOptionsSection = z.strictObject(shape());

export type DhcpOptionsSection = z.output<typeof dhcpOptionsSection>;
