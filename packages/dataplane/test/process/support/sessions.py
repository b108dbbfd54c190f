"""A session as SSH's and exchanges as IKE's, with an echo: python3 sessions.py ADDRESS

For each line on standard input: twenty keystrokes over one TCP connection, and five exchanges over UDP with IKE's
retransmission after a second at most five times. Prints "done" and the retransmissions, or what failed.
"""
import socket
import sys

address = sys.argv[1]
session = socket.create_connection((address, 22), timeout=20)
session.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.connect((address, 500))
datagrams.settimeout(1)
print("connected", flush=True)
number = 0
for _ in sys.stdin:
    again = 0
    for _ in range(20):
        session.sendall(b"k")
        if session.recv(1) != b"k":
            sys.exit("the session was closed")
    for _ in range(5):
        number += 1
        message = b"exchange %d" % number
        for attempt in range(6):
            datagrams.send(message)
            try:
                while datagrams.recv(2048) != message:
                    pass
                break
            except socket.timeout:
                again += 1
        else:
            sys.exit("an exchange was never answered")
    print("done", again, flush=True)
