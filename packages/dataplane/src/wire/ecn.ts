// Explicit congestion notification through tunnels (RFC 6040): the low two bits of the type of service.
import { updateChecksum } from './checksum.js';
import { IP4_CHECKSUM, IP4_TOS } from './ip4.js';

const ECN = 3;
const NOT_ECT = 0;
const ECT_1 = 1;
const ECT_0 = 2;
const CE = 3;

/**
 * Takes the mark of the outer header at `outer` over to the inner one at `inner`, by the table of RFC 6040
 * section 4.2. False when the packet must be dropped: the path marks congestion, and the sender of the
 * inner packet would not understand it.
 */
export function decapsulateEcn(bytes: Uint8Array, u16: Uint16Array, outer: number, inner: number): boolean {
  const outside = bytes[outer + IP4_TOS]! & ECN;
  const inside = bytes[inner + IP4_TOS]! & ECN;
  if (outside === CE && inside === NOT_ECT) return false;
  const marked = (outside === CE && inside !== CE) || (outside === ECT_1 && inside === ECT_0);
  if (!marked) return true;
  const word = inner >>> 1;
  const before = u16[word]!;
  bytes[inner + IP4_TOS] = (bytes[inner + IP4_TOS]! & ~ECN) | outside;
  const at = (inner + IP4_CHECKSUM) >>> 1;
  u16[at] = updateChecksum(u16[at]!, before, u16[word]!);
  return true;
}
