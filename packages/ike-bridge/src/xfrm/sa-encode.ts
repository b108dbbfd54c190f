// SAs written: NEWSA as an answer, and the parts that answers and events share.
import { IPPROTO_ESP, UDP_ENCAP_ESPINUDP, XFRM_MODE_TUNNEL, XFRMA } from './constants.js';
import {
  lifetimeCfgOf,
  type XfrmLifetimeCur,
  xfrmReplayState,
  xfrmReplayStateEsn,
} from './lifetime-structs.js';
import { type Attribute, encodePayload } from './netlink.js';
import { encodeCrypto } from './sa-crypto.js';
import { PLAIN_WINDOW_MAX } from './sa-decode.js';
import { type SaEntry, totals } from './sa-entry.js';
import { type XfrmUsersaInfo, xfrmEncapTmpl, xfrmMark, xfrmUsersaInfo } from './sa-structs.js';
import { addressFamily, addressToXfrm, EMPTY_SELECTOR } from './selector.js';
import { encode, u32 } from './struct.js';

export function usersaInfoOf(entry: SaEntry): XfrmUsersaInfo {
  const counters = totals(entry);
  return {
    sel: entry.ownSelector,
    id: { daddr: addressToXfrm(entry.dst), spi: entry.spi, proto: entry.protocol },
    saddr: addressToXfrm(entry.src),
    lft: lifetimeCfgOf(entry.lifetime),
    curlft: lifetimeCurOf(entry),
    stats: {
      replay_window: 0,
      replay: counters.replayed >>> 0,
      integrity_failed: counters.integrity_failed >>> 0,
    },
    seq: entry.seq,
    reqid: entry.reqid,
    family: addressFamily(entry.dst),
    mode: entry.mode,
    replay_window: hasBitmap(entry) ? 0 : entry.replayWindow,
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

/** Whether the window is in XFRMA_REPLAY_ESN_VAL: also without extended numbers, when it is more than a word. */
function hasBitmap({ esn, replayWindow }: Pick<SaEntry, 'esn' | 'replayWindow'>): boolean {
  return esn || replayWindow > PLAIN_WINDOW_MAX;
}

/** The payload of XFRM_MSG_NEWSA as an answer to GETSA: with the keys, as the kernel gives it to root. */
export function encodeSa(entry: SaEntry): Buffer {
  const attributes: Attribute[] = [
    ...encodeCrypto(entry.crypto),
    ...identityAttributes(entry),
    ...numberAttribute(XFRMA.TFCPAD, entry.tfcBytes),
    ...numberAttribute(XFRMA.SA_EXTRA_FLAGS, entry.extraFlags),
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
  return [...attributes, ...numberAttribute(XFRMA.IF_ID, entry.ifId)];
}

/** Left out for 0, as charon does. */
function numberAttribute(type: number, value: number): Attribute[] {
  return value === 0 ? [] : [{ type, value: encode(u32, value) }];
}

/**
 * Where the sequence numbers are. Which packets of the window have been seen only the data plane's
 * workers know, so all count as seen: a replay is refused at the cost of packets that arrive late.
 *
 * So a large window's bitmap says nothing, and is left out. When charon moves an SA it copies this attribute twice,
 * from GETSA and from GETAE, into a request of 1024 octets; with a bitmap of 512 that fails, and the SA is gone.
 */
export function replayAttribute(entry: SaEntry): Attribute {
  const { sequence } = totals(entry);
  const [low, high] = [sequence % 2 ** 32, Math.floor(sequence / 2 ** 32)];
  const inbound = entry.direction === 'in';
  if (!hasBitmap(entry)) {
    const state = {
      oseq: inbound ? 0 : low,
      seq: inbound ? low : 0,
      bitmap: inbound && low > 0 ? 0xffffffff : 0,
    };
    return { type: XFRMA.REPLAY_VAL, value: encode(xfrmReplayState, state) };
  }
  const state = {
    bmp_len: 0,
    oseq: inbound ? 0 : low,
    seq: inbound ? low : 0,
    oseq_hi: inbound ? 0 : high,
    seq_hi: inbound ? high : 0,
    replay_window: entry.replayWindow,
  };
  return { type: XFRMA.REPLAY_ESN_VAL, value: encode(xfrmReplayStateEsn, state) };
}

/** An allocated SPI, as ALLOCSPI answers and GETSA shows it. */
export function encodeLarval(larval: { dst: string; src: string; spi: number }): Buffer {
  const empty = xfrmUsersaInfo.read(Buffer.alloc(xfrmUsersaInfo.size), 0);
  return encode(xfrmUsersaInfo, {
    ...empty,
    sel: EMPTY_SELECTOR,
    id: { daddr: addressToXfrm(larval.dst), spi: larval.spi, proto: IPPROTO_ESP },
    saddr: addressToXfrm(larval.src),
    family: addressFamily(larval.dst),
    mode: XFRM_MODE_TUNNEL,
  });
}
