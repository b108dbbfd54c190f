// Requests as charon makes them, and SAs to make them of.
import type { SaSpec, TrafficSelector } from '@sluice/shared';
import { NLM_F_ACK, NLM_F_REQUEST, NLMSG_ERROR, XFRM_MSG, XFRMA } from '../../src/xfrm/constants.js';
import { encodePayload, type Message } from '../../src/xfrm/netlink.js';
import { xfrmUserpolicyInfo, xfrmUserTmpl } from '../../src/xfrm/policy-structs.js';
import { encodeSa } from '../../src/xfrm/sa-encode.js';
import type { SaEntry } from '../../src/xfrm/sa-entry.js';
import { entryOfSpec } from '../../src/xfrm/sa-spec.js';
import { xfrmUsersaId, xfrmUsersaInfo, xfrmUserspiInfo } from '../../src/xfrm/sa-structs.js';
import { ANY_TRAFFIC, addressFamily, addressToXfrm, selectorOf } from '../../src/xfrm/selector.js';
import { encode, u32 } from '../../src/xfrm/struct.js';
import type { Xfrm } from '../../src/xfrm/xfrm.js';
import { ZERO } from './memory-sink.js';

export const NOW = 1_700_000_000_000;
export const LOCAL = '192.0.2.1';
export const PEER = '192.0.2.2';
export const LOCAL6 = '2001:db8::1';
export const PEER6 = '2001:db8::2';

export const UNLIMITED: SaSpec['lifetime'] = {
  soft_bytes: null,
  hard_bytes: null,
  soft_packets: null,
  hard_packets: null,
  soft_add_s: null,
  hard_add_s: null,
  soft_use_s: null,
  hard_use_s: null,
};

export function spec(over: Partial<SaSpec> = {}): SaSpec {
  return {
    dst: PEER,
    spi: 0xc0000001,
    direction: 'out',
    src: LOCAL,
    if_id: 42,
    reqid: 1,
    encap: null,
    crypto: {
      cipher: 'aes-gcm',
      key_hex: 'ab'.repeat(36),
      integrity: 'none',
      integrity_key_hex: '',
      icv_bytes: 16,
    },
    esn: false,
    replay_window: 0,
    lifetime: UNLIMITED,
    added_at_ms: NOW,
    mode: 'tunnel',
    selectors: null,
    dscp: 'copy',
    ecn: true,
    df: 'clear',
    ...over,
  };
}

export function request(type: number, payload: Buffer, flags = NLM_F_REQUEST | NLM_F_ACK): Message {
  return { type, flags, seq: 201, pid: 4711, payload };
}

/** The errno that a request is answered with; 0 for success. */
export async function errnoOf(xfrm: Xfrm, message: Message): Promise<number> {
  const last = (await xfrm.handle(message)).at(-1);
  return last?.type === NLMSG_ERROR ? -last.payload.readInt32LE(0) || 0 : 0;
}

export function saRequest(type: number, sa: SaSpec, change: (entry: SaEntry) => void = () => {}): Message {
  const entry = entryOfSpec(sa, ZERO);
  change(entry);
  return request(type, encodeSa(entry));
}

export function allocate(min = 0xc0000000, max = 0xcfffffff, dst = LOCAL): Message {
  const info = xfrmUsersaInfo.read(Buffer.alloc(xfrmUsersaInfo.size), 0);
  const body = encode(xfrmUserspiInfo, {
    info: {
      ...info,
      id: { daddr: addressToXfrm(dst), spi: 0, proto: 50 },
      saddr: addressToXfrm(dst.includes(':') ? PEER6 : PEER),
      family: addressFamily(dst),
      mode: 1,
    },
    min,
    max,
  });
  return request(XFRM_MSG.ALLOCSPI, body, NLM_F_REQUEST);
}

/** The SPI of an answer to ALLOCSPI or GETSA. */
export function spiIn(answer: Message | undefined): number {
  if (answer?.type !== XFRM_MSG.NEWSA) throw new Error('not answered by an SA');
  return xfrmUsersaInfo.read(answer.payload, 0).id.spi;
}

export function byId(type: number, dst: string, spi: number, flags = NLM_F_REQUEST | NLM_F_ACK): Message {
  return request(
    type,
    encode(xfrmUsersaId, { daddr: addressToXfrm(dst), spi, family: addressFamily(dst), proto: 50 }),
    flags,
  );
}

export function policyRequest(
  type: number,
  over: { dir?: number; ifId?: number; reqid?: number; priority?: number } & Partial<TrafficSelector> = {},
): Message {
  const { dir = 1, ifId = 42, reqid = 1, priority = 399_999, ...selector } = over;
  const info = xfrmUserpolicyInfo.read(Buffer.alloc(xfrmUserpolicyInfo.size), 0);
  const template = xfrmUserTmpl.read(Buffer.alloc(xfrmUserTmpl.size), 0);
  const [from, to] = dir === 1 ? [LOCAL, PEER] : [PEER, LOCAL];
  const body = encode(xfrmUserpolicyInfo, {
    ...info,
    sel: selectorOf({ ...ANY_TRAFFIC, src: '0.0.0.0/0', dst: '0.0.0.0/0', ...selector }),
    dir,
    priority,
  });
  const value = encode(xfrmUserTmpl, {
    ...template,
    id: { daddr: addressToXfrm(to), spi: 0, proto: 50 },
    saddr: addressToXfrm(from),
    family: 2,
    reqid,
    mode: 1,
  });
  return request(
    type,
    encodePayload(body, [
      { type: XFRMA.TMPL, value },
      { type: XFRMA.IF_ID, value: encode(u32, ifId) },
    ]),
  );
}
