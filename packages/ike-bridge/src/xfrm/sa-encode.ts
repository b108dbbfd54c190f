// SAs written: NEWSA as an answer, and the parts that answers and events share.
import { AEAD_NAME, ICV_BITS } from './algorithm.js';
import { AF_INET, IPPROTO_ESP, UDP_ENCAP_ESPINUDP, XFRM_MODE_TUNNEL, XFRMA } from './constants.js';
import {
  lifetimeCfgOf,
  type XfrmLifetimeCur,
  xfrmReplayState,
  xfrmReplayStateEsn,
} from './lifetime-structs.js';
import { type Attribute, encodePayload } from './netlink.js';
import { type SaEntry, totals } from './sa-entry.js';
import { type XfrmUsersaInfo, xfrmAlgoAead, xfrmEncapTmpl, xfrmMark, xfrmUsersaInfo } from './sa-structs.js';
import { EMPTY_SELECTOR, ip4ToXfrm } from './selector.js';
import { encode, u32 } from './struct.js';

export function usersaInfoOf(entry: SaEntry): XfrmUsersaInfo {
  const counters = totals(entry);
  return {
    sel: entry.ownSelector,
    id: { daddr: ip4ToXfrm(entry.dst), spi: entry.spi, proto: entry.protocol },
    saddr: ip4ToXfrm(entry.src),
    lft: lifetimeCfgOf(entry.lifetime),
    curlft: lifetimeCurOf(entry),
    stats: {
      replay_window: 0,
      replay: counters.replayed >>> 0,
      integrity_failed: counters.integrity_failed >>> 0,
    },
    seq: 0,
    reqid: entry.reqid,
    family: AF_INET,
    mode: entry.mode,
    replay_window: entry.replayWindow > 255 || entry.esn ? 0 : entry.replayWindow,
    flags: entry.flags,
  };
}

export function lifetimeCurOf(entry: SaEntry): XfrmLifetimeCur {
  const counters = totals(entry);
  return {
    bytes: counters.bytes,
    packets: counters.packets,
    add_time: Math.floor(entry.addedAtMs / 1000),
    use_time: Math.floor((counters.first_used_at_ms ?? 0) / 1000),
  };
}

/** The payload of XFRM_MSG_NEWSA as an answer to GETSA: with the key, as the kernel gives it to root. */
export function encodeSa(entry: SaEntry): Buffer {
  const algorithm = encode(xfrmAlgoAead, {
    alg_name: AEAD_NAME,
    alg_key_len: entry.key.length * 8,
    alg_icv_len: ICV_BITS,
  });
  const attributes: Attribute[] = [
    { type: XFRMA.ALG_AEAD, value: Buffer.concat([algorithm, entry.key]) },
    ...identityAttributes(entry),
    ...entry.otherAttributes,
  ];
  if (entry.encap !== null) {
    attributes.push({
      type: XFRMA.ENCAP,
      value: encode(xfrmEncapTmpl, {
        encap_type: UDP_ENCAP_ESPINUDP,
        encap_sport: entry.encap.src_port,
        encap_dport: entry.encap.dst_port,
        encap_oa: Buffer.alloc(16),
      }),
    });
  }
  const replay = replayAttribute(entry);
  if (replay.type === XFRMA.REPLAY_ESN_VAL) attributes.push(replay);
  const lastUsed = Buffer.alloc(8);
  lastUsed.writeBigUInt64LE(BigInt(Math.floor((totals(entry).last_used_at_ms ?? 0) / 1000)));
  attributes.push({ type: XFRMA.LASTUSED, value: lastUsed });
  return encodePayload(encode(xfrmUsersaInfo, usersaInfoOf(entry)), attributes);
}

/** Mark and interface id: what a key of the kernel's tables has beside addresses and SPI. */
export function identityAttributes(entry: Pick<SaEntry, 'mark' | 'ifId'>): Attribute[] {
  const attributes: Attribute[] = [];
  if (entry.mark !== null) attributes.push({ type: XFRMA.MARK, value: encode(xfrmMark, entry.mark) });
  if (entry.ifId !== 0) attributes.push({ type: XFRMA.IF_ID, value: encode(u32, entry.ifId) });
  return attributes;
}

/**
 * Where the sequence numbers are. Which packets of the window have been seen only the data plane's
 * workers know, so all count as seen: a replay is refused at the cost of packets that arrive late.
 */
export function replayAttribute(entry: SaEntry): Attribute {
  const { sequence } = totals(entry);
  const [low, high] = [sequence % 2 ** 32, Math.floor(sequence / 2 ** 32)];
  const inbound = entry.direction === 'in';
  if (!entry.esn && entry.replayWindow <= 32) {
    const state = {
      oseq: inbound ? 0 : low,
      seq: inbound ? low : 0,
      bitmap: inbound && low > 0 ? 0xffffffff : 0,
    };
    return { type: XFRMA.REPLAY_VAL, value: encode(xfrmReplayState, state) };
  }
  const words = Math.ceil(entry.replayWindow / 32);
  const state = encode(xfrmReplayStateEsn, {
    bmp_len: words,
    oseq: inbound ? 0 : low,
    seq: inbound ? low : 0,
    oseq_hi: inbound ? 0 : high,
    seq_hi: inbound ? high : 0,
    replay_window: entry.replayWindow,
  });
  return {
    type: XFRMA.REPLAY_ESN_VAL,
    value: Buffer.concat([state, Buffer.alloc(words * 4, inbound && sequence > 0 ? 0xff : 0)]),
  };
}

/** An allocated SPI, as ALLOCSPI answers and GETSA shows it. */
export function encodeLarval(larval: { dst: string; src: string; spi: number }): Buffer {
  const empty = xfrmUsersaInfo.read(Buffer.alloc(xfrmUsersaInfo.size), 0);
  return encode(xfrmUsersaInfo, {
    ...empty,
    sel: EMPTY_SELECTOR,
    id: { daddr: ip4ToXfrm(larval.dst), spi: larval.spi, proto: IPPROTO_ESP },
    saddr: ip4ToXfrm(larval.src),
    family: AF_INET,
    mode: XFRM_MODE_TUNNEL,
  });
}
