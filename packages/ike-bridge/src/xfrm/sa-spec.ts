// SAs as the data plane is told of them, and SAs of the SAD made from what it tells of its own.
import type { SaCounters, SaSpec } from '@sluice/shared';
import {
  IPPROTO_ESP,
  XFRM_MODE_TRANSPORT,
  XFRM_MODE_TUNNEL,
  XFRM_SA_XFLAG_DONT_ENCAP_DSCP,
  XFRM_STATE_AF_UNSPEC,
  XFRM_STATE_DECAP_DSCP,
  XFRM_STATE_ESN,
  XFRM_STATE_NOECN,
  XFRM_STATE_NOPMTUDISC,
} from './constants.js';
import { cryptoOfSpec, espCryptoOf } from './sa-crypto.js';
import { type SaEntry, UNUSED } from './sa-entry.js';
import { ANY_TRAFFIC, addressFamily, selectorOf, type XfrmSelector } from './selector.js';

export function specOf(entry: SaEntry): SaSpec {
  const { flags } = entry;
  return {
    dst: entry.dst,
    spi: entry.spi,
    direction: entry.direction,
    src: entry.src,
    if_id: entry.ifId,
    reqid: entry.reqid,
    encap: entry.encap,
    crypto: espCryptoOf(entry.crypto),
    mode: entry.mode === XFRM_MODE_TRANSPORT ? 'transport' : 'tunnel',
    esn: entry.esn,
    replay_window: entry.replayWindow,
    lifetime: entry.lifetime,
    added_at_ms: entry.addedAtMs,
    selectors: entry.selectors,
    dscp: copiesDscp(entry) ? 'copy' : 'keep',
    ecn: (flags & XFRM_STATE_NOECN) === 0,
    // The kernel knows no third: without NOPMTUDISC the outer header's DF is the inner one's.
    df: (flags & XFRM_STATE_NOPMTUDISC) === 0 ? 'copy' : 'clear',
    ...(entry.tfcBytes === 0 ? {} : { tfc_bytes: entry.tfcBytes }),
    start_sequence: entry.startSequence,
  };
}

/** Outbound the kernel copies unless told not to; inbound only when told to. */
function copiesDscp({ direction, flags, extraFlags }: SaEntry): boolean {
  return direction === 'in'
    ? (flags & XFRM_STATE_DECAP_DSCP) !== 0
    : (extraFlags & XFRM_SA_XFLAG_DONT_ENCAP_DSCP) === 0;
}

/** An SA that the data plane has and this process does not know: it was installed by a former instance. */
export function entryOfSpec(spec: SaSpec, counters: SaCounters): SaEntry {
  const tunnel = spec.mode === 'tunnel';
  const inbound = spec.direction === 'in';
  const copiesDscp = spec.dscp === 'copy';
  return {
    dst: spec.dst,
    spi: spec.spi,
    protocol: IPPROTO_ESP,
    direction: spec.direction,
    crypto: cryptoOfSpec(spec),
    esn: spec.esn,
    replayWindow: spec.replay_window,
    mark: null,
    mode: tunnel ? XFRM_MODE_TUNNEL : XFRM_MODE_TRANSPORT,
    flags:
      (tunnel ? XFRM_STATE_AF_UNSPEC : 0) |
      (spec.esn ? XFRM_STATE_ESN : 0) |
      (spec.ecn ? 0 : XFRM_STATE_NOECN) |
      (inbound && copiesDscp ? XFRM_STATE_DECAP_DSCP : 0) |
      (spec.df === 'clear' ? XFRM_STATE_NOPMTUDISC : 0),
    extraFlags: inbound || copiesDscp ? 0 : XFRM_SA_XFLAG_DONT_ENCAP_DSCP,
    tfcBytes: spec.tfc_bytes ?? 0,
    seq: 0,
    src: spec.src,
    ifId: spec.if_id,
    reqid: spec.reqid,
    encap: spec.encap,
    lifetime: spec.lifetime,
    addedAtMs: spec.added_at_ms,
    ownSelector: tunnel ? selectorOf(null) : hostSelector(spec),
    selectors: spec.selectors,
    otherAttributes: [],
    base: UNUSED,
    startSequence: spec.start_sequence ?? 0,
    counters,
    softExpired: false,
    softDue: false,
    installed: true,
  };
}

/** What charon gives an SA in transport mode: the two hosts, with any protocol. */
function hostSelector({ src, dst, selectors }: SaSpec): XfrmSelector {
  const host = (address: string): string => `${address}/${addressFamily(address) === 2 ? 32 : 128}`;
  const [first] = selectors ?? [];
  return selectorOf({ ...ANY_TRAFFIC, src: first?.src ?? host(src), dst: first?.dst ?? host(dst) });
}
