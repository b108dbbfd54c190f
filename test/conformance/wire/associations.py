"""Security associations by scapy's IPsec layer (RFC 4303), which shares no code with the gateway."""

from algorithms import EsnAuth
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.layers.ipsec import ESP, SecurityAssociation, _ESPPlain
from scapy.packet import Raw

CIPHERS = {
    "aes-gcm": "AES-GCM",
    "aes-gmac": "AES-GMAC",
    "aes-cbc": "AES-CBC",
    "aes-ctr": "AES-CTR",
    "chacha20-poly1305": "CHACHA20-POLY1305",
    "null": "NULL",
}
INTEGRITY = {
    "none": "NULL",
    "hmac-sha1": "HMAC-SHA1-96",
    "hmac-sha2-256": "SHA2-256-128",
    "hmac-sha2-384": "SHA2-384-192",
    "hmac-sha2-512": "SHA2-512-256",
}
IPIP, IPV6 = 4, 41


class Opens:
    """An ESP packet that an SA opens: its outer header, SPI and number as named, `inner` inside."""

    def __init__(self, associations, name, inner, outer, seq, high, link=None):
        self.associations, self.name, self.inner, self.outer = associations, name, inner, outer
        self.seq, self.high = seq, high
        self.link = link or (lambda packet: packet)

    def linked(self, link):
        return Opens(self.associations, self.name, self.inner, self.outer, self.seq, self.high, link)

    def differs(self, actual, compare):
        """Null, or a text; `compare` is called with the packets that must be the same, and what they are."""
        outer = actual.getlayer(type(self.outer))
        if outer is None or ESP not in actual:
            return f"ESP expected:\n{actual.show(dump=True)}"
        wrong = compare(self.link(self.outer / actual[ESP].copy()), actual, "outer packet")
        return wrong if wrong is not None else self.opened(outer, compare)

    def opened(self, outer, compare):
        """Whether the SA opens a packet, an IP header and what is behind it, and `inner` is inside."""
        sa = self.associations.named(self.name, self.high)
        if ESP not in outer or (outer[ESP].spi, outer[ESP].seq) != (sa.spi, self.seq):
            return f"SPI {sa.spi:#x}, number {self.seq} expected:\n{outer.show(dump=True)}"
        try:
            opened = sa.decrypt(outer.copy(), esn=self.high)
        except Exception as error:  # scapy says in several ways that a packet is not this SA's
            return f"SA {self.name} does not open it: {error!r}\n{outer.show(dump=True)}"
        return compare(self.inner, opened.__class__(bytes(opened)), "inner packet")


