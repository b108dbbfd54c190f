// Limits, current figures and replay state (linux/xfrm.h).
import type { SaLifetime } from '@sluice/shared';
import { struct, u32, u64, type ValueOf } from './struct.js';

export const xfrmLifetimeCfg = struct('xfrm_lifetime_cfg', {
  soft_byte_limit: u64,
  hard_byte_limit: u64,
  soft_packet_limit: u64,
  hard_packet_limit: u64,
  soft_add_expires_seconds: u64,
  hard_add_expires_seconds: u64,
  soft_use_expires_seconds: u64,
  hard_use_expires_seconds: u64,
});
export type XfrmLifetimeCfg = ValueOf<typeof xfrmLifetimeCfg>;

/** Times are seconds since 1970. */
export const xfrmLifetimeCur = struct('xfrm_lifetime_cur', {
  bytes: u64,
  packets: u64,
  add_time: u64,
  use_time: u64,
});
export type XfrmLifetimeCur = ValueOf<typeof xfrmLifetimeCur>;

export const xfrmStats = struct('xfrm_stats', { replay_window: u32, replay: u32, integrity_failed: u32 });

export const xfrmReplayState = struct('xfrm_replay_state', { oseq: u32, seq: u32, bitmap: u32 });

/** Followed by bmp_len words of bitmap. */
export const xfrmReplayStateEsn = struct('xfrm_replay_state_esn', {
  bmp_len: u32,
  oseq: u32,
  seq: u32,
  oseq_hi: u32,
  seq_hi: u32,
  replay_window: u32,
});

/** XFRM_INF and zero are both "no limit" here; the kernel takes a limit of zero octets literally, which nobody wants. */
function limitOf(value: number): number | null {
  return value === 0 || !Number.isFinite(value) ? null : value;
}

export function lifetimeOf(cfg: XfrmLifetimeCfg): SaLifetime {
  return {
    soft_bytes: limitOf(cfg.soft_byte_limit),
    hard_bytes: limitOf(cfg.hard_byte_limit),
    soft_packets: limitOf(cfg.soft_packet_limit),
    hard_packets: limitOf(cfg.hard_packet_limit),
    soft_add_s: limitOf(cfg.soft_add_expires_seconds),
    hard_add_s: limitOf(cfg.hard_add_expires_seconds),
    soft_use_s: limitOf(cfg.soft_use_expires_seconds),
    hard_use_s: limitOf(cfg.hard_use_expires_seconds),
  };
}

export function lifetimeCfgOf(lifetime: SaLifetime): XfrmLifetimeCfg {
  const count = (value: number | null): number => value ?? Number.POSITIVE_INFINITY;
  const seconds = (value: number | null): number => value ?? 0;
  return {
    soft_byte_limit: count(lifetime.soft_bytes),
    hard_byte_limit: count(lifetime.hard_bytes),
    soft_packet_limit: count(lifetime.soft_packets),
    hard_packet_limit: count(lifetime.hard_packets),
    soft_add_expires_seconds: seconds(lifetime.soft_add_s),
    hard_add_expires_seconds: seconds(lifetime.hard_add_s),
    soft_use_expires_seconds: seconds(lifetime.soft_use_s),
    hard_use_expires_seconds: seconds(lifetime.hard_use_s),
  };
}
