// ALLOCSPI, NEWSA, UPDSA, DELSA, GETSA, FLUSHSA (net/xfrm/xfrm_user.c is what charon was written against).
import type { SaCounters } from '@sluice/shared';
import {
  EAFNOSUPPORT,
  EEXIST,
  EINVAL,
  EIO,
  ENOENT,
  ESRCH,
  IPPROTO_ESP,
  NLM_F_DUMP,
  XFRM_MSG,
} from './constants.js';
import type { Handler, XfrmContext } from './context.js';
import { dumpReply, type Message, reply } from './netlink.js';
import { Refused } from './refused.js';
import { sameCrypto, wipeCrypto } from './sa-crypto.js';
import { decodeSa } from './sa-decode.js';
import { encodeLarval, encodeSa } from './sa-encode.js';
import { continueAfter, nameOf, type SaEntry, totals } from './sa-entry.js';
import { chooseSelectors } from './sa-selector.js';
import { xfrmUsersaFlush, xfrmUsersaId, xfrmUserspiInfo } from './sa-structs.js';
import { addressFromXfrm, isFamily } from './selector.js';
import { decode } from './struct.js';

export const allocateSpi: Handler = (context, request) => {
  const asked = decode(xfrmUserspiInfo, request.payload);
  if (asked === null || asked.info.id.proto !== IPPROTO_ESP || asked.min > asked.max || asked.max === 0) {
    throw new Refused(EINVAL);
  }
  const { family } = asked.info;
  if (!isFamily(family)) throw new Refused(EAFNOSUPPORT);
  const dst = addressFromXfrm(asked.info.id.daddr, family);
  const larval = context.spis.allocate(
    { src: addressFromXfrm(asked.info.saddr, family), dst },
    Math.max(1, asked.min), // zero is not an SPI (RFC 4303 section 2.1)
    asked.max,
    context.now(),
    (spi) => context.sad.get({ dst, spi }) !== undefined,
  );
  if (larval === null) throw new Refused(ENOENT);
  return [reply(request, XFRM_MSG.NEWSA, encodeLarval(larval))];
};

export const newSa: Handler = async (context, request) => {
  const entry = read(context, request);
  const existing = context.sad.get(entry);
  if (existing !== undefined) {
    // A request whose answer got lost is sent again: the same SA twice is one.
    if (!sameSa(existing, entry)) throw new Refused(EEXIST);
    wipeCrypto(entry.crypto);
    return [];
  }
  if (context.spis.get(entry) !== undefined) throw new Refused(EEXIST);
  await put(context, entry);
  return [];
};

export const updateSa: Handler = async (context, request) => {
  const entry = read(context, request);
  const existing = context.sad.get(entry);
  if (existing !== undefined) {
    // The kernel changes these of a live SA, never its keys.
    existing.encap = entry.encap;
    existing.lifetime = entry.lifetime;
    existing.ownSelector = entry.ownSelector;
    wipeCrypto(entry.crypto);
    await installOrRefuse(context, existing);
    return [];
  }
  if (context.spis.get(entry) === undefined) {
    // charon adds the SA by NEWSA when it is told so; only SPIs that it had allocated are updated.
    context.spis.remember(entry.spi, { direction: 'in', reqid: entry.reqid, sequence: 0 }, context.now());
    wipeCrypto(entry.crypto);
    throw new Refused(ESRCH);
  }
  await put(context, entry);
  context.spis.release(entry);
  return [];
};

function read(context: XfrmContext, request: Message): SaEntry {
  const now = context.now();
  const entry = decodeSa(request.payload, (sa) => context.spis.directionOf(sa), now);
  request.payload.fill(0);
  entry.selectors = chooseSelectors(context.spd, entry);
  // charon moves an SA by reading its replay state, removing it and adding it again: what was sent or
  // received after it had read is known from the removal.
  const before = context.spis.removed(entry);
  if (before !== undefined || entry.startSequence > 0) {
    entry.startSequence = continueAfter(entry, Math.max(entry.startSequence, before?.sequence ?? 0));
  }
  return entry;
}

/** The request is acknowledged after the data plane has the SA: a peer may use it from then on. */
async function put(context: XfrmContext, entry: SaEntry): Promise<void> {
  context.sad.add(entry);
  try {
    await installOrRefuse(context, entry);
  } catch (error) {
    context.sad.remove(entry);
    throw error;
  }
  context.log.info(
    { sa: nameOf(entry), direction: entry.direction, src: entry.src, if_id: entry.ifId, reqid: entry.reqid },
    'An SA was installed.',
  );
}

