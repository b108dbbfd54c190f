// Netlink messages and attributes (linux/netlink.h, RFC 3549 section 2.3.2).
import { NLM_F_MULTI, NLMSG_DONE, NLMSG_ERROR } from './constants.js';
import { encode, struct, u16, u32 } from './struct.js';

export const nlmsghdr = struct('nlmsghdr', {
  nlmsg_len: u32,
  nlmsg_type: u16,
  nlmsg_flags: u16,
  nlmsg_seq: u32,
  nlmsg_pid: u32,
});

export const nlattr = struct('nlattr', { nla_len: u16, nla_type: u16 });

export interface Message {
  type: number;
  flags: number;
  seq: number;
  pid: number;
  /** After the header: the family's structure, padded to four octets, then attributes. */
  payload: Buffer;
}

export interface Attribute {
  type: number;
  value: Buffer;
}

/** The top two bits of a type say how its value is encoded (NLA_F_NESTED, NLA_F_NET_BYTEORDER). */
const NLA_TYPE_MASK = 0x3fff;

const align4 = (length: number): number => (length + 3) & ~3;

export function encodeMessage(message: Message): Buffer {
  const bytes = Buffer.alloc(align4(nlmsghdr.size + message.payload.length));
  nlmsghdr.write(bytes, 0, {
    nlmsg_len: nlmsghdr.size + message.payload.length,
    nlmsg_type: message.type,
    nlmsg_flags: message.flags,
    nlmsg_seq: message.seq,
    nlmsg_pid: message.pid,
  });
  message.payload.copy(bytes, nlmsghdr.size);
  return bytes;
}

/** One whole message; null when the bytes are not exactly one. */
export function decodeMessage(bytes: Buffer): Message | null {
  if (bytes.length < nlmsghdr.size) return null;
  const header = nlmsghdr.read(bytes, 0);
  if (header.nlmsg_len < nlmsghdr.size || header.nlmsg_len > bytes.length) return null;
  return {
    type: header.nlmsg_type,
    flags: header.nlmsg_flags,
    seq: header.nlmsg_seq,
    pid: header.nlmsg_pid,
    payload: bytes.subarray(nlmsghdr.size, header.nlmsg_len),
  };
}

/** A structure followed by attributes, each padded to four octets. */
export function encodePayload(body: Buffer, attributes: readonly Attribute[]): Buffer {
  const parts: Buffer[] = [body, Buffer.alloc(align4(body.length) - body.length)];
  for (const { type, value } of attributes) {
    parts.push(encode(nlattr, { nla_len: nlattr.size + value.length, nla_type: type }), value);
    parts.push(Buffer.alloc(align4(value.length) - value.length));
  }
  return Buffer.concat(parts);
}

/**
 * The attributes from an offset on; the values are views of the payload. Null when one's length is
 * impossible. Fewer octets at the end than an attribute's header are ignored, as the kernel does.
 */
export function decodeAttributes(payload: Buffer, from: number): Attribute[] | null {
  const attributes: Attribute[] = [];
  for (let at = align4(from); at + nlattr.size <= payload.length; ) {
    const { nla_len: length, nla_type: type } = nlattr.read(payload, at);
    if (length < nlattr.size || at + length > payload.length) return null;
    attributes.push({ type: type & NLA_TYPE_MASK, value: payload.subarray(at + nlattr.size, at + length) });
    at += align4(length);
  }
  return attributes;
}

/** The last attribute of a type, as the kernel's nla_parse keeps it. */
export function findAttribute(attributes: readonly Attribute[], type: number): Buffer | null {
  return attributes.findLast((attribute) => attribute.type === type)?.value ?? null;
}

/** Answer to a request: 0 acknowledges it, else a positive errno. Carries the request's header, not its payload. */
export function errorReply(request: Message, errno: number): Message {
  const payload = Buffer.alloc(4 + nlmsghdr.size);
  payload.writeInt32LE(errno === 0 ? 0 : -errno, 0);
  nlmsghdr.write(payload, 4, {
    nlmsg_len: nlmsghdr.size + request.payload.length,
    nlmsg_type: request.type,
    nlmsg_flags: request.flags,
    nlmsg_seq: request.seq,
    nlmsg_pid: request.pid,
  });
  return { type: NLMSG_ERROR, flags: 0, seq: request.seq, pid: request.pid, payload };
}

export function reply(request: Message, type: number, payload: Buffer): Message {
  return { type, flags: 0, seq: request.seq, pid: request.pid, payload };
}

/** The parts of a dump, followed by its end. */
export function dumpReply(request: Message, type: number, payloads: readonly Buffer[]): Message[] {
  const parts = payloads.map((payload) => ({ ...reply(request, type, payload), flags: NLM_F_MULTI }));
  return [...parts, { ...reply(request, NLMSG_DONE, Buffer.alloc(4)), flags: NLM_F_MULTI }];
}
