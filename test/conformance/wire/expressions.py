"""Frames as scapy expressions: `IP(src=HOST, dst=FAR)/UDP(sport=1, dport=2)/payload(8)`."""

import scapy.layers.inet as inet
import scapy.layers.inet6 as inet6
import scapy.layers.ipsec as ipsec
import scapy.layers.l2 as l2
from scapy.packet import Packet, Padding, Raw

from associations import Associations, Opens, OpensPiece


def payload(count, start=0):
    """`count` octets that differ from their neighbours, so that one out of place shows."""
    return bytes((start + i * 7 + (i >> 8)) & 0xFF for i in range(count))


class Expressions:
    def __init__(self, wires):
        self.wires = wires
        self.associations = Associations()
        self.names = {"SENTINEL": b""}
        self.base = {}
        for module in (l2, inet, inet6, ipsec):
            for name, value in vars(module).items():
                if isinstance(value, type) and issubclass(value, Packet):
                    self.base[name] = value
        self.base |= {
            **{"Raw": Raw, "Padding": Padding, "payload": payload, "fragments": fragments, "fragments6": fragments6},
            **{"cut": cut, "flip": flip, "wrong": wrong, "icmp_error": icmp_error, "icmp6_error": icmp6_error},
            **{"seal": self.associations.seal, "opens": self.associations.opens, "spi": self.associations.spi},
        }

    def value(self, text):
        return eval(text, {**self.base, **self.names})  # the text is a case's, not a stranger's

    def frames(self, sent):
        """Octets of the frames of one entry of `send`."""
        value = self.value(sent["packet"])
        values = [value] if "pieces" not in sent else [value[i] for i in sent["pieces"]]
        return [self.frame(sent["port"], each) for each in values]

    def frame(self, port, value):
        """Octets of a frame that a station behind a port sends to the gateway."""
        own, gateway = self.wires.ports[port].own, self.wires.ports[port].gateway
        return bytes(linked(value, own, gateway))

    def expected(self, port, text):
        """A packet, Opens or OpensPiece, that the gateway sends to the station behind a port."""
        own, gateway = self.wires.ports[port].own, self.wires.ports[port].gateway
        value = self.value(text)
        if isinstance(value, (Opens, OpensPiece)):
            return value.linked(lambda p: linked(p, gateway, own))
        return linked(value, gateway, own)

    def dissected(self, port, octets):
        """A received frame, as layers."""
        if self.wires.ports[port].own is not None:
            return l2.Ether(octets)
        return inet6.IPv6(octets) if octets[0] >> 4 == 6 else inet.IP(octets)


def icmp6_error(source, target, about, message):
    """The ICMPv6 error, an ICMPv6 layer, that a router sends about a packet as it came (RFC 4443 section 2.4)."""
    return inet6.IPv6(src=source, dst=target, hlim=64) / message / Raw(bytes(about)[: 1280 - 48])


class Frame(bytes):
    """Octets of a whole frame, link header included; other octets are an IP packet's."""


def linked(value, source, target):
    """Puts a link header before what has none, on a port that needs one."""
    if source is None or isinstance(value, (Frame, l2.Ether, l2.Dot3)):
        return value
    header = l2.Ether(src=source, dst=target)
    if isinstance(value, bytes):
        header.type = 0x86DD if value[:1] and value[0] >> 4 == 6 else 0x0800
        return header / Raw(value)
    return header / value


def fragments(packet, size):
    """Cuts an IPv4 packet into fragments of `size` octets of payload (a multiple of 8), as a list."""
    packet = inet.IP(bytes(packet))
    body = bytes(packet.payload)
    header = packet.copy()
    header.remove_payload()
    made = []
    for at in range(0, len(body), size):
        piece = header.copy()
        piece.len = piece.chksum = None
        piece.frag = packet.frag + at // 8
        last = at + size >= len(body)
        piece.flags = packet.flags if last else int(packet.flags) | 1
        made.append(piece / Raw(body[at : at + size]))
    return made


def fragments6(packet, size, number=77):
    """The same of an IPv6 packet without extension headers, by a fragment header (RFC 8200 section 4.5)."""
    packet = inet6.IPv6(bytes(packet))
    body = bytes(packet)[40:]
    header = {name: packet.getfieldval(name) for name in ("tc", "fl", "hlim", "src", "dst")}
    return [
        inet6.IPv6(**header)
        / inet6.IPv6ExtHdrFragment(nh=packet.nh, offset=at // 8, m=int(at + size < len(body)), id=number)
        / Raw(body[at : at + size])
        for at in range(0, len(body), size)
    ]


def icmp_error(source, target, about, kind, code, mtu=0, octets=576):
    """The ICMP error that a router sends about a packet as it came (RFC 1812 section 4.3.2), `octets` long at most."""
    header = inet.IP(src=source, dst=target, tos=0xC0, id=0, ttl=64)
    message = inet.ICMP(type=kind, code=code)
    if mtu:
        message.nexthopmtu = mtu
    return header / message / Raw(bytes(about)[: octets - 28])


def octets_like(packet, octets):
    """Octets made of a packet's: a frame's if it was a frame."""
    return Frame(octets) if isinstance(packet, (Frame, l2.Ether)) else bytes(octets)


def cut(packet, count):
    """The first `count` octets of a packet, its length fields as they were."""
    return octets_like(packet, bytes(packet)[:count])


def flip(packet, at, mask=1):
    """A packet with bits of one octet flipped; negative positions count from the end."""
    octets = bytearray(bytes(packet))
    octets[at] ^= mask
    return octets_like(packet, octets)


def wrong(packet, **fields):
    """A finished packet whose first layer then gets other fields: checksums stay those of the right one."""
    made = packet.__class__(bytes(packet))
    for name, value in fields.items():
        setattr(made, name, value)
    return made
