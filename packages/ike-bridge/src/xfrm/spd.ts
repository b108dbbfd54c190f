// The security policy database (RFC 4301 section 4.4.1), keyed as the kernel keys it: direction, type,
// selector, interface id and mark.

import { ByInterface } from './by-interface.js';
import { AF_INET6, EINVAL, XFRM_POLICY_FWD, XFRM_POLICY_IN, XFRM_POLICY_OUT, XFRMA } from './constants.js';
import { type Attribute, decodeAttributes, encodePayload, findAttribute } from './netlink.js';
import {
  type XfrmUserpolicyInfo,
  type XfrmUserTmpl,
  xfrmUserpolicyInfo,
  xfrmUserTmpl,
} from './policy-structs.js';
import { Refused } from './refused.js';
import { type XfrmMark, xfrmMark } from './sa-structs.js';
import { selects, type XfrmSelector, xfrmSelector } from './selector.js';
import { decode, encode, u32 } from './struct.js';

/** net/xfrm.h, XFRM_MAX_DEPTH */
const TEMPLATES_MAX = 6;

export interface Policy {
  info: XfrmUserpolicyInfo;
  templates: XfrmUserTmpl[];
  readonly ifId: number;
  mark: XfrmMark;
  /** As received, the templates among them. */
  attributes: Attribute[];
}

export interface PolicyKey {
  dir: number;
  sel: XfrmSelector;
  ifId: number;
  mark: XfrmMark;
}

/** Reads the payload of NEWPOLICY or UPDPOLICY. Throws Refused. */
export function decodePolicy(payload: Buffer): Policy {
  const info = decode(xfrmUserpolicyInfo, payload);
  const attributes = decodeAttributes(payload, xfrmUserpolicyInfo.size);
  if (info === null || attributes === null) throw new Refused(EINVAL);
  if (info.dir > XFRM_POLICY_FWD || info.action > 1 || info.share > 3) throw new Refused(EINVAL);
  const widest = info.sel.family === AF_INET6 ? 128 : 32;
  if (info.sel.prefixlen_d > widest || info.sel.prefixlen_s > widest) throw new Refused(EINVAL);
  const templates = decodeTemplates(findAttribute(attributes, XFRMA.TMPL) ?? Buffer.alloc(0));
  const copied = attributes.map(({ type, value }) => ({ type, value: Buffer.from(value) }));
  return { info, templates, ...policyIdentity(attributes), attributes: copied };
}

/** Interface id and mark of any policy message. */
export function policyIdentity(attributes: readonly Attribute[]): { ifId: number; mark: XfrmMark } {
  const ifId = findAttribute(attributes, XFRMA.IF_ID);
  const mark = findAttribute(attributes, XFRMA.MARK);
  return {
    ifId: (ifId === null ? null : decode(u32, ifId)) ?? 0,
    mark: (mark === null ? null : decode(xfrmMark, mark)) ?? { v: 0, m: 0 },
  };
}

function decodeTemplates(value: Buffer): XfrmUserTmpl[] {
  const count = value.length / xfrmUserTmpl.size;
  if (!Number.isInteger(count) || count > TEMPLATES_MAX) throw new Refused(EINVAL);
  return Array.from({ length: count }, (_, i) => xfrmUserTmpl.read(value, i * xfrmUserTmpl.size));
}

/** The payload of NEWPOLICY. Times of use are the caller's to give, in seconds since 1970. */
export function encodePolicy(policy: Policy, useTime = 0): Buffer {
  const info = { ...policy.info, curlft: { ...policy.info.curlft, use_time: useTime } };
  return encodePayload(encode(xfrmUserpolicyInfo, info), policy.attributes);
}

export class Spd {
  readonly #policies = new Map<string, Policy>();
  readonly #byInterface = new ByInterface<Policy>();
  /** By index, which has the direction in it. */
  readonly #byIndex = new Map<number, Policy>();
  #nextIndex = 8;

  get size(): number {
    return this.#policies.size;
  }

  all(): Policy[] {
    return [...this.#policies.values()];
  }

  get(key: PolicyKey): Policy | undefined {
    return this.#policies.get(id(key));
  }

  byIndex(index: number, dir: number): Policy | undefined {
    const policy = this.#byIndex.get(index);
    return policy?.info.dir === dir ? policy : undefined;
  }

  /** Adds or replaces. A replaced policy keeps its index and the time it was added, as in the kernel. */
  put(policy: Policy, nowMs: number): void {
    const before = this.get(keyOfPolicy(policy));
    const index = before?.info.index ?? policy.info.index;
    const curlft = before?.info.curlft ?? {
      bytes: 0,
      packets: 0,
      add_time: Math.floor(nowMs / 1000),
      use_time: 0,
    };
    // The kernel's indexes carry the direction in their lowest three bits.
    const assigned = index !== 0 ? index : this.#takeIndex(policy.info.dir);
    policy.info = { ...policy.info, index: assigned, curlft };
    if (before !== undefined) this.#byInterface.delete(before);
    this.#policies.set(id(keyOfPolicy(policy)), policy);
    this.#byInterface.add(policy);
    this.#byIndex.set(assigned, policy);
  }

  remove(policy: Policy): void {
    const known = this.get(keyOfPolicy(policy));
    if (known === undefined) return;
    this.#policies.delete(id(keyOfPolicy(known)));
    this.#byInterface.delete(known);
    this.#byIndex.delete(known.info.index);
  }

  clear(): void {
    this.#policies.clear();
    this.#byInterface.clear();
    this.#byIndex.clear();
  }

  /** Policies whose templates want SAs of this reqid, for packets of this direction. */
  serving(direction: 'in' | 'out', ifId: number, reqid: number): Policy[] {
    const dir = direction === 'in' ? XFRM_POLICY_IN : XFRM_POLICY_OUT;
    return this.#byInterface
      .of(ifId)
      .filter(
        (policy) => policy.info.dir === dir && policy.templates.some((template) => template.reqid === reqid),
      );
  }

  /** The outbound policy that a packet into an interface meets: the one of the smallest priority value. */
  match(ifId: number, src: string, dst: string, protocol: number): Policy | undefined {
    return this.#byInterface
      .of(ifId)
      .filter(
        ({ info, templates }) =>
          info.dir === XFRM_POLICY_OUT && templates.length > 0 && selects(info.sel, src, dst, protocol),
      )
      .sort((a, b) => a.info.priority - b.info.priority)[0];
  }

  #takeIndex(dir: number): number {
    do {
      this.#nextIndex = (this.#nextIndex + 8) >>> 0;
    } while (this.#nextIndex < 8 || this.#byIndex.has(this.#nextIndex | dir));
    return this.#nextIndex | dir;
  }
}

export function keyOfPolicy(policy: Policy): PolicyKey {
  return { dir: policy.info.dir, sel: policy.info.sel, ifId: policy.ifId, mark: policy.mark };
}

function id(key: PolicyKey): string {
  return `${key.dir}/${key.ifId}/${key.mark.v}/${key.mark.m}/${encode(xfrmSelector, key.sel).toString('hex')}`;
}
