"""Answers on TCP port 22 and UDP port 500 what it is sent, and says when it listens: python3 echo.py ADDRESS"""
import selectors
import socket
import sys

address = sys.argv[1]
selector = selectors.DefaultSelector()
listener = socket.create_server((address, 22))
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind((address, 500))
for each in (listener, datagrams):
    selector.register(each, selectors.EVENT_READ)
print("listens", flush=True)
while True:
    for key, _ in selector.select():
        if key.fileobj is listener:
            selector.register(listener.accept()[0], selectors.EVENT_READ)
        elif key.fileobj is datagrams:
            data, peer = datagrams.recvfrom(2048)
            # What a flood sends has nobody to answer to.
            if data.startswith(b"exchange"):
                datagrams.sendto(data, peer)
        else:
            data = key.fileobj.recv(2048)
            if data:
                key.fileobj.sendall(data)
            else:
                selector.unregister(key.fileobj)
