"""What goes on at a port beside a case: stations answer ARP and neighbour solicitations, Linux announces itself."""

import socket

ARP = b"\x08\x06"
TAGS = (b"\x81\x00", b"\x88\xa8")
TAG_BYTES = 4
IP6 = b"\x86\xdd"
ARP_REQUEST = b"\x00\x01"
ICMP6 = 58
ROUTER_SOLICITATION, NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT = 133, 135, 136
MULTICAST_REPORTS = (131, 132, 143)
HOP_BY_HOP = 0
ALL_NODES = bytes.fromhex("ff020000000000000000000000000001")
SOLICITED_OVERRIDE = b"\x60\x00\x00\x00"


def octets_of(mac):
    return bytes.fromhex(mac.replace(":", ""))


def sum16(data):
    total = sum(int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Background:
    """
    Kinds of it, which a case may watch instead: `arp`, `nd` (solicitations and advertisements of neighbours),
    `probes` (of both, requests to one station that is known already, and whether anybody else has an address: they
    come when their time is up, whatever a case does), `announcements` (of the box's addresses by ARP and neighbour
    advertisements to everyone; router solicitations and multicast reports), `all-nodes` (of these, neighbour
    advertisements alone, one of which answers who wants to have an address of the box).
    """

    def __init__(self, own, stations):
        self.link = own is not None
        self.stations = {}
        for address, mac in stations.items():
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            self.stations[socket.inet_pton(family, address)] = octets_of(mac)

    def absorbs(self, frame, watch, reply):
        """True for a frame of the background, which has been answered when somebody waits for that."""
        if not self.link:
            return "announcements" not in watch and self.is_announcement(frame)
        if frame[12:14] in TAGS:
            # As without the tag; the answer has it, too.
            tag = frame[12 : 12 + TAG_BYTES]
            plain = frame[:12] + frame[12 + TAG_BYTES :]
            return self.absorbs(plain, watch, lambda answer: reply(answer[:12] + tag + answer[12:]))
        to_one = not frame[0] & 1
        if frame[12:14] == ARP:
            request = frame[20:22] == ARP_REQUEST
            probe = request and (to_one or frame[28:32] == bytes(4))
            announcement = frame[28:32] == frame[38:42]
            if ("announcements" if announcement else "probes" if probe else "arp") in watch:
                return False
            self.answer_arp(frame, reply)
            return True
        if frame[12:14] != IP6:
            return False
        if frame[20] == ICMP6 and frame[54] in (NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT):
            solicitation = frame[54] == NEIGHBOUR_SOLICITATION
            probe = solicitation and (to_one or frame[22:38] == bytes(16))
            announcement = not solicitation and frame[38:54] == ALL_NODES
            if announcement and "all-nodes" in watch:
                return False
            if ("announcements" if announcement else "probes" if probe else "nd") in watch:
                return False
            self.answer_solicitation(frame, reply)
            return True
        return "announcements" not in watch and self.is_announcement(frame[14:])

    def answer_arp(self, frame, reply):
        mac = self.stations.get(frame[38:42])
        if frame[20:22] == ARP_REQUEST and mac is not None:
            head = frame[6:12] + mac + frame[12:20] + b"\x00\x02"
            reply(head + mac + frame[38:42] + frame[22:32])

    def answer_solicitation(self, frame, reply):
        mac = self.stations.get(frame[62:78])
        if frame[54] != NEIGHBOUR_SOLICITATION or mac is None:
            return
        own, asker = frame[62:78], frame[22:38]
        body = SOLICITED_OVERRIDE + own + b"\x02\x01" + mac
        message = b"\x88\x00\x00\x00" + body
        pseudo = own + asker + len(message).to_bytes(4, "big") + b"\x00\x00\x00" + bytes([ICMP6])
        message = b"\x88\x00" + sum16(pseudo + message).to_bytes(2, "big") + body
        header = b"\x60\x00\x00\x00" + len(message).to_bytes(2, "big") + bytes([ICMP6, 255]) + own + asker
        reply(frame[6:12] + mac + IP6 + header + message)

    @staticmethod
    def is_announcement(packet):
        if len(packet) < 48 or packet[0] >> 4 != 6:
            return False
        at = 40
        kind = packet[6]
        if kind == HOP_BY_HOP:
            kind, at = packet[40], 40 + 8 * (packet[41] + 1)
        types = (ROUTER_SOLICITATION, *MULTICAST_REPORTS)
        return kind == ICMP6 and at < len(packet) and packet[at] in types
