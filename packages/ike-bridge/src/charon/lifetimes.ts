// When SAs are rekeyed, and how much longer they may live if the rekeying does not get through.
import { type ChildSection, childAlwaysEsn } from '@sluice/shared';

/** Retransmissions go on for 29 s (strongswan-conf.ts); twice that lets a rekeying survive an outage. */
const MARGIN_MIN_S = 60;
/** At 10 Gbit/s the bytes of 0.2 s: what passes while a rekeying takes a few round trips. */
const MARGIN_MIN_BYTES = 256 * 1024 * 1024;
/** The packets of 0.2 s at 5 Mpps. */
const MARGIN_MIN_PACKETS = 1_000_000;

/** RFC 4303 section 3.3.3: without ESN the sequence number must not cycle past 2^32 - 1. */
const SEQUENCE_MAX = 0xffffffff;
/** Rekeyed at three quarters of the sequence numbers, so that the rest is there for the rekeying. */
const REKEY_PACKETS_WITHOUT_ESN = 3 * 2 ** 30;
/** charon takes 15 digits, about a petabyte: beyond that it is no limit. */
const DIGITS_MAX = 999_999_999_999_999;

/** IKE_SA, in seconds. `rand_time` spreads the rekeyings of many SAs that came up together. */
export function ikeLifetime(rekeyTimeS: number): Record<string, number> {
  return {
    rekey_time: rekeyTimeS,
    over_time: Math.max(Math.floor(rekeyTimeS / 10), MARGIN_MIN_S),
    rand_time: Math.floor(rekeyTimeS / 10),
    // A pre-shared key does not expire: authenticating again would only risk the tunnel.
    reauth_time: 0,
  };
}

/** CHILD_SA, in seconds, bytes and packets, as swanctl.conf names them. */
export function childLifetime(child: ChildSection): Record<string, number> {
  const lifetime: Record<string, number> = {
    rekey_time: child.rekey_time_s,
    life_time: child.rekey_time_s + Math.max(Math.floor(child.rekey_time_s / 10), MARGIN_MIN_S),
    rand_time: Math.floor(child.rekey_time_s / 10),
  };
  if (child.rekey_bytes !== undefined) {
    const bytes = Math.min(child.rekey_bytes, DIGITS_MAX);
    lifetime.rekey_bytes = bytes;
    lifetime.life_bytes = Math.min(bytes + Math.max(Math.floor(bytes / 4), MARGIN_MIN_BYTES), DIGITS_MAX);
    lifetime.rand_bytes = Math.floor(bytes / 10);
  }
  const extended = childAlwaysEsn(child);
  const rekeyMax = extended ? DIGITS_MAX : REKEY_PACKETS_WITHOUT_ESN;
  const lifeMax = extended ? DIGITS_MAX : SEQUENCE_MAX;
  const packets = extended ? child.rekey_packets : Math.min(child.rekey_packets ?? rekeyMax, rekeyMax);
  if (packets !== undefined) {
    const bounded = Math.min(packets, rekeyMax);
    lifetime.rekey_packets = bounded;
    lifetime.life_packets = Math.min(
      bounded + Math.max(Math.floor(bounded / 4), MARGIN_MIN_PACKETS),
      lifeMax,
    );
    lifetime.rand_packets = Math.floor(bounded / 10);
  }
  return lifetime;
}
