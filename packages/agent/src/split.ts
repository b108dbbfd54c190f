// The device configuration's parts: what each process is told, whole, at a revision.

import {
  type AdvertisedLink,
  advertisedPrefixes,
  advertisedPrefixSection,
  bridgeMembers,
  type DataplaneState,
  DEFAULT_VRF,
  type DeviceConfig,
  type Dhcp6ClientLease,
  type DhcpState,
  type DnsForwarder,
  formatIp6Prefix,
  type IkeState,
  interfaceList,
  parseIp4Prefix,
  parseIp6Prefix,
  tunnelIfId,
} from '@sluice/shared';
import { withForwarders } from './default-names.js';
import { withDelegatedPools } from './delegated-pools.js';
import { delegatedTo } from './with-leases6.js';

export function dataplanePart(config: DeviceConfig, revision: number): DataplaneState {
  return {
    revision,
    dataplane: config.dataplane,
    vrfs: config.vrfs,
    interfaces: config.interfaces,
    vlans: config.vlans,
    bridges: config.bridges,
    loopbacks: config.loopbacks,
    // The interface id is made explicit, so that both processes hold the same one.
    tunnels: config.tunnels.map((tunnel) => ({ ...tunnel, if_id: tunnelIfId(tunnel) })),
    routes: config.routes,
    nodes: config.nodes,
    ipfix: config.ipfix,
    ...(config.management.telnet === undefined ? {} : { telnet: config.management.telnet.interfaces }),
  };
}

export function ikePart(config: DeviceConfig, revision: number): IkeState {
  const named = new Set(
    config.ike.connections.flatMap(({ children }) => children.map((child) => child.tunnel)),
  );
  return {
    revision,
    connections: config.ike.connections,
    tunnels: config.tunnels
      .filter((tunnel) => named.has(tunnel.name))
      .map((tunnel) => ({ name: tunnel.name, if_id: tunnelIfId(tunnel) })),
  };
}

/** @param leases6 What it was given by DHCPv6, which routers of its links tell their hosts with lifetimes. */
export function dhcpPart(
  device: DeviceConfig,
  revision: number,
  leases6: readonly Dhcp6ClientLease[] = [],
): DhcpState {
  const config = withForwarders(device);
  const interfaces = interfaceList(config).map(({ name, vrf, addresses }) => ({
    name,
    vrf,
    addresses: addresses.filter((text) => parseIp4Prefix(text) !== null),
  }));
  const networks = config.dhcp.servers.map((server) => {
    const served = interfaces.find(({ name }) => name === server.interface);
    const members = bridgeMembers(config, server.interface ?? '');
    return { server, vrf: served?.vrf ?? server.vrf, addresses: served?.addresses ?? [], members };
  });
  const vrfs = [...new Set(networks.map(({ vrf }) => vrf))].map((name) => ({
    name,
    addresses: interfaces
      .filter(({ vrf }) => vrf === name)
      .flatMap(({ addresses }) => addresses.map((text) => text.split('/')[0]!)),
  }));
  const members = new Set(config.bridges.flatMap((bridge) => bridge.members));
  const clients = [...config.interfaces, ...config.vlans].flatMap((entry) => {
    const { name, vrf, enabled, dhcp_client: client } = entry;
    if (client === undefined || !enabled || members.has(name)) return [];
    return [{ interface: name, vrf, client: { ...client, hostname: client.hostname ?? config.hostname } }];
  });
  const clients6 = config.interfaces.flatMap(({ name, vrf, enabled, dhcp6_client: client }) =>
    client === undefined || !enabled || members.has(name) ? [] : [{ interface: name, vrf, client }],
  );
  const networks6 = config.dhcp6.servers.map((server) => {
    const served = interfaceList(config).find(({ name }) => name === server.interface);
    const addresses = (served?.addresses ?? []).filter((text) => parseIp6Prefix(text) !== null);
    const delegated = delegatedTo(config, leases6, server.interface ?? '');
    return {
      server: withDelegatedPools(server, delegated),
      vrf: served?.vrf ?? server.vrf,
      addresses,
      delegated: delegated.filter(({ valid_until_ms }) => valid_until_ms > 0),
    };
  });
  return {
    revision,
    networks,
    vrfs,
    networks6,
    clients,
    clients6,
    forwarders: forwarders(config),
    advertisements: advertisedLinks(config, leases6),
  };
}

function forwarders(config: DeviceConfig): DnsForwarder[] {
  const interfaces = interfaceList(config);
  return config.dns.forwarders
    .filter(({ enabled }) => enabled)
    .map((section) => ({
      section,
      vrf: interfaces.find(({ name }) => name === section.interfaces[0])?.vrf ?? DEFAULT_VRF,
      servers: section.servers ?? config.dns.servers,
    }));
}

function advertisedLinks(config: DeviceConfig, leases6: readonly Dhcp6ClientLease[]): AdvertisedLink[] {
  const interfaces = interfaceList(config);
  return config.router_advertisements
    .filter(({ enabled }) => enabled)
    .flatMap((section) => {
      const entry = interfaces.find(({ name }) => name === section.interface);
      if (entry === undefined) return [];
      const delegated = delegatedTo(config, leases6, entry.name);
      const prefixes =
        section.prefixes ??
        advertisedPrefixes(entry.addresses)
          .map(formatIp6Prefix)
          .filter((prefix) => !delegated.some((one) => one.prefix === prefix))
          .map((prefix) => advertisedPrefixSection.parse({ prefix }));
      const server = config.dhcp6.servers.find((one) => one.enabled && one.interface === section.interface);
      const gives = (server?.pools.length ?? 0) + (server?.reservations.length ?? 0) > 0;
      return [
        {
          section: {
            ...section,
            prefixes,
            managed: section.managed ?? gives,
            other_config: section.other_config ?? server !== undefined,
          },
          vrf: entry.vrf,
          mtu: section.mtu ? (entry.mtu ?? null) : null,
          delegated,
        },
      ];
    });
}
