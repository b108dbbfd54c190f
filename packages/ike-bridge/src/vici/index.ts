export * from './client.js';
export * from './commands.js';
export { type ConnectOptions, DEADLINE_MS, type RequestOptions, ViciConnection } from './connection.js';
export { decodeMessage } from './decode.js';
export { encodeMessage } from './encode.js';
export * from './errors.js';
export * from './message.js';
export { decodePacket, encodePacket, type ServerPacket } from './packet.js';
export { PACKET, SEGMENT_MAX } from './protocol.js';
