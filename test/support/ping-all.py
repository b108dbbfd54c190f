# Sends an ICMP echo request to each address read from standard input, and again to those that do not answer, until all
# have answered or the time is over. Prints how many did, and after how many requests.
#   ping-all.py SECONDS REQUESTS_A_SECOND
import os, select, socket, struct, sys, time

seconds, rate = float(sys.argv[1]), float(sys.argv[2])
waiting = dict.fromkeys(sys.stdin.read().split())
asked = len(waiting)
icmp = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
icmp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
icmp.setblocking(False)
identifier = os.getpid() & 0xFFFF


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def hear(until):
    """Takes answers until that time, or until all have answered."""
    while waiting and (left := until - time.monotonic()) > 0:
        if not select.select([icmp], [], [], left)[0]:
            return
        packet, (sender, _) = icmp.recvfrom(2048)
        kind, _, _, who, _ = struct.unpack_from("!BBHHH", packet, (packet[0] & 15) * 4)
        if kind == 0 and who == identifier:
            waiting.pop(sender, None)


sent = 0
end = time.monotonic() + seconds
while waiting and time.monotonic() < end:
    for address in list(waiting):
        body = struct.pack("!BBHHH", 8, 0, 0, identifier, sent & 0xFFFF) + bytes(56)
        body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
        icmp.sendto(body, (address, 0))
        sent += 1
        hear(time.monotonic() + 1 / rate)
        if time.monotonic() >= end:
            break
    hear(min(end, time.monotonic() + 1))
print(asked - len(waiting), sent, *list(waiting)[:5])
