// ip6-mss-clamp-input: as ip4-mss-clamp-input, for TCP over IPv6 that comes in by an interface.
//
// Expects: on the arc ip6-unicast; rxInterface set.
// Next:    along the arc.
import { ip6Tcp } from './ip6-mss-clamp.js';
import { defineMssClamp } from './mss-clamp.js';

export const ip6MssClampInput = defineMssClamp({
  name: 'ip6-mss-clamp-input',
  arc: 'ip6-unicast',
  tcpOf: ip6Tcp,
});
