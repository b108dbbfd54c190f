"""One end of a steady flow of numbered datagrams each way, which notes what it sent and what arrived.

    probe.py LOCAL REMOTE PORT PACKETS_PER_SECOND PAYLOAD_BYTES FILE

Appends to FILE.sent a record of 8 octets for each datagram (when it was sent; its number is its place in the
file) and to FILE.received one of 16 octets (its number, when it arrived). Times are nanoseconds of
CLOCK_MONOTONIC, which every process of a machine shares. Ends with an error when a payload was changed.
"""

import socket
import struct
import sys
import time

FLUSH_NS = 20_000_000
RECEIVE_BUFFER_BYTES = 16 << 20
# asm-generic/socket.h: beyond net.core.rmem_max, so that a receiver that is not scheduled loses nothing.
SO_RCVBUFFORCE = 33
NUMBER = struct.Struct("!Q")
RECORD = struct.Struct("<QQ")


def main():
    local, remote, port, rate, payload_bytes, file = sys.argv[1:]
    interval = 10**9 // int(rate)
    fill = bytes(i * 7 & 0xFF for i in range(int(payload_bytes) - NUMBER.size))
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
    end.bind((local, int(port)))
    peer = (remote, int(port))
    with open(f"{file}.sent", "ab") as sent, open(f"{file}.received", "ab") as received:
        print("running", flush=True)
        number = 0
        due = flushed = time.monotonic_ns()
        while True:
            now = time.monotonic_ns()
            if now >= due:
                sent.write(struct.pack("<Q", now))
                # Waits for room in the socket rather than lose what was noted as sent.
                end.settimeout(None)
                end.sendto(NUMBER.pack(number) + fill, peer)
                number += 1
                due = max(due + interval, now - 10 * interval)
            if now - flushed >= FLUSH_NS:
                sent.flush()
                received.flush()
                flushed = now
            end.settimeout(max(due - time.monotonic_ns(), 1000) / 1e9)
            try:
                datagram = end.recv(65536)
            except (TimeoutError, BlockingIOError):
                continue
            if datagram[NUMBER.size :] != fill:
                sys.exit(f"a datagram of {len(datagram)} octets is not what was sent")
            received.write(RECORD.pack(NUMBER.unpack_from(datagram)[0], time.monotonic_ns()))


main()
