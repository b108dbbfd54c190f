// ip4-mss-clamp-input: the same for TCP connections that come in by an interface: a SYN from out of a tunnel says how
// large the segments are that will be sent into it.
//
// Expects: on the arc ip4-unicast; rxInterface set.
// Next:    along the arc.
import { ip4Tcp } from './ip4-mss-clamp.js';
import { defineMssClamp } from './mss-clamp.js';

export const ip4MssClampInput = defineMssClamp({
  name: 'ip4-mss-clamp-input',
  arc: 'ip4-unicast',
  tcpOf: ip4Tcp,
});
