// IKE connections, in the terms of RFC 7296 and of strongSwan's swanctl.conf.
import { z } from 'zod';
import { interfaceName, ip4Address, ip4Prefix, name } from './values.js';

/** What the data plane can decrypt and encrypt, in strongSwan's notation, each with an optional key exchange. */
const ESP_PROPOSAL =
  /^aes(128|256)gcm16(-(x25519|curve25519|ecp256|ecp384|ecp521|modp2048|modp3072|modp4096))?(-(no)?esn)?$/;
const IKE_PROPOSAL = /^[a-z0-9]+(-[a-z0-9]+)+$/;

const espProposal = z
  .string()
  .regex(
    ESP_PROPOSAL,
    'must be aes128gcm16 or aes256gcm16, then a key exchange for PFS such as -x25519 or -ecp384',
  );

const endpoint = z.strictObject({
  address: ip4Address,
  id: z.string().min(1).max(255).optional().describe('IKE identity; left out, the address.'),
});

/** A secret is a reference, never the secret: configurations are shown, compared and stored. */
const secretReference = z.strictObject({
  file: z
    .string()
    .regex(/^\//, 'must be an absolute path to a file that only its owner can read')
    .describe('File that holds the pre-shared key; a trailing newline is not part of it.'),
});

const lifetime = {
  rekey_time_s: z
    .int()
    .min(10)
    .max(86_400 * 30),
};

export const childSection = z.strictObject({
  name,
  tunnel: interfaceName.describe('The tunnel interface that its SAs serve.'),
  local_ts: z.array(ip4Prefix).min(1).default(['0.0.0.0/0']),
  remote_ts: z.array(ip4Prefix).min(1).default(['0.0.0.0/0']),
  esp_proposals: z.array(espProposal).min(1).default(['aes256gcm16-x25519', 'aes128gcm16-x25519']),
  rekey_time_s: lifetime.rekey_time_s.default(3600),
  rekey_bytes: z
    .int()
    .min(1 << 20)
    .optional(),
  rekey_packets: z.int().min(1000).optional(),
  replay_window: z
    .union([z.literal(32), z.literal(64), z.literal(128), z.literal(256), z.literal(512), z.literal(1024)])
    .default(256),
});

export const connectionSection = z.strictObject({
  name,
  version: z.literal(2).default(2),
  local: endpoint,
  remote: endpoint,
  psk: secretReference,
  start: z
    .enum(['initiate', 'respond'])
    .default('initiate')
    .describe('initiate: connect at once and stay connected; respond: wait for the peer.'),
  force_udp_encapsulation: z.boolean().default(false).describe('ESP in UDP even where no NAT is seen.'),
  proposals: z
    .array(
      z
        .string()
        .regex(IKE_PROPOSAL, 'must be algorithms joined by "-", such as aes256gcm16-prfsha384-ecp384'),
    )
    .min(1)
    .default(['aes256gcm16-prfsha384-x25519', 'aes128gcm16-prfsha256-x25519']),
  rekey_time_s: lifetime.rekey_time_s.default(14_400),
  dpd_delay_s: z.int().min(0).max(3600).default(10).describe('0 switches dead peer detection off.'),
  children: z.array(childSection).min(1),
});

export const ikeSection = z.strictObject({
  connections: z.array(connectionSection).default([]),
});

export type ConnectionSection = z.output<typeof connectionSection>;
export type ChildSection = z.output<typeof childSection>;
