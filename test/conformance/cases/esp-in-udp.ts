// ESP in UDP (RFC 3948), and what else comes to the ports of IKE.
import type { Case } from '../support/case.js';
import { inbound, outbound, outer, peerEncap, received } from '../support/esp.js';
import { lan, twinWan, wan } from '../support/two-ports.js';

const encap = { encap: { src_port: 4500, dst_port: 4500 } };

export const espInUdp: readonly Case[] = [
  {
    name: 'ESP in UDP is opened (RFC 3948)',
    sas: { in: peerEncap },
    send: [wan(`seal('in', ${inbound()})`)],
    expect: [lan(inbound(63))],
    counters: received,
  },
  {
    name: 'with a UDP checksum as well',
    sas: { in: peerEncap },
    send: [wan(`seal('in', ${inbound()}, encap={'chksum': None})`)],
    expect: [lan(inbound(63))],
    counters: received,
  },
  {
    name: 'it is sealed into UDP without a checksum',
    sas: { out: encap },
    send: [lan(outbound())],
    expect: [
      wan(`opens('out', ${outbound(63)}, ${outer()}/UDP(sport=4500, dport=4500, chksum=0), 1)`, {
        free: ['IP.id'],
      }),
    ],
    counters: { 'tun.tx_packets': 1 },
  },
  {
    name: 'a NAT keepalive is dropped',
    send: [wan("IP(src=PEER, dst=WAN)/UDP(sport=4500, dport=4500)/b'\\xff'")],
    counters: { 'ip4-local/nat_keepalive': 1, 'wan.drops': 1 },
  },
  {
    name: 'IKE behind the non-ESP marker goes to Linux',
    send: [wan('IP(src=PEER, dst=WAN)/UDP(sport=4500, dport=4500)/Raw(bytes(4) + payload(60))')],
    expect: [
      twinWan(
        'Ether(src=STATION_WAN, dst=MAC_WAN)/IP(src=PEER, dst=WAN)/UDP(sport=4500, dport=4500)/Raw(bytes(4) + payload(60))',
      ),
    ],
  },
  {
    name: 'IKE on port 500 goes to Linux, whatever it begins with',
    send: [wan('IP(src=PEER, dst=WAN)/UDP(sport=500, dport=500)/Raw(payload(60, 1))')],
    expect: [
      twinWan(
        'Ether(src=STATION_WAN, dst=MAC_WAN)/IP(src=PEER, dst=WAN)/UDP(sport=500, dport=500)/Raw(payload(60, 1))',
      ),
    ],
  },
  {
    name: 'ESP in UDP of an unknown SPI is dropped',
    send: [wan('IP(src=PEER, dst=WAN)/UDP(sport=4500, dport=4500)/Raw(payload(60, 1))')],
    counters: { 'esp-input/unknown_spi': 1, 'wan.drops': 1 },
  },
];
