// The graph: every node, in the order in which packets mostly meet them.
import { arpInput } from '../nodes/arp-input.js';
import { espDecrypt } from '../nodes/esp-decrypt.js';
import { espEncrypt } from '../nodes/esp-encrypt.js';
import { espInput } from '../nodes/esp-input.js';
import { ethernetInput } from '../nodes/ethernet-input.js';
import { greInput } from '../nodes/gre-input.js';
import { hostInject } from '../nodes/host-inject.js';
import { icmp6NdInput } from '../nodes/icmp6-nd-input.js';
import { interfaceOutput } from '../nodes/interface-output.js';
import { ip4Arp } from '../nodes/ip4-arp.js';
import { ip4FlowMeter } from '../nodes/ip4-flow-meter.js';
import { ip4Frag } from '../nodes/ip4-frag.js';
import { ip4IcmpEcho } from '../nodes/ip4-icmp-echo.js';
import { ip4IcmpError } from '../nodes/ip4-icmp-error.js';
import { ip4Input } from '../nodes/ip4-input.js';
import { ip4Local } from '../nodes/ip4-local.js';
import { ip4Lookup } from '../nodes/ip4-lookup.js';
import { ip4MssClamp } from '../nodes/ip4-mss-clamp.js';
import { ip4MssClampInput } from '../nodes/ip4-mss-clamp-input.js';
import { ip4Reassembly } from '../nodes/ip4-reassembly.js';
import { ip4Rewrite } from '../nodes/ip4-rewrite.js';
import { ip4VirtualReassembly } from '../nodes/ip4-virtual-reassembly.js';
import { ip6FlowMeter } from '../nodes/ip6-flow-meter.js';
import { ip6Frag } from '../nodes/ip6-frag.js';
import { ip6IcmpEcho } from '../nodes/ip6-icmp-echo.js';
import { ip6IcmpError } from '../nodes/ip6-icmp-error.js';
import { ip6Input } from '../nodes/ip6-input.js';
import { ip6Local } from '../nodes/ip6-local.js';
import { ip6Lookup } from '../nodes/ip6-lookup.js';
import { ip6MssClamp } from '../nodes/ip6-mss-clamp.js';
import { ip6MssClampInput } from '../nodes/ip6-mss-clamp-input.js';
import { ip6Nd } from '../nodes/ip6-nd.js';
import { ip6Reassembly } from '../nodes/ip6-reassembly.js';
import { ip6Rewrite } from '../nodes/ip6-rewrite.js';
import { ip6VirtualReassembly } from '../nodes/ip6-virtual-reassembly.js';
import { ipipInput } from '../nodes/ipip-input.js';
import { l2Flood } from '../nodes/l2-flood.js';
import { l2Input } from '../nodes/l2-input.js';
import { l2Output } from '../nodes/l2-output.js';
import { pathMtu } from '../nodes/path-mtu.js';
import { punt } from '../nodes/punt.js';
import { tunnelEncap } from '../nodes/tunnel-encap.js';
import { vlanInput } from '../nodes/vlan-input.js';
import { vlanOutput } from '../nodes/vlan-output.js';
import type { NodeDefinition } from './node.js';

export const GRAPH: readonly NodeDefinition[] = [
  vlanInput,
  l2Input,
  l2Flood,
  ethernetInput,
  arpInput,
  hostInject,
  ip4Input,
  ip4VirtualReassembly,
  ip4FlowMeter,
  ip4MssClampInput,
  ip4Lookup,
  ip4Local,
  ip6Input,
  ip6VirtualReassembly,
  ip6FlowMeter,
  ip6MssClampInput,
  ip6Lookup,
  ip6Local,
  icmp6NdInput,
  ip6Reassembly,
  ip4Reassembly,
  espInput,
  espDecrypt,
  greInput,
  ipipInput,
  pathMtu,
  ip4IcmpEcho,
  ip4MssClamp,
  ip4Rewrite,
  ip4Frag,
  ip6IcmpEcho,
  ip6MssClamp,
  ip6Rewrite,
  ip6Frag,
  tunnelEncap,
  espEncrypt,
  ip4Arp,
  ip4IcmpError,
  ip6Nd,
  ip6IcmpError,
  punt,
  l2Output,
  vlanOutput,
  interfaceOutput,
];
