// What the far namespace runs: programs for /usr/bin/python3, whose sockets reach what Node's do not.

const DEADLINE_S = 10;

/**
 * Sends `count` frames of 60 to 1514 bytes to `destination`, and ends well when each has come back whole, with its
 * addresses exchanged. Arguments: device, destination MAC, count.
 */
export const ECHO_FRAMES = `
import os, socket, struct, sys
device, destination, count = sys.argv[1], bytes.fromhex(sys.argv[2].replace(':', '')), int(sys.argv[3])
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b5))
s.bind((device, 0x88b5))
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
s.settimeout(${DEADLINE_S})
own = s.getsockname()[4]
frames = {}
for i in range(count):
    frames[i] = struct.pack('!I', i) + os.urandom(60 - 18 + i * 1454 // max(1, count - 1))
def receive():
    frame = s.recv(2048)
    if frame[0:6] != own: return
    i, = struct.unpack('!I', frame[14:18])
    assert frame[6:12] == destination, 'addresses of %d' % i
    assert frame[14:] == frames.pop(i), 'payload of %d' % i
sent = 0
for i in range(count):
    s.send(destination + own + b'\\x88\\xb5' + frames[i])
    sent += 1
    while sent - (count - len(frames)) > 64: receive()
while frames: receive()
print('echoed', count)
`;

/**
 * Sends UDP datagrams from 10.9.0.2 and ends well when each has come back: the kernel leaves their checksums to the
 * device, and checks those of the answers. Arguments: count.
 */
export const ECHO_UDP = `
import os, socket, struct, sys
count = int(sys.argv[1])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('10.9.0.2', 5000))
s.connect(('10.9.0.1', 7))
s.settimeout(${DEADLINE_S})
for i in range(count):
    payload = struct.pack('!I', i) + os.urandom(i * 1400 // count)
    s.send(payload)
    assert s.recv(2048) == payload, 'answer %d' % i
print('echoed', count)
`;

/** Sends one datagram of three segments (UDP_SEGMENT), and one that no frame takes. */
export const SEND_OVERSIZE = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(('10.9.0.1', 9))
s.send(b'l' * 3000)
s.setsockopt(socket.IPPROTO_UDP, 103, 500)
s.send(b'g' * 1500)
`;

/** Sends one frame with an 802.1Q tag, VLAN 42, priority 3. Arguments: device, destination MAC. */
export const SEND_VLAN = `
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[1], 0))
s.send(bytes.fromhex(sys.argv[2].replace(':', '')) + b'\\x02\\0\\0\\0\\0\\x99' + b'\\x81\\x00\\x60\\x2a\\x88\\xb5' + b'tagged' * 10)
`;

/**
 * Sends a packet with a description of what is left to the device (PACKET_VNET_HDR). Arguments: device, struct
 * virtio_net_hdr and frame in hex.
 */
export const SEND_DESCRIBED = `
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.setsockopt(263, 15, 1)
s.bind((sys.argv[1], 0))
s.send(bytes.fromhex(sys.argv[2]))
`;

/** Prints frames that come, each behind its struct virtio_net_hdr, in hex. Arguments: device, how many. */
export const RECEIVE_DESCRIBED = `
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.setsockopt(263, 15, 1)
s.bind((sys.argv[1], 3))
s.settimeout(${DEADLINE_S})
print('listening', flush=True)
for _ in range(int(sys.argv[2])): print(s.recv(70000).hex())
`;

/** Ends well when a frame has come that is the one expected. Arguments: device, the frame in hex. */
export const RECEIVE_FRAME = `
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b5))
s.bind((sys.argv[1], 0x88b5))
s.settimeout(${DEADLINE_S})
print('listening', flush=True)
assert s.recv(4096) == bytes.fromhex(sys.argv[2])
`;

export const python = (program: string, ...args: string[]): string[] => [
  '/usr/bin/python3',
  '-c',
  program,
  ...args,
];
