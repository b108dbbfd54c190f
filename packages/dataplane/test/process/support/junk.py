"""Sends frames that no sane host sends: python3 junk.py DEVICE GATEWAY_MAC COUNT SEED

Templates by scapy, of every protocol that the gateway looks at, each then cut short, overwritten at random
places, or replaced by noise. Prints how many the kernel took.
"""
import random
import socket
import sys
import warnings

warnings.filterwarnings("ignore")
from scapy.all import ARP, ICMP, IP, TCP, UDP, Ether, IPOption, Raw, raw  # noqa: E402
from scapy.layers.inet6 import (  # noqa: E402
    ICMPv6MLReport2,
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6ND_RA,
    ICMPv6ND_Redirect,
    ICMPv6ND_RS,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptMTU,
    ICMPv6NDOptPrefixInfo,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
)
from scapy.layers.l2 import Dot1Q  # noqa: E402

device, mac, count, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
rng = random.Random(seed)

ether = Ether(dst=mac, src="02:00:00:00:00:77")
inner = IP(src="10.1.0.77", dst="10.2.0.2")
to_box = IP(src="10.1.0.77", dst="10.1.0.1")
esp = Raw(bytes.fromhex("0000100100000001") + bytes(40))
group = Ether(dst="33:33:00:00:00:01", src="02:00:00:00:00:77")
near = IPv6(src="fe80::77", dst="ff02::1", hlim=255)
station = ICMPv6NDOptSrcLLAddr(lladdr="02:00:00:00:00:77")
templates = [
    group / near / ICMPv6ND_NS(tgt="fe80::1") / station,
    group / IPv6(src="::", dst="ff02::1:ff00:1", hlim=255) / ICMPv6ND_NS(tgt="fe80::1"),
    group / near / ICMPv6ND_NA(tgt="fe80::77", S=0) / ICMPv6NDOptDstLLAddr(lladdr="02:00:00:00:00:77"),
    group / near / ICMPv6ND_RA(routerlifetime=1800) / ICMPv6NDOptMTU(mtu=1400)
    / ICMPv6NDOptPrefixInfo(prefix="2001:db8:77::") / station,
    group / near / ICMPv6ND_RS() / station,
    group / near / ICMPv6ND_Redirect(tgt="fe80::2", dst="2001:db8::1"),
    group / near / ICMPv6MLReport2(),
    ether / inner / UDP(dport=9) / Raw(bytes(64)),
    ether / inner / TCP(dport=80, flags="S"),
    ether / inner / ICMP() / Raw(bytes(1400)),
    ether / IP(src="10.1.0.77", dst="10.2.0.2", ttl=1) / UDP(),
    ether / IP(src="10.1.0.77", dst="203.0.113.1") / UDP(),
    ether / IP(src="10.1.0.77", dst="10.2.0.2", flags="DF") / Raw(bytes(1480)),
    ether / IP(src="10.1.0.77", dst="10.2.0.2", options=[IPOption(b"\x83\x07\x04\x0a\x00\x00\x01")]) / UDP(),
    ether / IP(src="10.1.0.77", dst="10.2.0.2", flags="MF", frag=7) / Raw(bytes(64)),
    ether / to_box / ICMP() / Raw(bytes(56)),
    ether / to_box / ICMP(type=3, code=4) / Raw(bytes(28)),
    ether / to_box / UDP(sport=500, dport=500) / Raw(bytes(28)),
    ether / to_box / UDP(sport=4500, dport=4500) / esp,
    ether / to_box / UDP(sport=4500, dport=4500) / Raw(b"\xff"),
    ether / IP(src="10.1.0.77", dst="10.1.0.1", proto=50) / esp,
    ether / IP(src="10.1.0.77", dst="10.1.0.1", proto=4) / inner / UDP(),
    ether / IP(src="10.1.0.77", dst="10.1.0.255") / UDP(),
    ether / IP(src="255.255.255.255", dst="10.2.0.2") / UDP(),
    ether / IP(src="10.1.0.77", dst="224.0.0.5", proto=89) / Raw(bytes(44)),
    ether / ARP(op=1, hwsrc="02:00:00:00:00:77", psrc="10.1.0.77", pdst="10.1.0.1"),
    ether / ARP(op=2, hwsrc="02:00:00:00:00:78", psrc="10.1.0.78", pdst="10.1.0.1"),
    ether / ARP(op=1, hwsrc="02:00:00:00:00:77", psrc="10.1.0.1", pdst="10.1.0.1"),
    ether / IPv6(src="fe80::2", dst="fe80::1") / UDP(),
    ether / Dot1Q(vlan=7) / inner / UDP(),
    Ether(dst="ff:ff:ff:ff:ff:ff", src="02:00:00:00:00:77") / inner / UDP(),
    Ether(dst="02:00:00:00:00:99", src="02:00:00:00:00:77") / inner / UDP(),
]
sane = [raw(template) for template in templates]


def spoil(frame: bytes) -> bytes:
    kind = rng.randrange(4)
    if kind == 0:
        return frame[: rng.randrange(14, len(frame) + 1)]
    spoilt = bytearray(frame)
    if kind == 1:  # behind the Ethernet header
        for _ in range(rng.randrange(1, 6)):
            spoilt[rng.randrange(14, len(spoilt))] = rng.randrange(256)
    elif kind == 2:  # somewhere
        spoilt[rng.randrange(len(spoilt))] ^= 1 << rng.randrange(8)
    else:
        spoilt[14:] = rng.randbytes(rng.randrange(0, 1500))
    return bytes(spoilt)


frames = sane + [spoil(rng.choice(sane)) for _ in range(20000)]
# Nobody may take over the hosts' addresses: what is said of them would be true of no host.
hosts = [bytes([10, 1, 0, 2]), bytes([10, 2, 0, 2])]
frames = [f for f in frames if not (f[12:14] == b"\x08\x06" and f[28:32] in hosts)]
# Linux drops a VLAN tag without a type behind it before packet sockets see the frame, and counts it nowhere.
frames = [f for f in frames if not (f[12:14] in (b"\x81\x00", b"\x88\xa8") and len(f) < 20)]

out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind((device, 0))
sent = 0
while sent < count:
    for frame in frames[: count - sent]:
        try:
            out.send(frame)
            sent += 1
        except OSError as error:
            if error.errno != 105:  # ENOBUFS: the peer is behind
                raise
print(sent)
