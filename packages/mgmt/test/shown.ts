// What each subject of sluice show looks like on a terminal, with the figures of support/fake-gateway.ts.

export const SHOWN: Record<string, string> = {
  interfaces: `interface  state  vrf      on                             mtu  address       rx packets       rx  tx packets     tx  drops  punted  injected
wan        up     default  eth0 (af_xdp)                 1500  192.0.2.1/24   1,234,567  98.8 MB          12  999 B      0   1,000         1
hq         down   default  tunnel                        1400  -                      0      0 B          12  999 B      0   1,000         1
guests     up     default  wan VLAN 20.7, member of lan  1500  -              1,234,567  98.8 MB          12  999 B      0   1,000         1
lan        up     default  bridge of guests              1500  10.1.0.1/24    1,234,567  98.8 MB          12  999 B      0   1,000         1
`,

  routes: `vrf      prefix           kind    action   next hop                     interface
default  0.0.0.0/0        static  forward  192.0.2.254                  wan
default  10.2.0.0/16      static  tunnel   -                            hq
default  2001:db8:2::/48  static  forward  2001:db8::1 ×3, - ×1 (down)  wan, hq
guests   0.0.0.0/0        static  lookup   VRF default                  -
… 4 of 1,000,002 routes
`,

  neighbours: `interface  address      mac                state      router    age
wan        192.0.2.254  02:00:00:00:00:fe  reachable  yes     1h 2m
`,

  bridges: `bridge  state  mac                members                      stations  at most  ageing
lan     up     02:00:00:00:00:01  p1 (up, 3) guests (down, 0)         3    8,192      5m
`,

  macs: `bridge  mac                member  heard  moves
lan     02:00:00:00:0a:01  p1      1m 1s      1
… 1 of 2,500 stations
`,

  flows: `vrf      in   out  protocol  source           destination        tos  flags            packets   octets  seconds
default  lan  wan  tcp       10.1.0.10:40000  198.51.100.7:443  0xb8  FSPA               1,200  1.50 MB     30.0
default  lan  -    icmpv6    2001:db8:1::10   2001:db8:1::1     0x00  type 128 code 0        2    208 B      1.0
2 of 2,500 flows, at most 65,536, 3 packets found no room

collector       vrf      messages  records  lost  problem
192.0.2.9:4739  default        40      800     7  -
`,

  logging: `server                               state   sent  queued  lost  problem
udp://192.0.2.9:514                  up     1,234       0     0  -
tls://logs.example:6514 in VRF blue  down       0  10,000    77  its certificate has expired: renew it there
`,

  dhcp: `network  vrf      subnets      state  addresses  bound  declined  other servers
lan      default  10.1.0.0/24  up         3,000  2,500         1  10.1.0.66 (02:00:00:00:00:66)

interface  vrf      state   address          server        routers       name servers   ends in
wan        default  bound   198.51.100.7/24  198.51.100.1  198.51.100.1  198.51.100.53       0s
backup     default  asking  -                -             -             -

interface  vrf      state  addresses       prefix              withdrawn           name servers     ends in
wan        default  bound  2001:db8:1::50  2001:db8:f000::/56  2001:db8:e000::/56  2001:db8:99::53       0s

 count  name       dropped  meaning
12,345  ack        no       ACK sent
     1  malformed  yes      not a message of DHCP
`,

  leases: `vrf      network  address    state            mac                host name  ends in
default  lan      10.1.0.10  bound, reserved  02:00:00:00:0a:01  till-1       never
… 1 of 2,500 leases
`,

  sa: `interface  dir  spi         from               to              algorithm    active  worker    packets    bytes   sequence  replayed  bad icv
hq         in   0x00c0ffee  198.51.100.1:4500  192.0.2.1:4500  AES-256-GCM  no           1  1,234,567  98.8 MB  1,234,567         3        0
`,

  ike: `hq #1: ESTABLISHED, IKEv2, initiator, AES_GCM_16-256/PRF_HMAC_SHA2_384/CURVE_25519
  local   192.0.2.1 (branch)
  remote  198.51.100.1 (hq)
  established 1m 30s ago, rekeyed in 3h 36m
  given to us    10.9.0.7
  hq #2: INSTALLED, ESP, AES_GCM_16-256, if_id 7
    10.1.0.0/16 === 10.2.0.0/16
    installed 1m 29s ago, rekeyed in 55m
    in   0x00c0ffee  10 packets, 840 B
    out  0x0badcafe  11 packets, 924 B

hq cannot be rekeyed: the peer refuses it.
`,

  policy: `tunnel  dir  from         to                protocol  state              spi           packets    bytes
dc      out  10.1.0.0/16  10.3.0.0/16[443]  tcp       waits for traffic  -                   -        -
hq      in   anything     anything          any       receives           0x00c0ffee  1,234,567  98.8 MB
`,

  runtime: `worker  cpu  loops  sleeps  packets  vectors  ns/packet
     0    1  5,000   4,000   10,000      500      123.5

worker  node       calls  packets  packets/call  ns/packet
     0  ip4-input    500   10,000          20.0       12.3

Packet pool: 16380 of 16384 frames are free, and 64 of 512 large ones.
`,

  errors: `count  severity  node     reason       dropped  meaning
1,200  error     ip4-ttl  ttl_expired  yes      arrived with TTL 0 or 1
`,

  nodes: `name          arc          interfaces  state   file
block-telnet  ip4-unicast  lan, wan    failed  /etc/sluice/nodes/block-telnet.ts

block-telnet is off since 2023-11-14T22:13:20.000Z (worker 1): RangeError: offset 40 is beyond the packet's 28 octets (line 12)
  on 10.1.0.5 → 10.2.0.9 ICMP
  4500001c
`,

  agent: `branch: revision 3, not converged

process     reachable  revision  converged  problems
dataplane   yes               3  yes        -
ike-bridge  no                -  no         ike-bridge does not answer

warning: Telnet is on for lan
`,
};
