// Who a message is from: the identity that leases are kept by, what it says of itself, its place on the network.
import {
  OPTION_CLIENT_FQDN,
  OPTION_CLIENT_ID,
  OPTION_HOST_NAME,
  OPTION_RELAY_AGENT,
  OPTION_VENDOR_CLASS,
  RELAY_CIRCUIT_ID,
  RELAY_REMOTE_ID,
} from '../wire/codes.js';
import { formatHardware, type Message } from '../wire/message.js';
import { parseSuboptions } from '../wire/options.js';

export interface Client {
  /** The client identifier where it has one, else the hardware address (RFC 2131 section 4.2). */
  key: string;
  mac: string;
  clientId: string;
  hostName: string;
  vendorClass: string;
  circuitId: string;
  remoteId: string;
  /** `circuit …` of a relay or switch that names its ports, else the MAC address that sent it on the link. */
  port: string;
  /** See Lease. */
  member: string;
}

const TEXT_MAX = 255;
/** Octets of an identifier that are kept: a DUID has at most 130 (RFC 8415 section 11.1), and 5 before it (RFC 4361). */
const IDENTIFIER_MAX = 135;
/** RFC 4702 section 2.1: flags and two octets before the name. */
const FQDN_HEADER = 3;
const FQDN_WIRE = 0x04;

/**
 * @param sourceMac Who sent the frame; null where it was routed.
 * @param member As a lease has it.
 */
export function clientOf(message: Message, sourceMac: string | null, member: string): Client {
  const { options } = message;
  const mac = formatHardware(message.chaddr);
  const id = options.get(OPTION_CLIENT_ID);
  const clientId = id !== undefined && id.length >= 2 ? id.subarray(0, IDENTIFIER_MAX).toString('hex') : '';
  const relay = parseSuboptions(options.get(OPTION_RELAY_AGENT));
  const circuitId = hex(relay.get(RELAY_CIRCUIT_ID));
  const remoteId = hex(relay.get(RELAY_REMOTE_ID));
  return {
    key: clientId === '' ? `mac ${message.htype} ${mac}` : `id ${clientId}`,
    mac,
    clientId,
    hostName: hostName(message),
    vendorClass: text(options.get(OPTION_VENDOR_CLASS)),
    circuitId,
    remoteId,
    port: circuitId === '' ? `mac ${sourceMac ?? mac}` : `circuit ${remoteId} ${circuitId}`,
    member,
  };
}

function hex(value: Buffer | undefined): string {
  return value?.subarray(0, IDENTIFIER_MAX).toString('hex') ?? '';
}

/** Printable characters only: it is shown on terminals. */
function text(value: Buffer | undefined): string {
  return (
    value
      ?.subarray(0, TEXT_MAX)
      .toString('latin1')
      .replace(/[^\x20-\x7e]/g, '') ?? ''
  );
}

/** Of option 12, or the first label of option 81; empty for what is no host's name (RFC 1123 section 2.1). */
function hostName({ options }: Message): string {
  const plain = text(options.get(OPTION_HOST_NAME));
  const name = plain !== '' ? plain : fqdnLabel(options.get(OPTION_CLIENT_FQDN));
  return /^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9-]{1,63})*$/.test(name) ? name : '';
}

function fqdnLabel(value: Buffer | undefined): string {
  if (value === undefined || value.length <= FQDN_HEADER) return '';
  const name = value.subarray(FQDN_HEADER);
  return (value[0]! & FQDN_WIRE) !== 0 ? text(name.subarray(1, 1 + name[0]!)) : text(name).split('.')[0]!;
}
