import type { TunnelVariant } from './site.js';

/** SAs of AES-GCM that packets of every length are sealed and opened by, with what a test's title says of them. */
export const GCM_VARIANTS: readonly (readonly [string, TunnelVariant])[] = [
  ['AES-128', {}],
  ['AES-256', { key: 32 }],
  ['AES-128, in UDP', { udp: true }],
  ['AES-128, ESN', { esn: true }],
  ['AES-256, ESN, in UDP', { key: 32, esn: true, udp: true }],
  ['AES-128, ICV of 8 octets', { icvBytes: 8 }],
  ['AES-128, ICV of 12 octets', { icvBytes: 12 }],
];
