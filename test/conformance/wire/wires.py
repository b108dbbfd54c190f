"""Raw sockets on devices of several network namespaces, and the order in which frames came out of them."""

import contextlib
import ctypes
import os
import select
import socket
import struct
import time

from background import Background

ETH_P_ALL = 0x0003
SOL_PACKET = 263
PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 8, 23  # linux/if_packet.h
TP_STATUS_VLAN_VALID, TP_STATUS_VLAN_TPID_VALID = 1 << 4, 1 << 6
AUXDATA = struct.Struct("=IIIHHHH")  # struct tpacket_auxdata
SO_RCVBUFFORCE = 33  # asm-generic/socket.h: beyond net.core.rmem_max
CLONE_NEWNET = 0x40000000  # linux/sched.h
RECEIVE_BUFFER_BYTES = 16 << 20

# What every sentinel carries, before eight octets of its own.
MARK = b"sluice sentinel "
TOKEN_BYTES = len(MARK) + 8


@contextlib.contextmanager
def namespace_of(pid):
    """Sockets made inside are in the network namespace of process `pid`; null is this process's own."""
    if pid is None:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(file):
        if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {file.name}")

    with open("/proc/self/ns/net", "rb") as home, open(f"/proc/{pid}/ns/net", "rb") as there:
        enter(there)
        try:
            yield
        finally:
            enter(home)


class Port:
    """
    A device with stations behind it. `pid` is a process of the namespace that it is in, null for this one;
    `own` and `gateway` are the MAC addresses of frames from here to there, null on a device without link
    header; `stations` maps the addresses that answer ARP and neighbour solicitations to MAC addresses.
    """

    def __init__(self, name, device, pid, own, gateway, stations):
        self.name, self.own, self.gateway = name, own, gateway
        self.background = Background(own, stations)
        self.sent = self.received = 0
        with namespace_of(pid):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self.socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
            self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
            self.socket.bind((device, ETH_P_ALL))
        self.device = device

    def receive(self):
        """A frame as it was on the wire: Linux takes the outer VLAN tag off."""
        octets, ancillary, _, _ = self.socket.recvmsg(1 << 17, 256, socket.MSG_DONTWAIT)
        for level, kind, data in ancillary:
            if (level, kind) != (SOL_PACKET, PACKET_AUXDATA):
                continue
            status, *_, tci, tpid = AUXDATA.unpack(data[: AUXDATA.size])
            if status & TP_STATUS_VLAN_VALID:
                tpid = tpid if status & TP_STATUS_VLAN_TPID_VALID else 0x8100
                octets = octets[:12] + struct.pack("!HH", tpid, tci) + octets[12:]
        return octets

    def send(self, octets):
        # Without a protocol of its own a socket on a device without link header could not say what it sends.
        protocol = 0x86DD if octets[0] >> 4 == 6 else 0x0800
        if self.own is None:
            self.socket.sendto(octets, (self.device, protocol))
        else:
            self.socket.send(octets)
        self.sent += 1


class Wires:
    def __init__(self):
        self.ports = {}
        self.by_fd = {}
        self.sinks = []
        self.poll = select.poll()
        self.watch = set()
        self.arrived = []
        self.seen = set()
        self.tokens = 0

    def open(self, port):
        old = self.ports.get(port["name"])
        if old is not None:
            self.poll.unregister(old.socket)
            del self.by_fd[old.socket.fileno()]
            old.socket.close()
        opened = Port(**port)
        self.ports[opened.name] = opened
        self.by_fd[opened.socket.fileno()] = opened
        self.poll.register(opened.socket, select.POLLIN)

    def sink(self, pid, port):
        """A UDP port of a namespace's Linux that swallows what it gets, so that nobody answers."""
        with namespace_of(pid):
            family = socket.AF_INET6 if os.path.exists("/proc/net/if_inet6") else socket.AF_INET
            sink = socket.socket(family, socket.SOCK_DGRAM)
            sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 0)
            sink.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", port))
        self.sinks.append(sink)

    def send(self, port, octets, times=1):
        for _ in range(times):
            self.ports[port].send(octets)

    def begin(self, watch):
        """Starts a step: `watch` names background that belongs to it (see Background)."""
        self.watch = watch

    def end(self):
        """Ends it: (port, octets) in the order of arrival, also of what came unasked since the step before."""
        came, self.arrived = self.arrived, []
        self.watch, self.seen = set(), set()
        return came

    def token(self):
        self.tokens += 1
        return MARK + self.tokens.to_bytes(8, "big")

    def have(self, wanted):
        counts = {}
        for port, _ in self.arrived:
            counts[port] = counts.get(port, 0) + 1
        free = 0
        for port, count in wanted.items():
            if "|" not in port and counts.get(port, 0) < count:
                return False
            free += count
        return len(self.arrived) >= free

    def pump_until(self, condition, seconds):
        """Takes what arrives until a condition holds, and returns whether it did in time."""
        end = time.monotonic() + seconds
        while not condition():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.pump(left)
        return True

    def pump(self, seconds):
        """Waits for arrivals, and takes them; returns true when commands can be read."""
        ready = False
        for fd, _ in self.poll.poll(seconds * 1000):
            if fd in self.by_fd:
                self.take(self.by_fd[fd])
            else:
                ready = True
        return ready

    def take(self, port):
        while True:
            try:
                octets = port.receive()
            except BlockingIOError:
                return
            port.received += 1
            mark = octets.find(MARK)
            if mark >= 0:
                self.seen.add(octets[mark : mark + TOKEN_BYTES])
            elif not port.background.absorbs(octets, self.watch, port.send):
                self.arrived.append((port.name, octets))

    def lines(self, stdin):
        """Lines of a pipe, as they come, while arrivals are taken; ends with the pipe."""
        fd = stdin.fileno()
        self.poll.register(fd, select.POLLIN)
        rest = b""
        while True:
            if not self.pump(3600):
                continue
            more = os.read(fd, 1 << 20)
            if not more:
                return
            *whole, rest = (rest + more).split(b"\n")
            yield from whole
