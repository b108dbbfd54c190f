// A lease of DHCPv4 as the log has it (frame.ts): address u32, state u8, started f64, expires f64 (milliseconds; Infinity for
// ever), and texts with a u16 of their octets before each: vrf, client, mac, client id, host name, vendor class, circuit
// id, remote id, port, member. Records of before members were counted have none.
import { dhcpLeaseStates } from '@sluice/shared';
import type { Lease } from '../engine/lease.js';
import { HEADER_BYTES, newRecord, type ReadLog, readBodies, seal } from './frame.js';
import type { LeaseCodec } from './lease-log.js';

const FIXED_BYTES = 21;
/** Those that every record has. */
const TEXTS_MIN = 9;

const TEXTS = [
  'vrf',
  'client',
  'mac',
  'clientId',
  'hostName',
  'vendorClass',
  'circuitId',
  'remoteId',
  'port',
  'member',
] as const;

export function encodeRecord(lease: Lease): Buffer {
  let bodyBytes = FIXED_BYTES;
  for (const name of TEXTS) bodyBytes += 2 + Buffer.byteLength(lease[name]);
  const record = newRecord(bodyBytes);
  record.writeUInt32LE(lease.address, HEADER_BYTES);
  record[HEADER_BYTES + 4] = dhcpLeaseStates.indexOf(lease.state);
  record.writeDoubleLE(lease.startedMs, HEADER_BYTES + 5);
  record.writeDoubleLE(lease.expiresMs, HEADER_BYTES + 13);
  let at = HEADER_BYTES + FIXED_BYTES;
  for (const name of TEXTS) {
    const text = lease[name];
    const bytes = text === '' ? 0 : record.write(text, at + 2);
    record.writeUInt16LE(bytes, at);
    at += 2 + bytes;
  }
  return seal(record);
}

/** Gives each whole record to `each`, in order. */
export function readRecords(bytes: Buffer, from: number, each: (lease: Lease) => void): ReadLog {
  return readBodies(bytes, from, FIXED_BYTES + 2 * TEXTS_MIN, (body) => each(decodeBody(body)));
}

export const CODEC4: LeaseCodec<Lease> = {
  header: 'sluice leases 1\n',
  encode: encodeRecord,
  read: readRecords,
};

/** Its checksum holds, so it is as it was written. */
function decodeBody(body: Buffer): Lease {
  let at = FIXED_BYTES;
  const texts = TEXTS.map((name) => {
    if (at + 2 > body.length) return [name, ''] as const;
    const length = body.readUInt16LE(at);
    const text = body.toString('utf8', at + 2, at + 2 + length);
    at += 2 + length;
    return [name, text] as const;
  });
  return {
    ...(Object.fromEntries(texts) as Record<(typeof TEXTS)[number], string>),
    address: body.readUInt32LE(0),
    state: dhcpLeaseStates[body[4]!] ?? 'expired',
    startedMs: body.readDoubleLE(5),
    expiresMs: body.readDoubleLE(13),
  };
}
