// ip6-virtual-reassembly: as ip4-virtual-reassembly, for IPv6.
//
// Expects: on the arc ip6-unicast: header and extension headers are right.
// Next:    along the arc, whole packets and atomic fragments (RFC 6946) at once.
import type { NodeContext } from '../graph/context.js';
import type { FragmentKey } from '../tables/fragment-contexts.js';
import { PROTOCOL_TCP, readI32, readU16 } from '../wire/ip4.js';
import { IP6_NEXT_HEADER } from '../wire/ip6.js';
import {
  CHAIN_GOOD,
  FRAGMENT_BYTES,
  FRAGMENT_ID,
  FRAGMENT_MORE,
  FRAGMENT_OFFSET,
  FRAGMENT_WORD,
  findIp6Upper,
  ip6Upper,
  isExtension,
} from '../wire/ip6-extensions.js';
import { TCP_BYTES } from '../wire/tcp.js';
import { upperPorts } from '../wire/upper-layer.js';
import { tunnelScope } from './reassemble.js';
import { defineVirtualReassembly, fragment } from './virtual-reassembly.js';

export const ip6VirtualReassembly = defineVirtualReassembly({
  name: 'ip6-virtual-reassembly',
  arc: 'ip6-unicast',
  read,
});

function read(context: NodeContext, packet: number, key: FragmentKey): boolean {
  const { pool } = context;
  const { bytes } = pool;
  const ip = pool.l3[packet]!;
  if (!isExtension(bytes[ip + IP6_NEXT_HEADER]!)) return false;
  const end = pool.offset[packet]! + pool.length[packet]!;
  const chain = findIp6Upper(bytes, ip, end);
  if (!ip6Upper.fragment) return false;
  const { fragmentAt, protocol, at } = ip6Upper;
  const word = readU16(bytes, fragmentAt + FRAGMENT_WORD);
  if ((word & (FRAGMENT_OFFSET | FRAGMENT_MORE)) === 0) return false;
  const id = readI32(bytes, fragmentAt + FRAGMENT_ID);
  key.setIp6(pool.i32, ip, id, pool.vrf[packet]!, tunnelScope(context, packet));
  fragment.start = word & FRAGMENT_OFFSET;
  fragment.stop = fragment.start + end - fragmentAt - FRAGMENT_BYTES;
  fragment.more = (word & FRAGMENT_MORE) !== 0;
  fragment.tiny = false;
  if (fragment.start === 0) {
    // RFC 7112: all headers, the ports or more of the upper layer's with them.
    fragment.tiny = chain !== CHAIN_GOOD || at + (protocol === PROTOCOL_TCP ? TCP_BYTES : 4) > end;
    fragment.ports = upperPorts(bytes, protocol, at, end);
  }
  return true;
}
