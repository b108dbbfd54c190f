import { icmp6Errors } from './cases/icmp6-errors.js';
import { ip6Forwarding, ip6Header, martians6 } from './cases/ip6-forwarding.js';
import { icmp6Echo, ip6Options } from './cases/ip6-local.js';
import { neighbourDiscovery } from './cases/nd.js';
import { conformance } from './support/suite.js';
import { twoPorts6 } from './support/two-ports6.js';

conformance(twoPorts6, {
  'IPv6 forwarding': ip6Forwarding,
  'IPv6 headers that are wrong': ip6Header,
  martians: martians6,
  'ICMPv6 errors': icmp6Errors,
  'ICMPv6 echo': icmp6Echo,
  'neighbour discovery': neighbourDiscovery,
  'options and Linux on the box': ip6Options,
});
