"""
A host in a VLAN, without the kernel's help: resolves an address by ARP in frames with tags, pings it, and prints the tags
of the answers, one line each. While it waits it answers ARP and pings itself.

    vlan-host.py DEVICE OWN-ADDRESS TAGS [PEER COUNT]        TAGS: 5, or 88a8:7.30; a ! behind a VID sets priority 5

Without a peer it only answers, until somebody ends it.
"""

import select
import socket
import struct
import sys
import time

SOL_PACKET, PACKET_AUXDATA, ETH_P_ALL = 263, 8, 3
VLAN_VALID, TPID_VALID = 1 << 4, 1 << 6  # linux/if_packet.h, TP_STATUS_…
PRIORITY = 5 << 13
DEADLINE_S, AGAIN_S = 20, 0.5

device, own = sys.argv[1], socket.inet_aton(sys.argv[2])
sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
sock.bind((device, ETH_P_ALL))
mac = sock.getsockname()[4]


def parse(text):
    kind, _, vids = text.rpartition(":")
    tags = b""
    for i, vid in enumerate(vids.split(".")):
        tci = int(vid.rstrip("!")) | (PRIORITY if vid.endswith("!") else 0)
        tags += struct.pack("!HH", int(kind or "8100", 16) if i == 0 else 0x8100, tci)
    return tags


tags = parse(sys.argv[3])


def same_vlan(found):
    return len(found) == len(tags) and all(
        found[i : i + 2] == tags[i : i + 2] and found[i + 2] & 15 == tags[i + 2] & 15 and found[i + 3] == tags[i + 3]
        for i in range(0, len(tags), 4)
    )


def sum16(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def send(target, kind, body):
    sock.send((target + mac + tags + kind + body).ljust(60, b"\0"))


def receive(seconds):
    """A frame as (tags, type, octets from the type on); None when none came."""
    if not select.select([sock], [], [], max(0, seconds))[0]:
        return None
    octets, ancillary, _, address = sock.recvmsg(65536, 256)
    if address[2] == 4:  # PACKET_OUTGOING
        return None
    found = b""
    for level, kind, data in ancillary:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", data[:20])
            if status & VLAN_VALID:
                found = struct.pack("!HH", tpid if status & TPID_VALID else 0x8100, tci)
    at = 12
    while octets[at : at + 2] in (b"\x81\x00", b"\x88\xa8"):
        found += octets[at : at + 4]
        at += 4
    return octets[6:12], found, octets[at : at + 2], octets[at + 2 :]


def echo(kind, source, target, rest):
    message = struct.pack("!BBH", kind, 0, 0) + rest
    message = message[:2] + struct.pack("!H", sum16(message)) + message[4:]
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(message), 0, 0, 64, 1, 0, source, target)
    return header[:10] + struct.pack("!H", sum16(header)) + header[12:] + message


def answer(frame):
    """ARP and echo requests to this host."""
    sender, found, kind, body = frame
    if not same_vlan(found):
        return
    if kind == b"\x08\x06" and body[6:8] == b"\0\1" and body[24:28] == own:
        send(sender, kind, body[:7] + b"\2" + mac + own + body[8:18])
    if kind == b"\x08\x00" and body[9] == 1 and body[20] == 8 and body[16:20] == own:
        length = struct.unpack("!H", body[2:4])[0]
        send(sender, kind, echo(0, own, body[12:16], body[24:length]))


def until(ask, wanted):
    end = time.monotonic() + DEADLINE_S
    asked = 0.0
    while time.monotonic() < end:
        if time.monotonic() - asked > AGAIN_S:
            asked = time.monotonic()
            ask()
        frame = receive(asked + AGAIN_S - time.monotonic())
        if frame is None:
            continue
        answer(frame)
        if wanted(frame):
            return frame
    sys.exit(f"nothing came within {DEADLINE_S} s")


print("ready", flush=True)
if len(sys.argv) < 6:
    while True:
        frame = receive(60)
        if frame is not None:
            answer(frame)

peer = socket.inet_aton(sys.argv[4])
request = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac + own + b"\0" * 6 + peer
router = until(
    lambda: send(b"\xff" * 6, b"\x08\x06", request),
    lambda f: f[2] == b"\x08\x06" and f[3][6:8] == b"\0\2" and f[3][14:18] == peer,
)[0]
for sequence in range(int(sys.argv[5])):
    rest = struct.pack("!HH", 77, sequence) + bytes(range(40))
    _, found, _, body = until(
        lambda: send(router, b"\x08\x00", echo(8, own, peer, rest)),
        lambda f: f[2] == b"\x08\x00" and f[3][20:21] == b"\0" and f[3][24:28] == rest[:4] and f[3][12:16] == peer,
    )
    print(f"{found.hex()} {body[28:68] == rest[4:]}", flush=True)
