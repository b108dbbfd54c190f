"""Makes IPv6 packets and the ICMPv6 errors that a router sends about them (RFC 4443), for icmp6-scapy.test.ts.

Reads JSON from standard input: {"seed": n, "count": n, "router": "address", "hosts": [...], "far": "address"}. Writes
[{"packet": hex, "kind": "too_big" | "hop_limit" | "no_route" | "none", "error": hex or null}, ...].
"""
import json
import random
import sys

from scapy.config import conf

conf.verb = 0
from scapy.layers.inet import TCP, UDP  # noqa: E402
from scapy.layers.inet6 import (  # noqa: E402
    ICMPv6DestUnreach,
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6ND_NS,
    ICMPv6PacketTooBig,
    ICMPv6TimeExceeded,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    PadN,
    RouterAlert,
)
from scapy.packet import Raw  # noqa: E402

job = json.load(sys.stdin)
rng = random.Random(job["seed"])
MTU = 1500


def layers():
    """Extension headers, as far as a packet has some, and an upper layer; whether an error may be sent about it."""
    parts = []
    if rng.random() < 0.2:
        parts.append(IPv6ExtHdrHopByHop(options=[RouterAlert(), PadN(optdata=b"\0\0")]))
    if rng.random() < 0.2:
        parts.append(IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * rng.randrange(4))]))
    fragment = rng.random() < 0.2
    later = fragment and rng.random() < 0.5
    if fragment:
        parts.append(IPv6ExtHdrFragment(offset=rng.randrange(1, 100) if later else 0, m=1, id=rng.randrange(2**32)))
    size = rng.choice([0, 1, 7, 8, 100, 1151, 1152, 1184, 1185, 1200, 1452, 1453, 1460, 1461, 1500])
    body = Raw(bytes(rng.randrange(256) for _ in range(size)))
    kind = rng.randrange(6)
    about_error = False
    if kind == 0:
        upper = UDP(sport=rng.randrange(65536), dport=53)
    elif kind == 1:
        upper = TCP(sport=rng.randrange(65536), dport=80)
    elif kind == 2:
        upper = ICMPv6EchoRequest(id=rng.randrange(65536), seq=1)
        about_error = later
    elif kind == 3:
        upper = ICMPv6EchoReply(id=rng.randrange(65536), seq=1)
        about_error = later
    elif kind == 4:
        upper = rng.choice([ICMPv6DestUnreach(), ICMPv6PacketTooBig(mtu=1280), ICMPv6TimeExceeded()])
        about_error = True
    else:
        upper = ICMPv6ND_NS(tgt="fe80::1")
        about_error = True
    parts.append(upper)
    parts.append(body)
    return parts, about_error


def packet():
    hop_limit = rng.choice([1, 1, 2, 64, 255])
    header = IPv6(
        src=rng.choice(job["hosts"]),
        dst=rng.choice([job["far"], job["nowhere"]]),
        hlim=hop_limit,
        tc=rng.randrange(256),
        fl=rng.randrange(2**20),
    )
    parts, about_error = layers()
    whole = header
    for part in parts:
        whole = whole / part
    octets = bytes(whole)
    if header.dst == job["nowhere"]:
        kind, error = "no_route", ICMPv6DestUnreach(code=0)
    elif hop_limit == 1:
        kind, error = "hop_limit", ICMPv6TimeExceeded(code=0)
    elif len(octets) > MTU:
        kind, error = "too_big", ICMPv6PacketTooBig(mtu=MTU)
    else:
        return {"packet": octets.hex(), "kind": "none", "error": None}
    if about_error:
        return {"packet": octets.hex(), "kind": kind, "error": None}
    answer = IPv6(src=job["router"], dst=header.src, hlim=64) / error / Raw(octets[: 1280 - 48])
    return {"packet": octets.hex(), "kind": kind, "error": bytes(answer).hex()}


json.dump([packet() for _ in range(job["count"])], sys.stdout)
