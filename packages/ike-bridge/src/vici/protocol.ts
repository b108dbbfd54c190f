// Constants of the VICI protocol, as the README of strongSwan's vici plugin gives them.

/** Packet types: the first byte of every segment. */
export const PACKET = {
  CMD_REQUEST: 0,
  CMD_RESPONSE: 1,
  CMD_UNKNOWN: 2,
  EVENT_REGISTER: 3,
  EVENT_UNREGISTER: 4,
  EVENT_CONFIRM: 5,
  EVENT_UNKNOWN: 6,
  EVENT: 7,
} as const;

/** Types of the elements that a message is a sequence of. */
export const ELEMENT = {
  SECTION_START: 1,
  SECTION_END: 2,
  KEY_VALUE: 3,
  LIST_START: 4,
  LIST_ITEM: 5,
  LIST_END: 6,
} as const;

/** Bytes of the length header before each segment; it does not count itself. */
export const LENGTH_HEADER = 4;
/** The longest segment that either side accepts, in bytes. */
export const SEGMENT_MAX = 512 * 1024;
/** Names have an 8-bit length, values a 16-bit one. */
export const NAME_MAX = 0xff;
export const VALUE_MAX = 0xffff;
