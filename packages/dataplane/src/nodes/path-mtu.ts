// path-mtu: hears how narrow a tunnel's path is: ICMP "fragmentation needed" (RFC 1191) and ICMPv6 "packet too big"
// (RFC 8201) about ESP packets of the box.
//
// Expects: such an error, addressed to the box, whole.
// Next:    punt when it is about something else: that is Linux's. Anybody can send these errors, so one is believed
//          only when what it quotes was sent not long ago (RFC 4301 section 8.2): addresses, SPI and sequence number of an
//          SA by which a tunnel sends now. The control side makes the tunnel's MTU of it.
import type { NodeContext } from '../graph/context.js';
import { defineNode, NEXT_DROP } from '../graph/node.js';
import {
  SA_DST,
  SA_FAMILY,
  SA_OUTBOUND,
  SA_OUTER_VRF,
  SA_SEQ_LOW,
  SA_SHIFT,
  SA_SPI,
  SA_SRC,
  SA_STATE,
  SA_UDP_DST,
  SA_UDP_SRC,
} from '../tables/security-associations.js';
import { sumBytes } from '../wire/checksum.js';
import { ESP_HEADER_BYTES, ESP_SEQUENCE } from '../wire/esp.js';
import { ICMP_BYTES, ICMP_NEXT_HOP_MTU } from '../wire/icmp4.js';
import { ICMP6_BYTES, ICMP6_PARAMETER, icmp6Sum } from '../wire/icmp6.js';
import {
  headerBytes,
  IP4_BYTES,
  IP4_DST,
  IP4_PROTOCOL,
  IP4_SRC,
  IP4_TOTAL_LENGTH,
  PROTOCOL_ESP,
  PROTOCOL_UDP,
  readI32,
  readU16,
} from '../wire/ip4.js';
import { IP6_BYTES, IP6_DST, IP6_PAYLOAD_LENGTH, IP6_SRC } from '../wire/ip6.js';
import { findIp6Upper, ip6Upper } from '../wire/ip6-extensions.js';
import { PORT_IKE_NAT, UDP_BYTES, UDP_DST, UDP_SRC } from '../wire/udp.js';

const NEXT_PUNT = 0;

const COUNT_LEARNT = 0;
const COUNT_UNMATCHED = 1;
const COUNT_NOT_NARROWER = 2;
const COUNT_BAD_CHECKSUM = 3;
const COUNT_CONTROL_BUSY = 4;
/** Not a counter: it is about something of Linux's. */
const NOT_ESP = -1;

/** How many packets ago what is quoted may have been sent. Tuning: 100 ms of round trip at 10 million packets a second. */
const RECENT_PACKETS = 1 << 20;

export const pathMtu = defineNode({
  name: 'path-mtu',
  next: ['punt'],
  counters: [
    {
      name: 'learnt',
      severity: 'info',
      drop: true,
      help: 'errors about ESP packets that were too big: the tunnel sends smaller ones from now on',
    },
    {
      name: 'unmatched',
      severity: 'warning',
      drop: true,
      help: 'errors about ESP packets that no tunnel has sent of late: somebody makes them up',
    },
    {
      name: 'not_narrower',
      severity: 'warning',
      drop: true,
      help: 'errors that tell an MTU which the packet that they quote would have fitted',
    },
    { name: 'bad_checksum', severity: 'error', drop: true, help: 'errors whose ICMP checksum is wrong' },
    { name: 'control_busy', severity: 'warning', drop: true, help: 'the ring to the control side is full' },
  ],

  run(context, frame, next, counters): void {
    const { pool } = context;
    for (let i = 0; i < frame.length; i++) {
      const packet = frame.packets[i]!;
      const verdict = examine(context, packet);
      if (verdict === NOT_ESP) {
        next[i] = NEXT_PUNT;
        continue;
      }
      counters[verdict]!++;
      pool.reason[packet] = verdict;
      next[i] = NEXT_DROP;
    }
  },
});

/** What an error says, from readError: where its quote begins, and the MTU that it tells, 0 for none. */
const told = { family: 4 as 4 | 6, quote: 0, mtu: 0 };
/** What the quote is of, from readQuote: its length, and where its UDP header (0 for none) and ESP header are. */
const quoted = { length: 0, udp: 0, esp: 0 };

/** NOT_ESP, or the counter under which the error ends. */
function examine(context: NodeContext, packet: number): number {
  const { pool, services } = context;
  const ip = pool.l3[packet]!;
  const end = pool.offset[packet]! + pool.length[packet]!;
  const sound = pool.bytes[ip]! >>> 4 === 4 ? readError4(context, ip, end) : readError6(context, ip, end);
  const { family, quote, mtu } = told;
  const about = family === 4 ? readQuote4(pool.bytes, quote, end) : readQuote6(pool.bytes, quote, end);
  if (!about) return NOT_ESP;
  if (!sound) return COUNT_BAD_CHECKSUM;
  const row = findTunnel(context, pool.vrf[packet]!);
  if (row === 0) return COUNT_UNMATCHED;
  if (mtu >= quoted.length) return COUNT_NOT_NARROWER;
  return services.pathMtu(row, family, mtu, quoted.length) ? COUNT_LEARNT : COUNT_CONTROL_BUSY;
}

