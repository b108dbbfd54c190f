// The device configuration of each gateway, as an operator would write it.
import { randomBytes } from 'node:crypto';
import type { DeviceConfigInput } from '@sluice/shared';
import type { Gateway } from '../nodes/gateway.js';
import { LAN_DEVICE, type Site, WAN_DEVICE } from './topology.js';

/**
 * `local` with a tunnel to `remote`, named after it: the remote LAN is routed into the tunnel, and the rest to the
 * router. `start` says who begins.
 */
export function siteConfiguration(
  local: Site,
  remote: Site,
  start: 'initiate' | 'respond',
  pskFile: string,
): DeviceConfigInput {
  const tunnel = remote.name;
  return {
    schema: 1,
    hostname: local.name,
    dataplane: { workers: 2 },
    interfaces: [
      {
        name: 'wan',
        device: WAN_DEVICE,
        driver: 'af_xdp',
        addresses: [`${local.wan.address}/${local.wan.length}`],
      },
      {
        name: 'lan',
        device: LAN_DEVICE,
        driver: 'af_xdp',
        addresses: [`${local.lan.gateway}/${local.lan.length}`],
      },
    ],
    tunnels: [{ name: tunnel }],
    routes: [
      { prefix: '0.0.0.0/0', next_hop: local.wan.router },
      { prefix: remote.lan.network, interface: tunnel },
    ],
    ike: {
      connections: [
        {
          name: tunnel,
          local: { address: local.wan.address, id: `${local.name}.example` },
          remote: { address: remote.wan.address, id: `${remote.name}.example` },
          psk: { file: pskFile },
          start,
          children: [
            {
              name: tunnel,
              tunnel,
              local_ts: [local.lan.network],
              remote_ts: [remote.lan.network],
            },
          ],
        },
      ],
    },
  };
}

/** A pre-shared key of 256 random bits, the same in a file of each gateway that only its owner can read. */
export function sharePsk(...gateways: Gateway[]): string[] {
  const psk = randomBytes(32).toString('base64url');
  return gateways.map((gateway) => gateway.writeFile('tunnel.psk', `${psk}\n`));
}
