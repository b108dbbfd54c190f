// The payload of XFRM_MSG_NEWSA and UPDSA, read.
import {
  EAFNOSUPPORT,
  EINVAL,
  ENOSYS,
  EPROTONOSUPPORT,
  IPPROTO_ESP,
  UDP_ENCAP_ESPINUDP,
  XFRM_MODE_TRANSPORT,
  XFRM_MODE_TUNNEL,
  XFRM_STATE_ESN,
  XFRMA,
  XFRMA_REPLAY_ESN_MAX,
} from './constants.js';
import { lifetimeOf, xfrmLifetimeCur, xfrmReplayState, xfrmReplayStateEsn } from './lifetime-structs.js';
import { type Attribute, decodeAttributes, findAttribute } from './netlink.js';
import { Refused } from './refused.js';
import { CRYPTO_ATTRIBUTES, decodeCrypto } from './sa-crypto.js';
import { NO_COUNTERS, nameOf, type SaEntry, UNUSED } from './sa-entry.js';
import { type XfrmUsersaInfo, xfrmEncapTmpl, xfrmMark, xfrmUsersaInfo } from './sa-structs.js';
import { addressFromXfrm, isFamily } from './selector.js';
import { decode, u32 } from './struct.js';

/** Written from the entry's own fields; any other is given back as it came. */
const UNDERSTOOD: number[] = [
  ...CRYPTO_ATTRIBUTES,
  XFRMA.ENCAP,
  XFRMA.MARK,
  XFRMA.IF_ID,
  XFRMA.REPLAY_ESN_VAL,
  XFRMA.REPLAY_VAL,
  XFRMA.LTIME_VAL,
  XFRMA.LASTUSED,
  XFRMA.TFCPAD,
  XFRMA.SA_EXTRA_FLAGS,
];

/** Throws Refused. The direction is the caller's to know. */
export function decodeSa(
  payload: Buffer,
  directionOf: (sa: { dst: string; spi: number; reqid: number }) => 'in' | 'out',
  nowMs: number,
): SaEntry {
  const info = decode(xfrmUsersaInfo, payload);
  const attributes = decodeAttributes(payload, xfrmUsersaInfo.size);
  if (info === null || attributes === null) throw new Refused(EINVAL);
  if (!isFamily(info.family)) {
    throw new Refused(
      EAFNOSUPPORT,
      `An SA of address family ${info.family} was refused: only IPv4 and IPv6 are supported.`,
    );
  }
  if (info.id.proto !== IPPROTO_ESP) {
    throw new Refused(
      EPROTONOSUPPORT,
      `An SA of IP protocol ${info.id.proto} was refused: only ESP (50) is supported; configure neither AH nor IPComp.`,
    );
  }
  const sa = { dst: addressFromXfrm(info.id.daddr, info.family), spi: info.id.spi };
  if (sa.spi === 0) throw new Refused(EINVAL);
  if (info.mode !== XFRM_MODE_TUNNEL && info.mode !== XFRM_MODE_TRANSPORT) {
    throw new Refused(
      ENOSYS,
      `SA ${nameOf(sa)} has mode ${info.mode}: the data plane does tunnel and transport mode.`,
    );
  }

  const mark = findAttribute(attributes, XFRMA.MARK);
  const usage = decodeUsage(attributes, nowMs);
  const replay = decodeReplay(attributes, info);
  const direction = directionOf({ ...sa, reqid: info.reqid });
  const entry: Omit<SaEntry, 'crypto'> = {
    ...sa,
    protocol: IPPROTO_ESP,
    direction,
    esn: (info.flags & XFRM_STATE_ESN) !== 0,
    replayWindow: replay.window,
    mark: mark === null ? null : decode(xfrmMark, mark),
    mode: info.mode,
    flags: info.flags,
    extraFlags: number(attributes, XFRMA.SA_EXTRA_FLAGS),
    tfcBytes: number(attributes, XFRMA.TFCPAD),
    seq: info.seq,
    src: addressFromXfrm(info.saddr, info.family),
    ifId: number(attributes, XFRMA.IF_ID),
    reqid: info.reqid,
    encap: decodeEncap(attributes, nameOf(sa)),
    lifetime: lifetimeOf(info.lft),
    addedAtMs: usage.addedAtMs,
    ownSelector: info.sel,
    selectors: null,
    otherAttributes: attributes
      .filter(({ type }) => !UNDERSTOOD.includes(type))
      .map(({ type, value }) => ({ type, value: Buffer.from(value) })),
    base: usage.base,
    startSequence: direction === 'in' ? replay.received : replay.sent,
    counters: NO_COUNTERS,
    softExpired: false,
    softDue: false,
    installed: false,
  };
  // Last, so that no copy of a key is left behind when something else is refused.
  return { ...entry, crypto: decodeCrypto(attributes, nameOf(sa)) };
}