class OpensPiece:
    """
    A fragment of an ESP packet, from `at` on of its payload: with the last one it has come whole, and is opened.
    `pieces` has what came of its packet before, by offset.
    """

    def __init__(self, opens, at, octets, more, pieces):
        self.opens, self.at, self.octets, self.more, self.pieces = opens, at, octets, more, pieces

    def linked(self, link):
        return OpensPiece(self.opens.linked(link), self.at, self.octets, self.more, self.pieces)

    def differs(self, actual, compare):
        outer = actual.getlayer(type(self.opens.outer))
        if outer is None:
            return f"a fragment of ESP expected:\n{actual.show(dump=True)}"
        octets = bytes(outer.original)[-self.octets :]
        self.pieces[self.at] = octets
        header = self.opens.outer.copy()
        if isinstance(header, IP):
            header.proto, header.flags, header.frag = 50, "MF" if self.more else 0, self.at // 8
        else:
            header = header / IPv6ExtHdrFragment(nh=50, m=int(self.more), offset=self.at // 8)
        wrong = compare(self.opens.link(header / Raw(octets)), actual, "fragment")
        if wrong is not None or self.more:
            return wrong
        whole = b"".join(self.pieces[at] for at in sorted(self.pieces))
        number = {"proto": 50} if isinstance(self.opens.outer, IP) else {"nh": 50}
        packet = self.opens.outer.__class__(bytes(self.opens.outer.__class__(**number) / Raw(whole)))
        return self.opens.opened(packet, compare)


class Associations:
    def __init__(self):
        self.specs = {}
        self.pieces = {}

    def define(self, name, spec):
        self.pieces = {key: value for key, value in self.pieces.items() if key[0] != name}
        if spec is None:
            self.specs.pop(name, None)
        else:
            self.specs[name] = spec

    def named(self, name, high=0):
        spec = self.specs[name]
        crypto = spec["crypto"]
        outer = IPv6 if ":" in spec["src"] else IP
        cipher = CIPHERS[crypto["cipher"]]
        if cipher == "AES-GCM" and crypto["icv_bytes"] != 16:
            cipher = "AES-GCM, any ICV"
        sa = SecurityAssociation(
            ESP,
            spi=spec["spi"],
            crypt_algo=cipher,
            crypt_key=bytes.fromhex(crypto["key_hex"]) or None,
            crypt_icv_size=crypto["icv_bytes"] if crypto["integrity"] == "none" else None,
            auth_algo=INTEGRITY[crypto["integrity"]],
            auth_key=bytes.fromhex(crypto["integrity_key_hex"]) or None,
            tunnel_header=outer(src=spec["src"], dst=spec["dst"]) if spec["mode"] == "tunnel" else None,
            esn_en=spec["esn"],
            esn=high,
        )
        if spec["esn"] and crypto["integrity"] != "none":
            sa.auth_algo = EsnAuth(sa.auth_algo, high)
        return sa

    def seal(self, name, inner, seq=1, high=0, outer={}, nh=None, padding=None, padlen=None, tfc=b"", encap=None):
        """
        `inner` sealed under an SA, in a packet whose header has the fields `outer` beside the SA's addresses.
        The others lie: `nh` the next header, `padding` and `padlen` the trailer; `tfc` is put behind the inner
        packet (RFC 4303 section 2.7); `encap` are fields of the UDP header of ESP in UDP.
        """
        sa, spec = self.named(name, high), self.specs[name]
        inner_octets = bytes(inner)
        esp = _ESPPlain(spi=sa.spi, seq=seq, iv=sa.crypt_algo.generate_iv())
        esp.data = inner_octets + tfc
        esp.nh = nh if nh is not None else {4: IPIP, 6: IPV6}[inner_octets[0] >> 4]
        esp = sa.crypt_algo.pad(esp)
        if padding is not None:
            esp.padding, esp.padlen = padding, len(padding)
        if padlen is not None:
            esp.padlen = padlen
        sealed = sa.crypt_algo.encrypt(
            sa, esp, sa.crypt_key, sa.crypt_icv_size, esn_en=sa.esn_en, esn=high
        )
        sa.auth_algo.sign(sealed, sa.auth_key)
        kind = IPv6 if ":" in spec["src"] else IP
        header = kind(src=spec["src"], dst=spec["dst"], **outer)
        ports = spec["encap"]
        if ports is not None:
            udp = {"sport": ports["src_port"], "dport": ports["dst_port"], "chksum": 0, **(encap or {})}
            return kind(bytes(header / UDP(**udp) / Raw(bytes(sealed))))
        number = {"nh": 50} if kind is IPv6 else {"proto": 50}
        return kind(bytes(kind(src=spec["src"], dst=spec["dst"], **{**number, **outer}) / Raw(bytes(sealed))))

    def opens(self, name, inner, outer, seq, high=0, piece=None):
        """`piece`: (offset, octets, whether more follow) of a fragment of the packet."""
        opens = Opens(self, name, inner, outer, seq, high)
        if piece is None:
            return opens
        return OpensPiece(opens, *piece, self.pieces.setdefault((name, seq, high), {}))

    def spi(self, name):
        return self.specs[name]["spi"]
