// Security associations of cases: installed in the data plane, and known to expressions by name.
import { randomBytes } from 'node:crypto';
import type { EspCrypto, SaSpec, TrafficSelector } from '@sluice/shared';

/** What a case says of an SA; the rest is the topology's. */
export type SaFields = Partial<Omit<SaSpec, 'crypto' | 'lifetime'>> & { crypto?: EspCrypto };

const UNLIMITED: SaSpec['lifetime'] = {
  soft_bytes: null,
  hard_bytes: null,
  soft_packets: null,
  hard_packets: null,
  soft_add_s: null,
  hard_add_s: null,
  soft_use_s: null,
  hard_use_s: null,
};

/** Octets of salt or nonce behind the key, as XFRM carries it. */
const SALT: Partial<Record<EspCrypto['cipher'], number>> = {
  'aes-gcm': 4,
  'aes-gmac': 4,
  'aes-ctr': 4,
  'chacha20-poly1305': 4,
};

const HASH_BYTES: Record<EspCrypto['integrity'], number> = {
  none: 0,
  'hmac-sha1': 20,
  'hmac-sha2-256': 32,
  'hmac-sha2-384': 48,
  'hmac-sha2-512': 64,
};

/** Algorithms with keys of their own. `keyBytes` without salt. */
export function crypto(
  cipher: EspCrypto['cipher'],
  keyBytes: number,
  icvBytes: number,
  integrity: EspCrypto['integrity'] = 'none',
): EspCrypto {
  return {
    cipher,
    key_hex: randomBytes(keyBytes + (SALT[cipher] ?? 0)).toString('hex'),
    integrity,
    integrity_key_hex: randomBytes(HASH_BYTES[integrity]).toString('hex'),
    icv_bytes: icvBytes as EspCrypto['icv_bytes'],
  };
}

let spis = 0x1000;

/** An SA with an SPI and keys of its own. */
export function saSpec(fields: SaFields & Pick<SaSpec, 'direction' | 'src' | 'dst' | 'if_id'>): SaSpec {
  return {
    spi: spis++,
    reqid: 1,
    encap: null,
    crypto: crypto('aes-gcm', 16, 16),
    mode: 'tunnel',
    esn: false,
    replay_window: 64,
    lifetime: UNLIMITED,
    added_at_ms: Date.now(),
    selectors: null,
    // As strongSwan has it by default: out, and not back in.
    dscp: fields.direction === 'out' ? 'copy' : 'keep',
    ecn: true,
    df: 'copy',
    ...fields,
  };
}

/** A selector of all ports. */
export function selector(src: string, dst: string, protocol = 0): TrafficSelector {
  return { src, dst, protocol, src_ports: [0, 65535], dst_ports: [0, 65535] };
}
