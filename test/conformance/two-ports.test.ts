import { arp } from './cases/arp.js';
import { floods } from './cases/floods.js';
import { icmp4Errors } from './cases/icmp4-errors.js';
import { ip4Forwarding, ip4Header, martians, options } from './cases/ip4-forwarding.js';
import { ip4Fragmentation } from './cases/ip4-fragmentation.js';
import { icmp4Echo, ip4Punt } from './cases/ip4-local.js';
import { conformance } from './support/suite.js';
import { twoPorts } from './support/two-ports.js';

conformance(twoPorts, {
  'IPv4 forwarding': ip4Forwarding,
  'IPv4 headers that are wrong': ip4Header,
  martians,
  'IPv4 options': options,
  'ICMP errors': icmp4Errors,
  fragmentation: ip4Fragmentation,
  ARP: arp,
  'ICMP echo': icmp4Echo,
  'Linux on the box': ip4Punt,
  floods,
});

/** What touches frames as the driver has received them, or as it is to send them. */
conformance(
  {
    ...twoPorts,
    name: 'af-packet',
    config: {
      ...twoPorts.config,
      interfaces: twoPorts.config.interfaces.map((one) => ({ ...one, driver: 'af_packet' as const })),
    },
  },
  {
    'IPv4 forwarding': ip4Forwarding,
    'IPv4 headers that are wrong': ip4Header,
    fragmentation: ip4Fragmentation,
    ARP: arp,
    'ICMP echo': icmp4Echo,
    'Linux on the box': ip4Punt,
  },
);