/** Throws Refused when the data plane will not have the SA. */
export async function installOrRefuse(context: XfrmContext, entry: SaEntry): Promise<void> {
  try {
    await context.sync.install(entry);
  } catch (error) {
    throw new Refused(EIO, `The data plane refused SA ${nameOf(entry)}: ${(error as Error).message}`);
  }
}

function sameSa(a: SaEntry, b: SaEntry): boolean {
  return (
    a.src === b.src &&
    a.ifId === b.ifId &&
    a.reqid === b.reqid &&
    a.encap?.src_port === b.encap?.src_port &&
    a.encap?.dst_port === b.encap?.dst_port &&
    a.mode === b.mode &&
    sameCrypto(a.crypto, b.crypto)
  );
}

function keyIn(request: Message): { dst: string; spi: number } {
  const id = decode(xfrmUsersaId, request.payload);
  if (id === null) throw new Refused(EINVAL);
  if (!isFamily(id.family) || id.proto !== IPPROTO_ESP) throw new Refused(ESRCH);
  return { dst: addressFromXfrm(id.daddr, id.family), spi: id.spi };
}

/**
 * Whether another inbound SA is there for the same traffic: the peer goes over to it, and may still send by this one
 * until it has heard of the deletion. charon waits for that itself only where it has rekeyed, not where it authenticates
 * again or where both sides have rekeyed at once.
 */
function hasTwin(context: XfrmContext, { ifId, selectors }: SaEntry): boolean {
  const traffic = JSON.stringify(selectors);
  return context.sad
    .ofInterface(ifId)
    .some(
      (other) => other.direction === 'in' && other.installed && JSON.stringify(other.selectors) === traffic,
    );
}

/** Has the data plane remove an inbound SA that has left the SAD; returns its last counters, as far as they are known. */
export function removeInbound(context: XfrmContext, entry: SaEntry): Promise<SaCounters | null> {
  return hasTwin(context, entry)
    ? context.sync.removeLater(entry, context.now())
    : context.sync.remove(entry);
}

export const deleteSa: Handler = async (context, request) => {
  const key = keyIn(request);
  const entry = context.sad.remove(key);
  if (entry === undefined) {
    if (!context.spis.release(key)) throw new Refused(ESRCH);
    return [];
  }
  const last =
    entry.direction === 'in' ? await removeInbound(context, entry) : await context.sync.remove(key);
  const { spi, direction, reqid } = entry;
  const sequence = Math.max(totals(entry).sequence, last?.sequence ?? 0);
  context.spis.remember(spi, { direction, reqid, sequence }, context.now());
  context.log.info({ sa: nameOf(key), direction: entry.direction, if_id: entry.ifId }, 'An SA was removed.');
  return [];
};

export const getSa: Handler = async (context, request) => {
  if ((request.flags & NLM_F_DUMP) === NLM_F_DUMP) {
    return dumpReply(request, XFRM_MSG.NEWSA, context.sad.all().map(encodeSa));
  }
  const key = keyIn(request);
  const entry = context.sad.get(key);
  if (entry !== undefined) {
    await refresh(context, entry);
    return [reply(request, XFRM_MSG.NEWSA, encodeSa(entry))];
  }
  const larval = context.spis.get(key);
  if (larval === undefined) throw new Refused(ESRCH);
  return [reply(request, XFRM_MSG.NEWSA, encodeLarval(larval))];
};

/**
 * With more SAs than this the figures that are fetched every second will do. charon asks for those of all SAs whenever it
 * lists them, one by one, and holds back its negotiations meanwhile.
 */
const LIVE_SAS_MAX = 64;

/** Live figures when the data plane gives them, else the last ones stay. */
export async function refresh(context: XfrmContext, entry: SaEntry): Promise<void> {
  if (!entry.installed || context.sad.size > LIVE_SAS_MAX) return;
  try {
    const counters = await context.sink.counters({ dst: entry.dst, spi: entry.spi });
    if (counters !== null) context.sync.observe(entry, counters);
  } catch (error) {
    const fields = { sa: nameOf(entry), error: (error as Error).message };
    context.log.debug(fields, 'The data plane gave no counters; the last known ones are used.');
  }
}

export const flushSas: Handler = async (context, request) => {
  const flush = decode(xfrmUsersaFlush, request.payload);
  if (flush === null) throw new Refused(EINVAL);
  // 0 and 255 (IPSEC_PROTO_ANY) are every protocol.
  if (![0, 255, IPPROTO_ESP].includes(flush.proto)) return [];
  context.spis.clear();
  for (const entry of context.sad.all()) {
    context.sad.remove(entry);
    await context.sync.remove(entry);
  }
  return [];
};