/** A number of 32 bits; 0 without the attribute. */
function number(attributes: readonly Attribute[], type: number): number {
  const value = findAttribute(attributes, type);
  return value === null ? 0 : (decode(u32, value) ?? 0);
}

function decodeEncap(attributes: readonly Attribute[], name: string): SaEntry['encap'] {
  const value = findAttribute(attributes, XFRMA.ENCAP);
  if (value === null) return null;
  const encap = decode(xfrmEncapTmpl, value);
  if (encap === null || encap.encap_sport === 0 || encap.encap_dport === 0) throw new Refused(EINVAL);
  if (encap.encap_type !== UDP_ENCAP_ESPINUDP) {
    throw new Refused(
      ENOSYS,
      `SA ${name} asks for encapsulation of type ${encap.encap_type}; only RFC 3948 is supported.`,
    );
  }
  return { src_port: encap.encap_sport, dst_port: encap.encap_dport };
}

/** Without the attribute the kernel's window is one word of bits. */
export const PLAIN_WINDOW_MAX = 32;

function decodeReplay(
  attributes: readonly Attribute[],
  info: XfrmUsersaInfo,
): { window: number; sent: number; received: number } {
  const esnValue = findAttribute(attributes, XFRMA.REPLAY_ESN_VAL);
  if (esnValue !== null) {
    const state = decode(xfrmReplayStateEsn, esnValue);
    if (state === null || state.bmp_len * 32 > XFRMA_REPLAY_ESN_MAX) throw new Refused(EINVAL);
    // Without a bitmap it is our own answer that charon gives back (sa-encode.ts).
    const widest = state.bmp_len === 0 ? XFRMA_REPLAY_ESN_MAX : state.bmp_len * 32;
    if (state.replay_window > widest) throw new Refused(EINVAL);
    return {
      window: state.replay_window,
      sent: state.oseq_hi * 2 ** 32 + state.oseq,
      received: state.seq_hi * 2 ** 32 + state.seq,
    };
  }
  // The kernel refuses ESN without the attribute that holds the upper halves.
  if ((info.flags & XFRM_STATE_ESN) !== 0) throw new Refused(EINVAL);
  const value = findAttribute(attributes, XFRMA.REPLAY_VAL);
  const state = value === null ? null : decode(xfrmReplayState, value);
  return {
    window: Math.min(info.replay_window, PLAIN_WINDOW_MAX),
    sent: state?.oseq ?? 0,
    received: state?.seq ?? 0,
  };
}

function decodeUsage(
  attributes: readonly Attribute[],
  nowMs: number,
): { addedAtMs: number; base: SaEntry['base'] } {
  const value = findAttribute(attributes, XFRMA.LTIME_VAL);
  const current = value === null ? null : decode(xfrmLifetimeCur, value);
  if (current === null) return { addedAtMs: nowMs, base: UNUSED };
  const finite = (figure: number): number => (Number.isSafeInteger(figure) ? figure : 0);
  const addedAtMs = finite(current.add_time * 1000);
  return {
    addedAtMs: addedAtMs === 0 || addedAtMs > nowMs ? nowMs : addedAtMs,
    base: {
      packets: finite(current.packets),
      bytes: finite(current.bytes),
      firstUsedAtMs: finite(current.use_time * 1000) || null,
      lastUsedAtMs: null,
    },
  };
}
