// MIGRATE: SAs and policies of a tunnel get new addresses at once (RFC 4555; xfrm_migrate in the kernel).
import { EINVAL, ENOENT, XFRMA } from './constants.js';
import type { Handler, XfrmContext } from './context.js';
import { decodeAttributes, findAttribute } from './netlink.js';
import { xfrmUserMigrate, xfrmUserpolicyId, xfrmUserTmpl } from './policy-structs.js';
import { Refused } from './refused.js';
import { copyCrypto } from './sa-crypto.js';
import { continueAfter, NO_COUNTERS, type SaEntry, totals } from './sa-entry.js';
import { installOrRefuse, refresh } from './sa-requests.js';
import { addressFromXfrm, isFamily } from './selector.js';
import { policyIdentity } from './spd.js';
import { decode, encode, type ValueOf } from './struct.js';

type Move = ValueOf<typeof xfrmUserMigrate>;

export const migrate: Handler = async (context, request) => {
  const asked = decode(xfrmUserpolicyId, request.payload);
  const attributes = decodeAttributes(request.payload, xfrmUserpolicyId.size);
  const value = attributes === null ? null : findAttribute(attributes, XFRMA.MIGRATE);
  if (asked === null || attributes === null || value === null || value.length === 0)
    throw new Refused(EINVAL);
  if (value.length % xfrmUserMigrate.size !== 0) throw new Refused(EINVAL);
  const policy = context.spd.get({ dir: asked.dir, sel: asked.sel, ...policyIdentity(attributes) });
  if (policy === undefined) throw new Refused(ENOENT);

  for (let at = 0; at < value.length; at += xfrmUserMigrate.size) {
    const move = xfrmUserMigrate.read(value, at);
    if (!isFamily(move.old_family) || !isFamily(move.new_family)) throw new Refused(EINVAL);
    for (const template of policy.templates) {
      if (template.reqid !== move.reqid || !template.id.daddr.equals(move.old_daddr)) continue;
      template.id = { ...template.id, daddr: move.new_daddr };
      template.family = move.new_family;
      template.saddr = move.new_saddr;
    }
    for (const entry of context.sad.all()) if (isMoved(entry, move)) await moveSa(context, entry, move);
  }
  const templates = policy.attributes.find(({ type }) => type === XFRMA.TMPL);
  if (templates !== undefined)
    templates.value = Buffer.concat(policy.templates.map((one) => encode(xfrmUserTmpl, one)));
  context.store.save(() => context.spd.all());
  return [];
};

function isMoved(entry: SaEntry, move: Move): boolean {
  return (
    entry.reqid === move.reqid &&
    entry.protocol === move.proto &&
    entry.dst === addressFromXfrm(move.old_daddr, move.old_family) &&
    entry.src === addressFromXfrm(move.old_saddr, move.old_family)
  );
}

/** Sequence numbers go on where they were: the key stays the same. */
async function moveSa(context: XfrmContext, entry: SaEntry, move: Move): Promise<void> {
  const last = await context.sync.remove(entry);
  if (last !== null) entry.counters = last;
  else await refresh(context, entry);
  const used = totals(entry);
  const moved: SaEntry = {
    ...entry,
    crypto: copyCrypto(entry.crypto),
    dst: addressFromXfrm(move.new_daddr, move.new_family),
    src: addressFromXfrm(move.new_saddr, move.new_family),
    base: {
      packets: used.packets,
      bytes: used.bytes,
      firstUsedAtMs: used.first_used_at_ms,
      lastUsedAtMs: used.last_used_at_ms,
    },
    startSequence: continueAfter(entry, used.sequence),
    counters: NO_COUNTERS,
    installed: false,
  };
  context.sad.remove(entry);
  context.sad.add(moved);
  await installOrRefuse(context, moved);
}
