// A bench's tunnel in the terms of the contract: what the control side would have been given.
import type { SaSpec, TunnelSection } from '@sluice/shared';
import type { BenchTunnel } from './bench-tables.js';
import { type EspSa, espKeyOf } from './esp.js';
import { hex } from './packets.js';

const UNLIMITED = {
  soft_bytes: null,
  hard_bytes: null,
  soft_packets: null,
  hard_packets: null,
  soft_add_s: null,
  hard_add_s: null,
  soft_use_s: null,
  hard_use_s: null,
};

export function saSpecOf(tunnel: BenchTunnel, sa: EspSa, inbound: boolean): SaSpec {
  const { local, remote, udp } = tunnel;
  const { cipher, key, integrity, integrityKey, icvBytes } = espKeyOf(sa);
  const encap = inbound ? [udp?.remote, udp?.local] : [udp?.local, udp?.remote];
  return {
    spi: sa.spi,
    direction: inbound ? 'in' : 'out',
    src: inbound ? remote : local,
    dst: inbound ? local : remote,
    if_id: 1,
    reqid: 1,
    encap: udp === undefined ? null : { src_port: encap[0]!, dst_port: encap[1]! },
    crypto: {
      cipher,
      key_hex: hex(key),
      integrity,
      integrity_key_hex: hex(integrityKey),
      icv_bytes: icvBytes as SaSpec['crypto']['icv_bytes'],
    },
    mode: 'tunnel',
    esn: sa.esn,
    replay_window: tunnel.window ?? 64,
    lifetime: UNLIMITED,
    added_at_ms: 0,
    selectors: null,
    dscp: inbound ? 'keep' : 'copy',
    ecn: true,
    df: 'clear',
    ...tunnel.spec,
  };
}

export function sectionOf(tunnel: BenchTunnel): TunnelSection {
  const ends = tunnel.section?.kind === undefined ? {} : { local: tunnel.local, remote: tunnel.remote };
  const base = { name: tunnel.name, vrf: 'default', outer_vrf: 'default', enabled: true, addresses: [] };
  return { ...base, ...ends, ...tunnel.section };
}
