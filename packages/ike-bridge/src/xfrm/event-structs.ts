// Structures that the kernel multicasts (linux/xfrm.h).
import { xfrmUserpolicyInfo } from './policy-structs.js';
import { xfrmUsersaId, xfrmUsersaInfo } from './sa-structs.js';
import { xfrmAddress, xfrmId, xfrmSelector } from './selector.js';
import { be16, struct, u8, u32 } from './struct.js';

export const xfrmUserExpire = struct('xfrm_user_expire', { state: xfrmUsersaInfo, hard: u8 });

export const xfrmUserAcquire = struct('xfrm_user_acquire', {
  id: xfrmId,
  saddr: xfrmAddress,
  sel: xfrmSelector,
  policy: xfrmUserpolicyInfo,
  aalgos: u32,
  ealgos: u32,
  calgos: u32,
  seq: u32,
});

export const xfrmUserMapping = struct('xfrm_user_mapping', {
  id: xfrmUsersaId,
  reqid: u32,
  old_saddr: xfrmAddress,
  new_saddr: xfrmAddress,
  old_sport: be16,
  new_sport: be16,
});
