// How large packets into a tunnel may be: its interface's MTU, and what its TCP connections are held to.
import type { TunnelSection } from '@sluice/shared';
import { innerMtu, type TunnelShape } from './tunnel-mtu.js';

/** MTU of a tunnel whose outer packets are fragmented, when the configuration says nothing: that of the LANs behind it. */
const MTU_AFTER = 1500;

export interface TunnelSize {
  /** Of the interface: what is longer is fragmented before encryption, or answered when it may not be. */
  mtu: number;
  /** Longest inner packet that needs no fragments at all. */
  whole: number;
}

/** DF of the outer packets of a tunnel, where its own section decides; null as the SA says. */
export function tunnelDf(tunnel: Pick<TunnelSection, 'df' | 'fragmentation'>): TunnelSection['df'] | null {
  return tunnel.df ?? (tunnel.fragmentation === 'after' ? 'clear' : null);
}

/**
 * @param outerMtu of the outer interface
 * @param pathMtu what ICMP has told of the path; null for nothing
 */
export function tunnelSize(
  tunnel: Pick<TunnelSection, 'mtu' | 'df' | 'fragmentation'>,
  outerMtu: number,
  pathMtu: number | null,
  shape: TunnelShape,
): TunnelSize {
  const fits = innerMtu(Math.min(outerMtu, pathMtu ?? outerMtu), shape);
  const after = tunnel.fragmentation === 'after';
  const configured = tunnel.mtu ?? (after ? MTU_AFTER : fits);
  // Outer packets without DF are fragmented on the way, wherever it is narrow; routers do not cut IPv6.
  const family = shape.sa?.family ?? shape.family ?? 4;
  const cutOnTheWay = after && family === 4 && tunnelDf(tunnel) === 'clear';
  const mtu = pathMtu === null || cutOnTheWay ? configured : Math.min(configured, fits);
  return { mtu, whole: Math.min(mtu, fits) };
}
