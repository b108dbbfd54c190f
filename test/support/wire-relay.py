"""A cable between two devices of a node, which can be made worse: every frame of one leaves by the other.

    wire-relay.py DEVICE DEVICE SOCKET

Whoever connects to SOCKET, a Unix stream, writes a line of JSON and reads `ok`, when it holds for all later frames:

    {"delay_ms": 80, "jitter_ms": 40, "loss": 0.02, "seed": 7}

Each frame waits for the delay and a part of the jitter, so frames overtake each other; `loss` is the share that is lost.
"""

import heapq
import json
import os
import random
import select
import socket
import struct
import sys
import time

ETH_P_ALL = 0x0003
# linux/if_packet.h
SOL_PACKET = 263
PACKET_ADD_MEMBERSHIP = 1
PACKET_MR_PROMISC = 1
PACKET_OUTGOING = 4
# asm-generic/socket.h: beyond net.core.rmem_max.
SO_RCVBUFFORCE = 33
RECEIVE_BUFFER_BYTES = 4 << 20
BATCH = 64


def open_device(name):
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    end.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
    end.bind((name, ETH_P_ALL))
    membership = struct.pack("iHH8s", socket.if_nametoindex(name), PACKET_MR_PROMISC, 0, b"")
    end.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership)
    end.setblocking(False)
    return end


class Relay:
    def __init__(self):
        self.delay = self.jitter = self.loss = 0
        self.random = random.Random(0)
        self.waiting = []
        self.number = 0

    def change(self, line):
        wanted = json.loads(line)
        self.delay = wanted["delay_ms"] / 1000
        self.jitter = wanted["jitter_ms"] / 1000
        self.loss = wanted["loss"]
        self.random = random.Random(wanted["seed"])

    def take(self, source, target):
        for _ in range(BATCH):
            try:
                frame, address = source.recvfrom(65536)
            except OSError:
                # There is nothing more, or the device has gone down, which its socket says once.
                return
            if address[2] == PACKET_OUTGOING or self.random.random() < self.loss:
                continue
            if self.delay == 0 and self.jitter == 0 and not self.waiting:
                send(target, frame)
                continue
            due = time.monotonic() + self.delay + self.jitter * self.random.random()
            self.number += 1
            heapq.heappush(self.waiting, (due, self.number, target, frame))

    def release(self):
        now = time.monotonic()
        while self.waiting and self.waiting[0][0] <= now:
            _, _, target, frame = heapq.heappop(self.waiting)
            send(target, frame)

    def timeout(self):
        return max(self.waiting[0][0] - time.monotonic(), 0) if self.waiting else None


def send(target, frame):
    try:
        target.send(frame)
    except OSError:
        # A device that is down or full loses what it is given, as a cable does.
        return


def main():
    a, b, path = sys.argv[1:]
    ends = {open_device(a): b, open_device(b): a}
    by_name = {name: end for end, name in zip(ends, (a, b))}
    others = {end: by_name[other] for end, other in ends.items()}
    control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    os.umask(0o077)
    control.bind(path)
    control.listen()
    relay = Relay()
    print("running", flush=True)
    while True:
        ready, _, _ = select.select([*others, control], [], [], relay.timeout())
        relay.release()
        for end in ready:
            if end is not control:
                relay.take(end, others[end])
                continue
            connection, _ = control.accept()
            with connection, connection.makefile("rw") as stream:
                relay.change(stream.readline())
                stream.write("ok\n")


main()
