// Packets: a type, for some types a name, then a message.
import { decodeMessage } from './decode.js';
import { encodeMessage } from './encode.js';
import { ViciError } from './errors.js';
import type { ViciInput, ViciSection } from './message.js';
import { LENGTH_HEADER, NAME_MAX, PACKET, SEGMENT_MAX } from './protocol.js';

/** What a daemon may send. */
export type ServerPacket =
  | { type: typeof PACKET.CMD_RESPONSE; message: ViciSection }
  | { type: typeof PACKET.EVENT; name: string; message: ViciSection }
  | { type: typeof PACKET.CMD_UNKNOWN | typeof PACKET.EVENT_CONFIRM | typeof PACKET.EVENT_UNKNOWN };

export type ClientPacketType =
  | typeof PACKET.CMD_REQUEST
  | typeof PACKET.EVENT_REGISTER
  | typeof PACKET.EVENT_UNREGISTER;

/**
 * A whole segment with its length header, ready to be written.
 * @throws ViciError `invalid` when name or message are too long
 */
export function encodePacket(type: ClientPacketType, name: string, message?: ViciInput): Buffer {
  if (name.length === 0 || name.length > NAME_MAX || !/^[\x21-\x7e]+$/.test(name)) {
    throw new ViciError('invalid', `"${name.slice(0, 64)}" cannot be the name of a command or an event.`);
  }
  const body = message === undefined ? Buffer.alloc(0) : encodeMessage(message);
  const length = 2 + name.length + body.length;
  if (length > SEGMENT_MAX) {
    body.fill(0);
    throw new ViciError(
      'invalid',
      `The command ${name} would take ${length} bytes; VICI carries ${SEGMENT_MAX} at most.`,
    );
  }
  const out = Buffer.alloc(LENGTH_HEADER + length);
  out.writeUInt32BE(length, 0);
  out[LENGTH_HEADER] = type;
  out[LENGTH_HEADER + 1] = name.length;
  out.write(name, LENGTH_HEADER + 2, 'latin1');
  body.copy(out, LENGTH_HEADER + 2 + name.length);
  body.fill(0); // it may have held a secret
  return out;
}

/**
 * Decodes a segment (without its length header).
 * @throws ViciError `malformed`
 */
export function decodePacket(segment: Buffer): ServerPacket {
  const type = segment[0];
  switch (type) {
    case PACKET.CMD_RESPONSE:
      return { type, message: decodeMessage(segment.subarray(1)) };
    case PACKET.EVENT: {
      const length = segment[1];
      if (length === undefined || segment.length < 2 + length) {
        throw new ViciError('malformed', 'The daemon sent an event whose name is cut off.');
      }
      const name = segment.toString('latin1', 2, 2 + length);
      return { type, name, message: decodeMessage(segment.subarray(2 + length)) };
    }
    case PACKET.CMD_UNKNOWN:
    case PACKET.EVENT_CONFIRM:
    case PACKET.EVENT_UNKNOWN:
      if (segment.length !== 1) {
        throw new ViciError(
          'malformed',
          `The daemon sent a packet of type ${type} with ${segment.length} bytes.`,
        );
      }
      return { type };
    case undefined:
      throw new ViciError('malformed', 'The daemon sent an empty segment.');
    default:
      throw new ViciError('malformed', `The daemon sent a packet of the unknown type ${type}.`);
  }
}
