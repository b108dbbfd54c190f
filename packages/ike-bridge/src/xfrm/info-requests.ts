// GETSADINFO, GETSPDINFO, NEWSPDINFO, GETAE, NEWAE.
import {
  EINVAL,
  ESRCH,
  NLM_F_REPLACE,
  XFRM_AE_LVAL,
  XFRM_AE_RVAL,
  XFRM_MSG,
  XFRMA,
  XFRMA_SAD_CNT,
  XFRMA_SAD_HINFO,
  XFRMA_SPD_HINFO,
  XFRMA_SPD_INFO,
  XFRMA_SPD_IPV4_HTHRESH,
  XFRMA_SPD_IPV6_HTHRESH,
} from './constants.js';
import type { Handler, XfrmContext } from './context.js';
import { xfrmLifetimeCur, xfrmReplayState, xfrmReplayStateEsn } from './lifetime-structs.js';
import {
  type Attribute,
  decodeAttributes,
  encodePayload,
  findAttribute,
  type Message,
  reply,
} from './netlink.js';
import { xfrmuSadhinfo, xfrmuSpdhinfo, xfrmuSpdhthresh, xfrmuSpdinfo } from './policy-structs.js';
import { Refused } from './refused.js';
import { identityAttributes, lifetimeCurOf, replayAttribute } from './sa-encode.js';
import type { SaEntry } from './sa-entry.js';
import { installOrRefuse, refresh } from './sa-requests.js';
import { xfrmAeventId } from './sa-structs.js';
import { addressFamily, addressFromXfrm, addressToXfrm } from './selector.js';
import { decode, encode, u32 } from './struct.js';

const FLAGS = Buffer.alloc(4);

export const getSadInfo: Handler = (context, request) => [
  reply(
    request,
    XFRM_MSG.NEWSADINFO,
    encodePayload(FLAGS, [
      { type: XFRMA_SAD_CNT, value: encode(u32, context.sad.size) },
      { type: XFRMA_SAD_HINFO, value: encode(xfrmuSadhinfo, { sadhcnt: 0, sadhmcnt: 0 }) },
    ]),
  ),
];

/** Thresholds of the kernel's hash tables, as it has them by default: there are no such tables here. */
export const getSpdInfo: Handler = (context, request) => {
  const count = (dir: number): number => context.spd.all().filter(({ info }) => info.dir === dir).length;
  const info = { incnt: count(0), outcnt: count(1), fwdcnt: count(2), inscnt: 0, outscnt: 0, fwdscnt: 0 };
  const attributes: Attribute[] = [
    { type: XFRMA_SPD_INFO, value: encode(xfrmuSpdinfo, info) },
    { type: XFRMA_SPD_HINFO, value: encode(xfrmuSpdhinfo, { spdhcnt: 0, spdhmcnt: 0 }) },
    { type: XFRMA_SPD_IPV4_HTHRESH, value: encode(xfrmuSpdhthresh, { lbits: 32, rbits: 32 }) },
    { type: XFRMA_SPD_IPV6_HTHRESH, value: encode(xfrmuSpdhthresh, { lbits: 128, rbits: 128 }) },
  ];
  return [reply(request, XFRM_MSG.NEWSPDINFO, encodePayload(FLAGS, attributes))];
};

/** Tunes hash tables that are not there: accepted, without effect. */
export const newSpdInfo: Handler = () => [];

function find(context: XfrmContext, request: Message): SaEntry {
  const asked = decode(xfrmAeventId, request.payload);
  if (asked === null) throw new Refused(EINVAL);
  const { daddr, family, spi } = asked.sa_id;
  const entry = context.sad.get({ dst: addressFromXfrm(daddr, family), spi });
  if (entry === undefined) throw new Refused(ESRCH);
  return entry;
}

export const getAe: Handler = async (context, request) => {
  const entry = find(context, request);
  await refresh(context, entry);
  const id = encode(xfrmAeventId, {
    sa_id: {
      daddr: addressToXfrm(entry.dst),
      spi: entry.spi,
      family: addressFamily(entry.dst),
      proto: entry.protocol,
    },
    saddr: addressToXfrm(entry.src),
    flags: XFRM_AE_RVAL | XFRM_AE_LVAL,
    reqid: entry.reqid,
  });
  const attributes: Attribute[] = [
    replayAttribute(entry),
    { type: XFRMA.LTIME_VAL, value: encode(xfrmLifetimeCur, lifetimeCurOf(entry)) },
    ...identityAttributes(entry),
  ];
  return [reply(request, XFRM_MSG.NEWAE, encodePayload(id, attributes))];
};

/** Sets sequence numbers and usage of an SA, as a standby does that takes over. Never moves a sequence number back. */
export const newAe: Handler = async (context, request) => {
  const entry = find(context, request);
  const attributes = decodeAttributes(request.payload, xfrmAeventId.size);
  if (attributes === null || (request.flags & NLM_F_REPLACE) === 0) throw new Refused(EINVAL);
  const lifetime = findAttribute(attributes, XFRMA.LTIME_VAL);
  const usage = lifetime === null ? null : decode(xfrmLifetimeCur, lifetime);
  const sequence = sequenceIn(attributes, entry.direction);
  if (usage === null && sequence === null) throw new Refused(EINVAL);
  if (usage !== null && Number.isSafeInteger(usage.packets) && Number.isSafeInteger(usage.bytes)) {
    entry.base = {
      ...entry.base,
      packets: usage.packets - entry.counters.packets,
      bytes: usage.bytes - entry.counters.bytes,
    };
  }
  if (sequence !== null && sequence > Math.max(entry.startSequence, entry.counters.sequence)) {
    entry.startSequence = sequence;
    await installOrRefuse(context, entry);
  }
  return [];
};

function sequenceIn(attributes: readonly Attribute[], direction: 'in' | 'out'): number | null {
  const esnValue = findAttribute(attributes, XFRMA.REPLAY_ESN_VAL);
  const esn = esnValue === null ? null : decode(xfrmReplayStateEsn, esnValue);
  if (esn !== null) {
    const [high, low] = direction === 'out' ? [esn.oseq_hi, esn.oseq] : [esn.seq_hi, esn.seq];
    return high * 2 ** 32 + low;
  }
  const value = findAttribute(attributes, XFRMA.REPLAY_VAL);
  const state = value === null ? null : decode(xfrmReplayState, value);
  if (state === null) return null;
  return direction === 'out' ? state.oseq : state.seq;
}
