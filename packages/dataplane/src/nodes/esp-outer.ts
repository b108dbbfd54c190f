// The outer headers of what esp-encrypt has sealed: IPv4 or IPv6, and UDP (RFC 3948) where the SA has ports.
import {
  FLAG_LOCAL_ORIGIN,
  FLAG_NESTED,
  FLAG_TRACE,
  FLAGS_NESTED,
  type PacketPool,
} from '../memory/packet-pool.js';
import {
  SA_DST,
  SA_FAMILY,
  SA_ICV_BYTES,
  SA_IP_ID,
  SA_IV_BYTES,
  SA_OUTER_VRF,
  SA_SRC,
  SA_UDP_DST,
  SA_UDP_SRC,
} from '../tables/security-associations.js';
import { sumBytes } from '../wire/checksum.js';
import { ESP_HEADER_BYTES } from '../wire/esp.js';
import {
  headerBytes,
  IP4_BYTES,
  IP4_PROTOCOL,
  IP4_TOTAL_LENGTH,
  PROTOCOL_ESP,
  PROTOCOL_UDP,
  setHeaderChecksum,
  writeIp4Header,
  writeU16,
} from '../wire/ip4.js';
import { IP6_BYTES, IP6_NEXT_HEADER, IP6_PAYLOAD_LENGTH, IP6_SRC, writeIp6Header } from '../wire/ip6.js';
import { UDP_BYTES, UDP_CHECKSUM, UDP_DST, UDP_LENGTH, UDP_SRC } from '../wire/udp.js';

/** Tunnel mode: new headers before the ESP packet of `sealed` octets whose payload begins at l3. */
export function wrapEsp(
  pool: PacketPool,
  packet: number,
  words: Int32Array,
  at: number,
  sealed: number,
  trafficClass: number,
  df: number,
  flow: number,
): void {
  const { i32 } = pool;
  const head = ESP_HEADER_BYTES + words[at + SA_IV_BYTES]!;
  const esp = pool.l3[packet]! - head;
  const espBytes = head + sealed + words[at + SA_ICV_BYTES]!;
  const udp = words[at + SA_UDP_DST] === 0 ? 0 : UDP_BYTES;
  const protocol = udp === 0 ? PROTOCOL_ESP : PROTOCOL_UDP;
  const size = udp + espBytes;
  let outer = esp - udp;
  if (words[at + SA_FAMILY] === 4) {
    outer -= IP4_BYTES;
    const id = words[at + SA_IP_ID]!;
    words[at + SA_IP_ID] = (id + 1) & 0xffff;
    const src = words[at + SA_SRC]!;
    const dst = words[at + SA_DST]!;
    writeIp4Header(i32, outer, IP4_BYTES + size, id, df, trafficClass, protocol, src, dst);
  } else {
    outer -= IP6_BYTES;
    writeIp6Header(i32, outer, size, trafficClass, flow, protocol, words, at + SA_SRC, at + SA_DST);
  }
  if (udp !== 0) writeUdp(pool, words, at, outer, esp, espBytes);
  own(pool, packet, words, at, outer, esp + espBytes - outer);
}

/**
 * Transport mode: completes the IP header that stands right before the ESP header, `payload` being where what was
 * sealed begins.
 */
export function insertEsp(
  pool: PacketPool,
  packet: number,
  words: Int32Array,
  at: number,
  payload: number,
  sealed: number,
): void {
  const { bytes, u16 } = pool;
  const head = ESP_HEADER_BYTES + words[at + SA_IV_BYTES]!;
  const esp = payload - head;
  const espBytes = head + sealed + words[at + SA_ICV_BYTES]!;
  const udp = words[at + SA_UDP_DST] === 0 ? 0 : UDP_BYTES;
  const protocol = udp === 0 ? PROTOCOL_ESP : PROTOCOL_UDP;
  let outer = pool.l3[packet]! - head;
  if (udp !== 0) {
    bytes.copyWithin(outer - udp, outer, esp);
    outer -= udp;
  }
  const total = esp + espBytes - outer;
  if (bytes[outer]! >>> 4 === 4) {
    bytes[outer + IP4_PROTOCOL] = protocol;
    writeU16(bytes, outer + IP4_TOTAL_LENGTH, total);
    setHeaderChecksum(u16, outer, headerBytes(bytes, outer));
  } else {
    bytes[outer + IP6_NEXT_HEADER] = protocol;
    writeU16(bytes, outer + IP6_PAYLOAD_LENGTH, total - IP6_BYTES);
  }
  if (udp !== 0) writeUdp(pool, words, at, outer, esp, espBytes);
  own(pool, packet, words, at, outer, total);
}

function writeUdp(
  pool: PacketPool,
  words: Int32Array,
  at: number,
  outer: number,
  esp: number,
  espBytes: number,
): void {
  const { bytes, u16 } = pool;
  const udp = esp - UDP_BYTES;
  const length = UDP_BYTES + espBytes;
  writeU16(bytes, udp + UDP_SRC, words[at + SA_UDP_SRC]!);
  writeU16(bytes, udp + UDP_DST, words[at + SA_UDP_DST]!);
  writeU16(bytes, udp + UDP_LENGTH, length);
  writeU16(bytes, udp + UDP_CHECKSUM, 0);
  // Zero over IPv4 (RFC 3948 section 2.1). Over IPv6 a UDP packet has one (RFC 8200 section 8.1).
  if (bytes[outer]! >>> 4 === 4) return;
  const sum = sumBytes(u16, bytes, outer + IP6_SRC, 32) + sumBytes(u16, bytes, udp, length);
  // The pseudo header's length and protocol, as 16-bit loads of this byte order would find them.
  const rest = (((length & 0xff) << 8) | (length >>> 8)) + (PROTOCOL_UDP << 8);
  const all = sum + rest;
  const folded = (all & 0xffff) + (all >>> 16);
  const checksum = ~((folded & 0xffff) + (folded >>> 16)) & 0xffff;
  u16[(udp + UDP_CHECKSUM) >>> 1] = checksum === 0 ? 0xffff : checksum;
}

/** Makes it a packet that the box sends, in the outer VRF. */
function own(
  pool: PacketPool,
  packet: number,
  words: Int32Array,
  at: number,
  outer: number,
  total: number,
): void {
  pool.offset[packet] = outer;
  pool.l3[packet] = outer;
  pool.length[packet] = total;
  pool.vrf[packet] = words[at + SA_OUTER_VRF]!;
  pool.flags[packet] =
    ((pool.flags[packet]! & (FLAG_TRACE | FLAGS_NESTED)) | FLAG_LOCAL_ORIGIN) + FLAG_NESTED;
}
