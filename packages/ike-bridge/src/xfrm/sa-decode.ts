// The payload of XFRM_MSG_NEWSA and UPDSA, read.
import { AEAD_NAME, ICV_BITS, KEY_BITS } from './algorithm.js';
import {
  AF_INET,
  EAFNOSUPPORT,
  EINVAL,
  ENOSYS,
  EPROTONOSUPPORT,
  IPPROTO_ESP,
  UDP_ENCAP_ESPINUDP,
  XFRM_MODE_TUNNEL,
  XFRM_STATE_ESN,
  XFRMA,
  XFRMA_REPLAY_ESN_MAX,
} from './constants.js';
import { lifetimeOf, xfrmLifetimeCur, xfrmReplayState, xfrmReplayStateEsn } from './lifetime-structs.js';
import { type Attribute, decodeAttributes, findAttribute } from './netlink.js';
import { Refused } from './refused.js';
import { NO_COUNTERS, nameOf, type SaEntry, UNUSED } from './sa-entry.js';
import {
  type XfrmUsersaInfo,
  xfrmAlgo,
  xfrmAlgoAead,
  xfrmEncapTmpl,
  xfrmMark,
  xfrmUsersaInfo,
} from './sa-structs.js';
import { ip4FromXfrm } from './selector.js';
import { decode, u32 } from './struct.js';

/** Written from the entry's own fields; any other is given back as it came. */
const UNDERSTOOD: number[] = [
  XFRMA.ALG_AEAD,
  XFRMA.ENCAP,
  XFRMA.MARK,
  XFRMA.IF_ID,
  XFRMA.REPLAY_ESN_VAL,
  XFRMA.REPLAY_VAL,
  XFRMA.LTIME_VAL,
  XFRMA.LASTUSED,
];

/** Throws Refused. The direction is the caller's to know. */
export function decodeSa(
  payload: Buffer,
  direction: (entry: SaEntry) => 'in' | 'out',
  nowMs: number,
): SaEntry {
  const info = decode(xfrmUsersaInfo, payload);
  const attributes = decodeAttributes(payload, xfrmUsersaInfo.size);
  if (info === null || attributes === null) throw new Refused(EINVAL);
  if (info.family !== AF_INET) {
    throw new Refused(
      EAFNOSUPPORT,
      `An SA of address family ${info.family} was refused: only IPv4 is supported.`,
    );
  }
  if (info.id.proto !== IPPROTO_ESP) {
    throw new Refused(
      EPROTONOSUPPORT,
      `An SA of IP protocol ${info.id.proto} was refused: only ESP (50) is supported; configure neither AH nor IPComp.`,
    );
  }
  const sa = { dst: ip4FromXfrm(info.id.daddr), spi: info.id.spi };
  if (sa.spi === 0) throw new Refused(EINVAL);
  if (info.mode !== XFRM_MODE_TUNNEL) {
    throw new Refused(
      ENOSYS,
      `SA ${nameOf(sa)} is not in tunnel mode, the only one that the data plane does.`,
    );
  }

  const mark = findAttribute(attributes, XFRMA.MARK);
  const ifId = findAttribute(attributes, XFRMA.IF_ID);
  const usage = decodeUsage(attributes, nowMs);
  const replay = decodeReplay(attributes, info);
  const entry: SaEntry = {
    ...sa,
    protocol: IPPROTO_ESP,
    direction: 'out',
    key: Buffer.alloc(0),
    esn: (info.flags & XFRM_STATE_ESN) !== 0,
    replayWindow: replay.window,
    mark: mark === null ? null : decode(xfrmMark, mark),
    mode: info.mode,
    flags: info.flags,
    src: ip4FromXfrm(info.saddr),
    ifId: ifId === null ? 0 : (decode(u32, ifId) ?? 0),
    reqid: info.reqid,
    encap: decodeEncap(attributes, nameOf(sa)),
    lifetime: lifetimeOf(info.lft),
    addedAtMs: usage.addedAtMs,
    ownSelector: info.sel,
    selector: null,
    otherAttributes: attributes
      .filter(({ type }) => !UNDERSTOOD.includes(type))
      .map(({ type, value }) => ({ type, value: Buffer.from(value) })),
    base: usage.base,
    startSequence: 0,
    counters: NO_COUNTERS,
    softExpired: false,
    softDue: false,
    installed: false,
  };
  const known = direction(entry);
  return {
    ...entry,
    direction: known,
    startSequence: known === 'in' ? replay.received : replay.sent,
    key: decodeKey(attributes, nameOf(sa)),
  };
}

/** A copy of the key. The caller's buffer is the caller's to wipe. */
function decodeKey(attributes: readonly Attribute[], name: string): Buffer {
  const value = findAttribute(attributes, XFRMA.ALG_AEAD);
  const algorithm = value === null ? null : decode(xfrmAlgoAead, value);
  const advice =
    'which the data plane cannot do: set esp_proposals to aes128gcm16 or aes256gcm16 at both ends.';
  if (value === null || algorithm === null) {
    const names = [XFRMA.ALG_CRYPT, XFRMA.ALG_AUTH_TRUNC, XFRMA.ALG_AUTH, XFRMA.ALG_COMP]
      .map((type) => findAttribute(attributes, type))
      .map((found) => (found === null ? null : decode(xfrmAlgo, found)))
      .flatMap((found) => (found === null ? [] : [found.alg_name]));
    if (names.length === 0) throw new Refused(EINVAL);
    throw new Refused(ENOSYS, `SA ${name} uses ${names.join(' with ')}, ${advice}`);
  }
  const key = value.subarray(xfrmAlgoAead.size);
  if (key.length * 8 < algorithm.alg_key_len) throw new Refused(EINVAL);
  if (
    algorithm.alg_name !== AEAD_NAME ||
    algorithm.alg_icv_len !== ICV_BITS ||
    !KEY_BITS.includes(algorithm.alg_key_len)
  ) {
    const printable = algorithm.alg_name.replace(/[^\x20-\x7e]/g, '?');
    throw new Refused(
      ENOSYS,
      `SA ${name} uses ${printable} with ${algorithm.alg_key_len} bits of key and salt and ${algorithm.alg_icv_len} of ICV, ${advice}`,
    );
  }
  return Buffer.from(key.subarray(0, algorithm.alg_key_len / 8));
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

function decodeReplay(
  attributes: readonly Attribute[],
  info: XfrmUsersaInfo,
): { window: number; sent: number; received: number } {
  const esnValue = findAttribute(attributes, XFRMA.REPLAY_ESN_VAL);
  if (esnValue !== null) {
    const state = decode(xfrmReplayStateEsn, esnValue);
    if (state === null || state.bmp_len * 32 > XFRMA_REPLAY_ESN_MAX * 8) throw new Refused(EINVAL);
    if (state.replay_window > state.bmp_len * 32 || state.replay_window > XFRMA_REPLAY_ESN_MAX)
      throw new Refused(EINVAL);
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
  return { window: info.replay_window, sent: state?.oseq ?? 0, received: state?.seq ?? 0 };
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
