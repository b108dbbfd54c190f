// The frames of a pcap file of Ethernet, as tcpdump writes it on this machine (pcap-savefile(5)).
import { readFileSync } from 'node:fs';

export const ETHERNET_HEADER = 14;

/** The file's header, and a record's: seconds, microseconds, octets kept, octets in all. */
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const RECORD_KEPT = 8;
const MAGIC_LITTLE_ENDIAN = 0xa1b2c3d4;

/** What is kept of each frame. A last one that is still being written is left out. */
export function* framesOf(path: string): Generator<Buffer> {
  const file = readFileSync(path);
  if (file.readUInt32LE(0) !== MAGIC_LITTLE_ENDIAN)
    throw new Error(`${path} is no pcap file of this machine's byte order`);
  for (let at = FILE_HEADER; at + RECORD_HEADER <= file.length; ) {
    const frame = at + RECORD_HEADER;
    at = frame + file.readUInt32LE(at + RECORD_KEPT);
    if (at <= file.length) yield file.subarray(frame, at);
  }
}
