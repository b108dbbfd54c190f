// Structures of the SPD (linux/xfrm.h).
import { xfrmLifetimeCfg, xfrmLifetimeCur } from './lifetime-structs.js';
import { xfrmAddress, xfrmId, xfrmSelector } from './selector.js';
import { struct, u8, u16, u32, type ValueOf } from './struct.js';

export const xfrmUserTmpl = struct('xfrm_user_tmpl', {
  id: xfrmId,
  family: u16,
  saddr: xfrmAddress,
  reqid: u32,
  mode: u8,
  share: u8,
  optional: u8,
  aalgos: u32,
  ealgos: u32,
  calgos: u32,
});
export type XfrmUserTmpl = ValueOf<typeof xfrmUserTmpl>;

export const xfrmUserpolicyInfo = struct('xfrm_userpolicy_info', {
  sel: xfrmSelector,
  lft: xfrmLifetimeCfg,
  curlft: xfrmLifetimeCur,
  priority: u32,
  index: u32,
  dir: u8,
  action: u8,
  flags: u8,
  share: u8,
});
export type XfrmUserpolicyInfo = ValueOf<typeof xfrmUserpolicyInfo>;

export const xfrmUserpolicyId = struct('xfrm_userpolicy_id', { sel: xfrmSelector, index: u32, dir: u8 });

export const xfrmUserMigrate = struct('xfrm_user_migrate', {
  old_daddr: xfrmAddress,
  old_saddr: xfrmAddress,
  new_daddr: xfrmAddress,
  new_saddr: xfrmAddress,
  proto: u8,
  mode: u8,
  reserved: u16,
  reqid: u32,
  old_family: u16,
  new_family: u16,
});

export const xfrmuSpdinfo = struct('xfrmu_spdinfo', {
  incnt: u32,
  outcnt: u32,
  fwdcnt: u32,
  inscnt: u32,
  outscnt: u32,
  fwdscnt: u32,
});
export const xfrmuSpdhinfo = struct('xfrmu_spdhinfo', { spdhcnt: u32, spdhmcnt: u32 });
export const xfrmuSpdhthresh = struct('xfrmu_spdhthresh', { lbits: u8, rbits: u8 });
export const xfrmuSadhinfo = struct('xfrmu_sadhinfo', { sadhcnt: u32, sadhmcnt: u32 });
