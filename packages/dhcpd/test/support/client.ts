// A client's messages, built octet by octet as a client would, and read again by the server's parser.
import { parseIp4 } from '@sluice/shared';
import type { Arrival } from '../../src/engine/arrival.js';
import * as codes from '../../src/wire/codes.js';
import { type Message, parseMessage } from '../../src/wire/message.js';
import { encodeAddress } from '../../src/wire/option-values.js';
import { buildReply } from '../../src/wire/reply.js';

export interface ClientMessage {
  type: number;
  mac?: string;
  xid?: number;
  flags?: number;
  ciaddr?: string;
  giaddr?: string;
  requested?: string;
  serverId?: string;
  clientId?: string;
  parameters?: number[];
  more?: [code: number, value: Uint8Array][];
}

export const MAC = '02:00:00:00:00:01';

export function clientBytes(message: ClientMessage): Buffer {
  const { type, mac = MAC, xid = 7, flags = 0, ciaddr, giaddr, requested, serverId, clientId } = message;
  const options: [number, Uint8Array][] = [[codes.OPTION_MESSAGE_TYPE, Buffer.from([type])]];
  if (requested !== undefined) options.push([codes.OPTION_REQUESTED_ADDRESS, encodeAddress(requested)]);
  if (serverId !== undefined) options.push([codes.OPTION_SERVER_ID, encodeAddress(serverId)]);
  if (clientId !== undefined) options.push([codes.OPTION_CLIENT_ID, Buffer.from(clientId, 'hex')]);
  if (message.parameters !== undefined)
    options.push([codes.OPTION_PARAMETER_LIST, Buffer.from(message.parameters)]);
  options.push(...(message.more ?? []));
  const { bytes } = buildReply(
    {
      ...{ op: codes.BOOTREQUEST, xid, flags, yiaddr: 0, siaddr: 0, htype: codes.HTYPE_ETHERNET },
      ciaddr: parseIp4(ciaddr ?? '') ?? 0,
      giaddr: parseIp4(giaddr ?? '') ?? 0,
      chaddr: Buffer.from(mac.replaceAll(':', ''), 'hex'),
      ...{ serverName: '', file: '', options },
    },
    1472,
  );
  return bytes;
}

export function clientMessage(message: ClientMessage): Message {
  return parseMessage(clientBytes(message))!;
}

/** From the link of an interface, by the client itself. */
export function onLink(mac = MAC, network = 'lan', vrf = 'default', member = ''): Arrival {
  return { vrf, interface: network, sourceMac: mac, member, source: 0, destination: 0 };
}

/** Through routing, to an address of ours. */
export function routed(source: string, destination: string, vrf = 'default'): Arrival {
  return {
    ...{ vrf, interface: null, sourceMac: null, member: '' },
    source: parseIp4(source)!,
    destination: parseIp4(destination)!,
  };
}
