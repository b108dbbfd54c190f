# Sends UDP to each address read from standard input in turn, at a rate and for a time, whether or not anybody takes it.
# Prints how many datagrams it has sent in how many seconds.
#   flood-all.py SECONDS PACKETS_A_SECOND OCTETS_OF_IP
import socket, sys, time

PORT = 9
HEADERS = 28
BATCH = 64
seconds, rate, octets = float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
addresses = [(address, PORT) for address in sys.stdin.read().split()]
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
body = bytes(octets - HEADERS)
start, sent = time.monotonic(), 0
while (now := time.monotonic() - start) < seconds:
    for _ in range(min(BATCH, int(now * rate) - sent)):
        out.sendto(body, addresses[sent % len(addresses)])
        sent += 1
print(sent, now)