/** Sets `told`; false when the checksum is wrong. */
function readError4({ pool }: NodeContext, ip: number, end: number): boolean {
  const icmp = ip + headerBytes(pool.bytes, ip);
  told.family = 4;
  told.quote = icmp + ICMP_BYTES;
  told.mtu = readU16(pool.bytes, icmp + ICMP_NEXT_HOP_MTU);
  return sumBytes(pool.u16, pool.bytes, icmp, end - icmp) === 0xffff;
}

function readError6({ pool }: NodeContext, ip: number, end: number): boolean {
  const { bytes, u16 } = pool;
  findIp6Upper(bytes, ip, end);
  const icmp = ip6Upper.at;
  told.family = 6;
  told.quote = icmp + ICMP6_BYTES;
  // 32 bits, of which more than a packet's length is as good as none.
  told.mtu = Math.min(readI32(bytes, icmp + ICMP6_PARAMETER) >>> 0, 0xffff);
  return icmp6Sum(u16, bytes, ip, icmp, end - icmp) === 0xffff;
}

/** Sets `quoted`; false when the quote is of no ESP packet, or too short to tell. */
function readQuote4(bytes: Uint8Array, quote: number, end: number): boolean {
  if (quote + IP4_BYTES > end || bytes[quote]! >>> 4 !== 4) return false;
  quoted.length = readU16(bytes, quote + IP4_TOTAL_LENGTH);
  return readEsp(bytes, bytes[quote + IP4_PROTOCOL]!, quote + headerBytes(bytes, quote), end);
}

function readQuote6(bytes: Uint8Array, quote: number, end: number): boolean {
  if (quote + IP6_BYTES > end || bytes[quote]! >>> 4 !== 6) return false;
  quoted.length = IP6_BYTES + readU16(bytes, quote + IP6_PAYLOAD_LENGTH);
  // Behind a fragment header when the box has cut the packet; a later fragment shows nothing of ESP.
  findIp6Upper(bytes, quote, end);
  return !ip6Upper.laterFragment && readEsp(bytes, ip6Upper.protocol, ip6Upper.at, end);
}

/** RFC 792 has routers quote no more than 8 octets, which is all of an ESP header but nothing behind one of UDP. */
function readEsp(bytes: Uint8Array, protocol: number, at: number, end: number): boolean {
  if (protocol === PROTOCOL_ESP) {
    quoted.udp = 0;
    quoted.esp = at;
    return at + ESP_HEADER_BYTES <= end;
  }
  if (protocol !== PROTOCOL_UDP || at + UDP_BYTES + ESP_HEADER_BYTES > end) return false;
  const ported =
    readU16(bytes, at + UDP_SRC) === PORT_IKE_NAT || readU16(bytes, at + UDP_DST) === PORT_IKE_NAT;
  quoted.udp = at;
  quoted.esp = at + UDP_BYTES;
  // Where an SPI would be, IKE has zeros (RFC 3948 section 2.2).
  return ported && readI32(bytes, quoted.esp) !== 0;
}

/** The row of the tunnel that has sent what is quoted, 0 for none. Errors are rare: a walk over all tunnels will do. */
function findTunnel({ pool, interfaces, sas }: NodeContext, vrf: number): number {
  const { bytes } = pool;
  const { words } = sas;
  const { tunnelSa } = interfaces;
  const spi = readI32(bytes, quoted.esp);
  for (let row = tunnelSa[0]!; row > 0; row--) {
    const sa = tunnelSa[row]!;
    if (sa === 0) continue;
    const at = sa << SA_SHIFT;
    if (words[at + SA_SPI] !== spi || words[at + SA_STATE] !== SA_OUTBOUND) continue;
    if (words[at + SA_OUTER_VRF] === vrf && isOf(bytes, words, at)) return row;
  }
  return 0;
}

/** True when the quote is of a packet that the SA has sent of late. */
function isOf(bytes: Uint8Array, words: Int32Array, at: number): boolean {
  const { family, quote } = told;
  if (words[at + SA_FAMILY] !== family) return false;
  const count = family === 4 ? 1 : 4;
  const src = quote + (family === 4 ? IP4_SRC : IP6_SRC);
  const dst = quote + (family === 4 ? IP4_DST : IP6_DST);
  for (let i = 0; i < count; i++) {
    if (readI32(bytes, src + i * 4) !== words[at + SA_SRC + i]) return false;
    if (readI32(bytes, dst + i * 4) !== words[at + SA_DST + i]) return false;
  }
  const { udp } = quoted;
  if (words[at + SA_UDP_DST] !== (udp === 0 ? 0 : readU16(bytes, udp + UDP_DST))) return false;
  if (udp !== 0 && words[at + SA_UDP_SRC] !== readU16(bytes, udp + UDP_SRC)) return false;
  const ago = (words[at + SA_SEQ_LOW]! - readI32(bytes, quoted.esp + ESP_SEQUENCE)) >>> 0;
  return ago < RECENT_PACKETS;
}
