// What the kernel would tell charon of its own accord: EXPIRE, ACQUIRE, MAPPING.
import { AF_INET6, XFRM_MSG, XFRMA } from './constants.js';
import { xfrmUserAcquire, xfrmUserExpire, xfrmUserMapping } from './event-structs.js';
import { encodePayload, type Message } from './netlink.js';
import { xfrmUserTmpl } from './policy-structs.js';
import { identityAttributes, usersaInfoOf } from './sa-encode.js';
import type { SaEntry } from './sa-entry.js';
import { ANY_TRAFFIC, addressFamily, addressToXfrm, selectorOf } from './selector.js';
import type { Policy } from './spd.js';
import { encode } from './struct.js';

function event(type: number, payload: Buffer): Message {
  return { type, flags: 0, seq: 0, pid: 0, payload };
}

export function expireEvent(entry: SaEntry, hard: boolean): Message {
  const body = encode(xfrmUserExpire, { state: usersaInfoOf(entry), hard: hard ? 1 : 0 });
  return event(XFRM_MSG.EXPIRE, encodePayload(body, identityAttributes(entry)));
}

/** For a packet from `src` to `dst` that met an outbound policy without an SA. Null when the policy asks for none. */
export function acquireEvent(
  policy: Policy,
  packet: { src: string; dst: string; protocol: number },
  seq: number,
): Message | null {
  const template = policy.templates[0];
  if (template === undefined) return null;
  const width = addressFamily(packet.dst) === AF_INET6 ? 128 : 32;
  const sel = selectorOf({
    ...ANY_TRAFFIC,
    src: `${packet.src}/${width}`,
    dst: `${packet.dst}/${width}`,
    protocol: packet.protocol,
  });
  const body = encode(xfrmUserAcquire, {
    id: { ...template.id, spi: 0 },
    saddr: template.saddr,
    sel,
    policy: policy.info,
    aalgos: template.aalgos,
    ealgos: template.ealgos,
    calgos: template.calgos,
    seq,
  });
  const templates = Buffer.concat(policy.templates.map((one) => encode(xfrmUserTmpl, one)));
  const identity = identityAttributes({ ifId: policy.ifId, mark: policy.mark.m === 0 ? null : policy.mark });
  return event(XFRM_MSG.ACQUIRE, encodePayload(body, [{ type: XFRMA.TMPL, value: templates }, ...identity]));
}

/** An authenticated packet of an inbound SA came from another address or port than before. */
export function mappingEvent(entry: SaEntry, address: string, port: number): Message {
  const body = encode(xfrmUserMapping, {
    id: {
      daddr: addressToXfrm(entry.dst),
      spi: entry.spi,
      family: addressFamily(entry.dst),
      proto: entry.protocol,
    },
    reqid: entry.reqid,
    old_saddr: addressToXfrm(entry.src),
    new_saddr: addressToXfrm(address),
    old_sport: entry.encap?.src_port ?? 0,
    new_sport: port,
  });
  return event(XFRM_MSG.MAPPING, body);
}
