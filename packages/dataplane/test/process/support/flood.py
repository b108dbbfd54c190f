"""Sends frames of one class that the gateway punts, as fast as it can: python3 flood.py DEVICE MAC CLASS SECONDS

All from one station and address, which is nobody's. Prints how many the kernel took.
"""
import socket
import sys
import time
import warnings

warnings.filterwarnings("ignore")
from scapy.all import ARP, ICMP, IP, TCP, UDP, Ether, Raw, raw  # noqa: E402
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6NDOptDstLLAddr, IPv6  # noqa: E402

device, mac, kind, seconds = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])
station = "02:00:00:00:00:66"
ether = Ether(dst=mac, src=station)
box = IP(src="10.1.0.66", dst="10.1.0.1")
frames = {
    "arp": ether / ARP(op=2, hwsrc=station, psrc="10.1.0.66", hwdst=mac, pdst="10.1.0.1"),
    "nd": ether
    / IPv6(src="2001:db8:1::66", dst="2001:db8:1::1", hlim=255)
    / ICMPv6ND_NA(tgt="2001:db8:1::66", R=0, S=1, O=1)
    / ICMPv6NDOptDstLLAddr(lladdr=station),
    "ike": ether / box / UDP(sport=500, dport=500) / Raw(bytes(64)),
    "dhcp": ether / box / UDP(sport=68, dport=67) / Raw(bytes(240)),
    "login": ether / box / TCP(sport=40000, dport=22, flags="S"),
    "routing": ether / box / TCP(sport=40000, dport=179, flags="S"),
    "icmp": ether / box / ICMP(type=0) / Raw(bytes(32)),
    "tcp": ether / box / TCP(sport=40000, dport=8080, flags="S"),
    "other": ether / box / UDP(sport=9, dport=161) / Raw(bytes(32)),
}
frame = raw(frames[kind])
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind((device, 0))
sent = 0
end = time.monotonic() + seconds
while time.monotonic() < end:
    for _ in range(256):
        try:
            out.send(frame)
            sent += 1
        except OSError:
            pass
print(sent)
