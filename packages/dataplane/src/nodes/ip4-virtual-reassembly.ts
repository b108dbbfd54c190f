// ip4-virtual-reassembly: gives later fragments the ports that their first one has told, and holds those that come
// before it.
//
// Expects: on the arc ip4-unicast: the header is right.
// Next:    along the arc, whole packets at once; fragments on the worker that knows their datagram.
import type { NodeContext } from '../graph/context.js';
import type { FragmentKey } from '../tables/fragment-contexts.js';
import {
  headerBytes,
  IP4_FRAGMENT,
  IP4_FRAGMENT_OFFSET,
  IP4_MF,
  IP4_PROTOCOL,
  PROTOCOL_TCP,
  readU16,
} from '../wire/ip4.js';
import { isTinyTcp } from '../wire/tcp.js';
import { upperPorts } from '../wire/upper-layer.js';
import { tunnelScope } from './reassemble.js';
import { defineVirtualReassembly, fragment } from './virtual-reassembly.js';

export const ip4VirtualReassembly = defineVirtualReassembly({
  name: 'ip4-virtual-reassembly',
  arc: 'ip4-unicast',
  read,
});

function read(context: NodeContext, packet: number, key: FragmentKey): boolean {
  const { pool } = context;
  const { bytes } = pool;
  const ip = pool.l3[packet]!;
  const word = readU16(bytes, ip + IP4_FRAGMENT);
  if ((word & (IP4_MF | IP4_FRAGMENT_OFFSET)) === 0) return false;
  const protocol = bytes[ip + IP4_PROTOCOL]!;
  const at = ip + headerBytes(bytes, ip);
  const end = pool.offset[packet]! + pool.length[packet]!;
  key.setIp4(pool.i32, ip, protocol, pool.vrf[packet]!, tunnelScope(context, packet));
  fragment.start = (word & IP4_FRAGMENT_OFFSET) << 3;
  fragment.stop = fragment.start + end - at;
  fragment.more = (word & IP4_MF) !== 0;
  fragment.tiny = protocol === PROTOCOL_TCP && isTinyTcp(fragment.start, fragment.stop);
  if (fragment.start === 0) fragment.ports = upperPorts(bytes, protocol, at, end);
  return true;
}
