// Sends frames as they are from a node's device, at a rate that the far side can take.
import type { LabNode } from '@sluice/lab';

/** Frames a second. The far end of a veth pair drops in silence what it has no room for. */
const RATE = 30_000;

const SEND = `
import socket, struct, sys, time
device, path, rate = sys.argv[1], sys.argv[2], float(sys.argv[3])
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind((device, 0))
data, at, sent = open(path, 'rb').read(), 0, 0
start = time.monotonic()
while at < len(data):
    length, = struct.unpack_from('<H', data, at)
    out.send(data[at + 2:at + 2 + length])
    at += 2 + length
    sent += 1
    if sent % 32 == 0:
        ahead = sent / rate - (time.monotonic() - start)
        if ahead > 0.001:
            time.sleep(ahead)
print(sent)
`;

/** Resolves when all were sent; frames are 14 octets at least, which is what Linux sends. */
export async function sendFrames(
  node: LabNode,
  device: string,
  frames: readonly Buffer[],
  rate = RATE,
): Promise<void> {
  const parts = frames.flatMap((frame) => {
    const length = Buffer.alloc(2);
    length.writeUInt16LE(frame.length);
    return [length, frame];
  });
  const path = node.writeFile(`frames-${device}.bin`, Buffer.concat(parts));
  const { stdout } = await node.run(['/usr/bin/python3', '-c', SEND, device, path, String(rate)], {
    deadlineMs: 60_000,
  });
  if (Number(stdout) !== frames.length)
    throw new Error(`${stdout.trim()} of ${frames.length} frames were sent`);
}

export async function macOf(node: LabNode, device: string): Promise<string> {
  const { stdout } = await node.run(['cat', `/sys/class/net/${device}/address`]);
  return stdout.trim();
}
