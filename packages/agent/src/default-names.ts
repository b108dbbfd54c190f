// Where the box itself answers for names, and the configuration says nothing else, clients of DHCP and hosts are told so.
import {
  type DeviceConfig,
  type DnsForwarderSection,
  interfaceList,
  isLinkLocal6,
  parseIp4Prefix,
  parseIp6Prefix,
} from '@sluice/shared';

export function withForwarders(config: DeviceConfig): DeviceConfig {
  const interfaces = interfaceList(config);
  const forwarderOf = (name: string | undefined): DnsForwarderSection | undefined =>
    name === undefined
      ? undefined
      : config.dns.forwarders.find((one) => one.enabled && one.interfaces.includes(name));
  /** The box's own on a link, of one family. */
  const own = (name: string | undefined, family: 4 | 6): string[] =>
    (interfaces.find((entry) => entry.name === name)?.addresses ?? [])
      .filter((text) => {
        const six = parseIp6Prefix(text);
        return family === 4 ? parseIp4Prefix(text) !== null : six !== null && !isLinkLocal6(six.address);
      })
      .map((text) => text.split('/')[0]!);
  const listed = <T>(values: T[]): T[] | undefined => (values.length === 0 ? undefined : values);

  const servers = config.dhcp.servers.map((server) => {
    const forwarder = forwarderOf(server.interface);
    if (forwarder === undefined) return server;
    const dns = server.options.dns_servers ?? listed(own(server.interface, 4));
    const domain = server.options.domain_name ?? forwarder.domain;
    const options = {
      ...server.options,
      ...(dns === undefined ? {} : { dns_servers: dns }),
      ...(domain === undefined ? {} : { domain_name: domain }),
    };
    return { ...server, options };
  });
  const servers6 = config.dhcp6.servers.map((server) => {
    const forwarder = forwarderOf(server.interface);
    if (forwarder === undefined) return server;
    const dns = server.options.dns_servers ?? listed(own(server.interface, 6));
    const domains = server.options.domain_search ?? (forwarder.domain && [forwarder.domain]);
    const options = {
      ...server.options,
      ...(dns === undefined ? {} : { dns_servers: dns }),
      ...(domains === undefined || domains === '' ? {} : { domain_search: domains }),
    };
    return { ...server, options };
  });
  const advertised = config.router_advertisements.map((section) => {
    const forwarder = forwarderOf(section.interface);
    if (forwarder === undefined || section.dns_servers.length > 0) return section;
    const domains = forwarder.domain === undefined ? [] : [forwarder.domain];
    return {
      ...section,
      dns_servers: own(section.interface, 6).slice(0, 3),
      domain_search: section.domain_search.length > 0 ? section.domain_search : domains,
    };
  });
  return {
    ...config,
    dhcp: { ...config.dhcp, servers },
    dhcp6: { ...config.dhcp6, servers: servers6 },
    router_advertisements: advertised,
  };
}
