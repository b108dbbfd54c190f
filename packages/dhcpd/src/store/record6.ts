// A lease of DHCPv6 as the log has it (frame.ts): its fields as JSON, with null for a lease that never ends.
import { dhcpLeaseStates } from '@sluice/shared';
import type { Lease6 } from '../engine6/lease6.js';
import { HEADER_BYTES, newRecord, type ReadLog, readBodies, seal } from './frame.js';
import type { LeaseCodec } from './lease-log.js';

/** Of an empty object. */
const BODY_BYTES_MIN = 2;

export const CODEC6: LeaseCodec<Lease6> = {
  header: 'sluice leases6 1\n',
  encode: ({ expiresMs, ...lease }) => {
    const fields = { ...lease, expiresMs: Number.isFinite(expiresMs) ? expiresMs : null };
    const body = Buffer.from(JSON.stringify(fields), 'utf8');
    const record = newRecord(body.length);
    record.set(body, HEADER_BYTES);
    return seal(record);
  },
  read: (bytes: Buffer, from: number, each: (lease: Lease6) => void): ReadLog =>
    readBodies(bytes, from, BODY_BYTES_MIN, (body) => each(decode(body))),
};

/** Its checksum holds, so it is as it was written. */
function decode(body: Buffer): Lease6 {
  const { expiresMs, state, ...fields } = JSON.parse(body.toString('utf8')) as Omit<Lease6, 'expiresMs'> & {
    expiresMs: number | null;
  };
  return {
    ...fields,
    state: dhcpLeaseStates.includes(state) ? state : 'expired',
    expiresMs: expiresMs ?? Number.POSITIVE_INFINITY,
  };
}
