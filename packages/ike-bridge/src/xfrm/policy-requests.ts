// NEWPOLICY, UPDPOLICY, DELPOLICY, GETPOLICY, FLUSHPOLICY.
import {
  EEXIST,
  EINVAL,
  ENOENT,
  NLM_F_DUMP,
  XFRM_MSG,
  XFRM_POLICY_FWD,
  XFRM_POLICY_OUT,
} from './constants.js';
import type { Handler, XfrmContext } from './context.js';
import { decodeAttributes, dumpReply, type Message, reply } from './netlink.js';
import { xfrmUserpolicyId } from './policy-structs.js';
import { Refused } from './refused.js';
import { totals } from './sa-entry.js';
import { refresh } from './sa-requests.js';
import { reviseSelectors } from './sa-selector.js';
import { decodePolicy, encodePolicy, keyOfPolicy, type Policy, policyIdentity } from './spd.js';
import { decode } from './struct.js';

export const newPolicy: Handler = async (context, request) => {
  const policy = decodePolicy(request.payload);
  if (context.spd.get(keyOfPolicy(policy)) !== undefined) throw new Refused(EEXIST);
  await put(context, policy);
  return [];
};

export const updatePolicy: Handler = async (context, request) => {
  await put(context, decodePolicy(request.payload));
  return [];
};

async function put(context: XfrmContext, policy: Policy): Promise<void> {
  context.spd.put(policy, context.now());
  context.store.save(() => context.spd.all());
  await reviseSelectors(context, policy);
}

export const deletePolicy: Handler = async (context, request) => {
  const policy = find(context, request);
  context.spd.remove(policy);
  context.store.save(() => context.spd.all());
  await reviseSelectors(context, policy);
  return [];
};

export const getPolicy: Handler = async (context, request) => {
  if ((request.flags & NLM_F_DUMP) === NLM_F_DUMP) {
    const payloads = context.spd.all().map((policy) => encodePolicy(policy, lastUse(context, policy)));
    return dumpReply(request, XFRM_MSG.NEWPOLICY, payloads);
  }
  const policy = find(context, request);
  for (const entry of served(context, policy)) await refresh(context, entry);
  return [reply(request, XFRM_MSG.NEWPOLICY, encodePolicy(policy, lastUse(context, policy)))];
};

export const flushPolicies: Handler = (context) => {
  context.spd.clear();
  context.store.save(() => context.spd.all());
  return [];
};

function find(context: XfrmContext, request: Message): Policy {
  const asked = decode(xfrmUserpolicyId, request.payload);
  const attributes = decodeAttributes(request.payload, xfrmUserpolicyId.size);
  if (asked === null || attributes === null || asked.dir > XFRM_POLICY_FWD) throw new Refused(EINVAL);
  const policy =
    asked.index !== 0
      ? context.spd.byIndex(asked.index, asked.dir)
      : context.spd.get({ dir: asked.dir, sel: asked.sel, ...policyIdentity(attributes) });
  if (policy === undefined) throw new Refused(ENOENT);
  return policy;
}

function served(context: XfrmContext, policy: Policy) {
  const direction = policy.info.dir === XFRM_POLICY_OUT ? 'out' : 'in';
  const reqids = policy.templates.map((template) => template.reqid);
  return context.sad
    .ofInterface(policy.ifId)
    .filter((sa) => sa.direction === direction && reqids.includes(sa.reqid));
}

/**
 * When a packet last met the policy, in seconds since 1970, 0 for never: what dead peer detection asks.
 * The kernel notes it on the policy; here the SAs behind the policy know. Those in the forwarding
 * direction are the inbound ones.
 *
 * A peer that was restarted leaves a dead CHILD_SA of the same policy behind. Of several inbound SAs the
 * one that has been idle longest counts: the traffic of another would keep charon from ever asking whether
 * the dead one's peer is still there.
 */
function lastUse(context: XfrmContext, policy: Policy): number {
  const uses = served(context, policy).map((sa) => totals(sa).last_used_at_ms ?? 0);
  if (uses.length === 0) return 0;
  const use = policy.info.dir === XFRM_POLICY_OUT ? Math.max(...uses) : Math.min(...uses);
  return Math.floor(use / 1000);
}
