// The way to a syslog server as its section says.
import { lookup } from 'node:dns/promises';
import {
  DEFAULT_VRF,
  messageOf,
  namespacePath,
  type SyslogServerSection,
  syslogServerPort,
  vrfNamespaceName,
} from '@sluice/shared';
import type { Channel, Place } from './channel.js';
import { openTls } from './tls-channel.js';
import { openUdp } from './udp-channel.js';

/** Errors: with a sentence, why there is none now. */
export async function openChannel(section: SyslogServerSection): Promise<Channel> {
  const place = await placeOf(section);
  return section.transport === 'udp' ? openUdp(place) : openTls(section, place);
}

async function placeOf(section: SyslogServerSection): Promise<Place> {
  const { host, vrf } = section;
  const found = await lookup(host).catch((error: unknown) => {
    throw new Error(`the name ${host} is not found: ${messageOf(error)}`);
  });
  return {
    address: found.address,
    family: found.family === 6 ? 6 : 4,
    port: syslogServerPort(section),
    namespace: vrf === DEFAULT_VRF ? '' : namespacePath(await vrfNamespaceName(vrf)),
  };
}
