// What SAs and tunnels are to each other: whose SAs they are, and how much packets grow by them.
import type { SaEvent } from '@sluice/shared';
import type { EspTransform } from '../tables/esp-algorithms.js';

export interface TunnelBinding {
  row: number;
  name: string;
  outerVrf: number;
  /** What its SAs must be: of tunnel mode for 'ipsec', else of transport mode. */
  kind: 'ipsec' | 'gre' | 'ipip';
  /** DF of its outer packets; null as the SA says. */
  df: 'copy' | 'set' | 'clear' | null;
}

/** Of an SA: all that says how much longer a packet gets by it. */
export interface SaSizing {
  transform: EspTransform;
  /** Of the outer addresses. */
  family: 4 | 6;
  /** In UDP, behind a NAT. */
  udp: boolean;
}

export interface SaPort {
  workers: number;
  /** The tunnel of an interface id, if the configuration has one. */
  tunnel(ifId: number): TunnelBinding | undefined;
  /** Told of the address that a tunnel's SAs leave from. */
  leavesFrom(tunnelRow: number, address: number): void;
  /** Told that the tunnel of an interface id has another SA, so that its packets grow by more or less than before. */
  resized(ifId: number): void;
  publish(event: SaEvent): void;
}
