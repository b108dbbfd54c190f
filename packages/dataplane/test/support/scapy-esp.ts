// scapy's IPsec layer, which shares nothing with the data plane's.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { EspCipher, EspIntegrity } from '../../src/tables/esp-algorithms.js';
import { type EspSa, espKeyOf } from './esp.js';
import { hex } from './packets.js';

const script = fileURLToPath(new URL('../../../test/support/scapy-esp.py', import.meta.url));

/** scapy's names; it has no AES-GMAC. */
const CIPHERS: Partial<Record<EspCipher, string>> = {
  'aes-gcm': 'AES-GCM',
  'aes-cbc': 'AES-CBC',
  'aes-ctr': 'AES-CTR',
  'chacha20-poly1305': 'CHACHA20-POLY1305',
  null: 'NULL',
};
const INTEGRITIES: Record<EspIntegrity, string> = {
  none: 'NULL',
  'hmac-sha1': 'HMAC-SHA1-96',
  'hmac-sha2-256': 'SHA2-256-128',
  'hmac-sha2-384': 'SHA2-384-192',
  'hmac-sha2-512': 'SHA2-512-256',
};

export interface ScapyJob {
  op: 'seal' | 'open';
  sa: EspSa;
  src: string;
  dst: string;
  tunnel: boolean;
  udp: boolean;
  /** The number's high half, with ESN. */
  high: number;
  seq: number;
  packet: Uint8Array;
}

/** True when scapy has the SA's algorithms: AEADs with ICVs of 16 octets; ESN it authenticates right with AEADs only. */
export function scapyHas(sa: EspSa): boolean {
  if (CIPHERS[sa.cipher ?? 'aes-gcm'] === undefined) return false;
  return (sa.integrity ?? 'none') === 'none' ? sa.icvBytes === 16 : !sa.esn;
}

/** Has scapy do all jobs in one process. */
export async function scapy(jobs: readonly ScapyJob[]): Promise<Uint8Array[]> {
  let stdout = '';
  let stderr = '';
  const child = execFile('/usr/bin/python3', [script], { maxBuffer: 64 << 20 });
  child.stdout?.on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.on('data', (text: string) => {
    stderr += text;
  });
  child.stdin?.end(JSON.stringify(jobs.map(wordsOf)));
  const [code] = await once(child, 'close');
  assert.equal(code, 0, stderr);
  return (JSON.parse(stdout) as string[]).map((text) => new Uint8Array(Buffer.from(text, 'hex')));
}

function wordsOf({ sa, packet, high, ...job }: ScapyJob): object {
  const key = espKeyOf(sa);
  return {
    ...job,
    spi: sa.spi,
    crypt: CIPHERS[key.cipher],
    crypt_key: hex(key.key),
    icv: key.integrity === 'none' ? key.icvBytes : 0,
    auth: INTEGRITIES[key.integrity],
    auth_key: hex(key.integrityKey),
    esn_en: sa.esn,
    high: sa.esn ? high : 0,
    packet: hex(packet),
  };
}
