"""The far end of a GRE or IPIP tunnel: python3 tunnel-end.py gre|ipip [KEY]

Answers the echo requests that come through, through the tunnel again, and prints a line for each.
"""
import socket
import struct
import sys

kind = sys.argv[1]
key = int(sys.argv[2]) if len(sys.argv) > 2 else None
shim = b""
if kind == "gre":
    shim = struct.pack("!HH", 0 if key is None else 0x2000, 0x0800)
    if key is not None:
        shim += struct.pack("!I", key)


def checksum(octets):
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


tunnel = socket.socket(socket.AF_INET, socket.SOCK_RAW, 47 if kind == "gre" else 4)
print("listening", flush=True)
while True:
    packet, (peer, _) = tunnel.recvfrom(65535)
    payload = packet[(packet[0] & 15) * 4 :]
    if payload[: len(shim)] != shim:
        continue
    inner = bytearray(payload[len(shim) :])
    header = (inner[0] & 15) * 4
    if inner[9] != 1 or inner[header] != 8:
        continue
    inner[12:16], inner[16:20] = inner[16:20], inner[12:16]
    inner[header] = 0
    inner[header + 2 : header + 4] = b"\0\0"
    echo = bytes(inner[header:])
    inner[header + 2 : header + 4] = struct.pack("!H", checksum(echo + b"\0" * (len(echo) % 2)))
    print(f"answered {len(inner)}", flush=True)
    tunnel.sendto(shim + bytes(inner), (peer, 0))
