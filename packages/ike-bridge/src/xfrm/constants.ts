// Numbers of linux/netlink.h, linux/xfrm.h and asm-generic/errno.h, by their names there.
import { constants } from 'node:os';

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;

export const NLM_F_REQUEST = 0x1;
export const NLM_F_MULTI = 0x2;
export const NLM_F_ACK = 0x4;
export const NLM_F_REPLACE = 0x100;
/** NLM_F_ROOT | NLM_F_MATCH */
export const NLM_F_DUMP = 0x300;

export const XFRM_MSG = {
  NEWSA: 0x10,
  DELSA: 0x11,
  GETSA: 0x12,
  NEWPOLICY: 0x13,
  DELPOLICY: 0x14,
  GETPOLICY: 0x15,
  ALLOCSPI: 0x16,
  ACQUIRE: 0x17,
  EXPIRE: 0x18,
  UPDPOLICY: 0x19,
  UPDSA: 0x1a,
  POLEXPIRE: 0x1b,
  FLUSHSA: 0x1c,
  FLUSHPOLICY: 0x1d,
  NEWAE: 0x1e,
  GETAE: 0x1f,
  REPORT: 0x20,
  MIGRATE: 0x21,
  NEWSADINFO: 0x22,
  GETSADINFO: 0x23,
  NEWSPDINFO: 0x24,
  GETSPDINFO: 0x25,
  MAPPING: 0x26,
} as const;

export const XFRMA = {
  ALG_AUTH: 1,
  ALG_CRYPT: 2,
  ALG_COMP: 3,
  ENCAP: 4,
  TMPL: 5,
  LTIME_VAL: 9,
  REPLAY_VAL: 10,
  LASTUSED: 15,
  POLICY_TYPE: 16,
  MIGRATE: 17,
  ALG_AEAD: 18,
  KMADDRESS: 19,
  ALG_AUTH_TRUNC: 20,
  MARK: 21,
  TFCPAD: 22,
  REPLAY_ESN_VAL: 23,
  SA_EXTRA_FLAGS: 24,
  IF_ID: 31,
} as const;

/** enum xfrm_sadattr_type_t and xfrm_spdattr_type_t */
export const XFRMA_SAD_CNT = 1;
export const XFRMA_SAD_HINFO = 2;
export const XFRMA_SPD_INFO = 1;
export const XFRMA_SPD_HINFO = 2;
export const XFRMA_SPD_IPV4_HTHRESH = 3;
export const XFRMA_SPD_IPV6_HTHRESH = 4;

/** Bits of the mask that a socket is bound to: 1 << (XFRMNLGRP_x - 1). */
export const GROUP = { ACQUIRE: 0x1, EXPIRE: 0x2, MIGRATE: 0x40, MAPPING: 0x80 } as const;

export const XFRM_MODE_TRANSPORT = 0;
export const XFRM_MODE_TUNNEL = 1;
export const XFRM_STATE_NOECN = 1;
export const XFRM_STATE_DECAP_DSCP = 2;
export const XFRM_STATE_NOPMTUDISC = 4;
export const XFRM_STATE_AF_UNSPEC = 32;
export const XFRM_STATE_ESN = 128;
export const XFRM_SA_XFLAG_DONT_ENCAP_DSCP = 1;
export const XFRM_POLICY_IN = 0;
export const XFRM_POLICY_OUT = 1;
export const XFRM_POLICY_FWD = 2;
export const XFRM_AE_RVAL = 2;
export const XFRM_AE_LVAL = 4;
export const UDP_ENCAP_ESPINUDP = 2;
export const XFRMA_REPLAY_ESN_MAX = 4096;

export const AF_INET = 2;
export const AF_INET6 = 10;
export const IPPROTO_ESP = 50;

export const { EEXIST, EINVAL, EIO, ENOENT, ESRCH, ENOSYS, EAFNOSUPPORT, EPROTONOSUPPORT, EOPNOTSUPP } =
  constants.errno;

/** First message of a connection of the preloaded library (native/redirect-protocol.h). */
export const REDIRECT_MSG_BIND = 0xfff0;
export const REDIRECT_MESSAGE_MAX = 65_536;

export function messageName(type: number): string {
  const found = Object.entries(XFRM_MSG).find(([, value]) => value === type);
  return found === undefined ? `type ${type}` : `XFRM_MSG_${found[0]}`;
}
