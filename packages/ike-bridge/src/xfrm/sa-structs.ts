// Structures that describe and name SAs (linux/xfrm.h).
import { xfrmLifetimeCfg, xfrmLifetimeCur, xfrmStats } from './lifetime-structs.js';
import { xfrmAddress, xfrmId, xfrmSelector } from './selector.js';
import { be16, be32, cString, struct, u8, u16, u32, type ValueOf } from './struct.js';

export const xfrmUsersaInfo = struct('xfrm_usersa_info', {
  sel: xfrmSelector,
  id: xfrmId,
  saddr: xfrmAddress,
  lft: xfrmLifetimeCfg,
  curlft: xfrmLifetimeCur,
  stats: xfrmStats,
  seq: u32,
  reqid: u32,
  family: u16,
  mode: u8,
  replay_window: u8,
  flags: u8,
});
export type XfrmUsersaInfo = ValueOf<typeof xfrmUsersaInfo>;

export const xfrmUsersaId = struct('xfrm_usersa_id', {
  daddr: xfrmAddress,
  spi: be32,
  family: u16,
  proto: u8,
});

export const xfrmUserspiInfo = struct('xfrm_userspi_info', { info: xfrmUsersaInfo, min: u32, max: u32 });

export const xfrmUsersaFlush = struct('xfrm_usersa_flush', { proto: u8 });

export const xfrmAeventId = struct('xfrm_aevent_id', {
  sa_id: xfrmUsersaId,
  saddr: xfrmAddress,
  flags: u32,
  reqid: u32,
});

/** Followed by the key. Lengths are in bits. */
export const xfrmAlgo = struct('xfrm_algo', { alg_name: cString(64), alg_key_len: u32 });
export const xfrmAlgoAuth = struct('xfrm_algo_auth', {
  alg_name: cString(64),
  alg_key_len: u32,
  alg_trunc_len: u32,
});
export const xfrmAlgoAead = struct('xfrm_algo_aead', {
  alg_name: cString(64),
  alg_key_len: u32,
  alg_icv_len: u32,
});

export const xfrmEncapTmpl = struct('xfrm_encap_tmpl', {
  encap_type: u16,
  encap_sport: be16,
  encap_dport: be16,
  encap_oa: xfrmAddress,
});

export const xfrmMark = struct('xfrm_mark', { v: u32, m: u32 });
export type XfrmMark = ValueOf<typeof xfrmMark>;
