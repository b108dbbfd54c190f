// Transfers between two nodes: iperf3 for rates and losses, sockets with a digest for what arrives.
import assert from 'node:assert/strict';
import type { LabNode } from '@sluice/lab';

const PORT = 5201;
const DIGEST_PORT = 5300;
/**
 * What iperf3 sends by TCP, however long that takes, and what of it has arrived when it says so: the rest is in the
 * buffers of its streams, which are 512 KiB at each end (twice what is asked for: socket(7), SO_SNDBUF).
 */
const SENT_BYTES = 10_000_000;
const WINDOW = '256K';
export const ARRIVED_LEAST = SENT_BYTES / 2;

/** What is read here of iperf3's JSON report. */
interface IperfReport {
  error?: string;
  end: {
    sum_received?: { bytes: number; bits_per_second: number };
    sum?: { packets: number; lost_packets: number; bytes: number };
  };
}

export interface IperfOptions {
  /** From the server to the client. */
  reverse?: boolean;
  parallel?: number;
  /** UDP for a second: octets of payload, and Mbit/s. */
  udp?: { size: number; mbit: number };
}

/** Sends SENT_BYTES by TCP, or for a second by UDP. Returns the end of the client's report, of which there must be one. */
export async function iperf(
  client: LabNode,
  server: LabNode,
  address: string,
  options: IperfOptions = {},
): Promise<IperfReport['end']> {
  const { reverse, parallel = 1, udp } = options;
  const argv = ['iperf3', '-J', '-c', address, '-P', String(parallel)];
  if (reverse === true) argv.push('-R');
  if (udp === undefined) argv.push('-n', String(SENT_BYTES), '-w', WINDOW);
  else argv.push('-t', '1', '-u', '-l', String(udp.size), '-b', `${udp.mbit}M`);
  const listening = await server.start(['iperf3', '-s', '-1'], { ready: { tcp: PORT } });
  try {
    const { stdout, stderr } = await client.run(argv, {
      check: false,
      deadlineMs: 50_000,
    });
    // With -J, iperf3 says what went wrong in its report, and ends with status 0 nevertheless.
    const report = JSON.parse(stdout || '{}') as IperfReport;
    assert.equal(report.error, undefined, `iperf3 from ${client.name} to ${address}: ${stderr}`);
    return report.end;
  } finally {
    await listening.stop();
  }
}

const SERVER = `
import hashlib, socket, sys
listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
print('listening', flush=True)
stream, peer = listener.accept()
digest, count = hashlib.sha256(), 0
while data := stream.recv(1 << 16):
    digest.update(data)
    count += len(data)
stream.sendall(f'{count} {digest.hexdigest()}'.encode())
`;
const CLIENT = `
import hashlib, os, socket, sys
stream = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=30,
                                  source_address=(sys.argv[4], 0) if sys.argv[4] else None)
digest, count = hashlib.sha256(), int(sys.argv[3])
left = count
while left > 0:
    data = os.urandom(min(left, 1 << 16))
    digest.update(data)
    stream.sendall(data)
    left -= len(data)
stream.shutdown(socket.SHUT_WR)
theirs = b''
while data := stream.recv(200):
    theirs += data
print(theirs.decode() == f'{count} {digest.hexdigest()}', theirs.decode())
`;

/** Sends random octets by TCP; rejects unless the far side has received exactly them. */
export async function transfer(
  from: LabNode,
  to: LabNode,
  address: string,
  bytes: number,
  options: { source?: string } = {},
): Promise<void> {
  const python = '/usr/bin/python3';
  const listening = await to.start([python, '-c', SERVER, address, String(DIGEST_PORT)], {
    name: 'receiver',
    ready: { log: /listening/ },
  });
  try {
    const argv = [
      ...[python, '-c', CLIENT],
      ...[address, String(DIGEST_PORT), String(bytes), options.source ?? ''],
    ];
    const { stdout } = await from.run(argv, { deadlineMs: 60_000 });
    assert.match(
      stdout,
      /^True /,
      `what ${to.name} received differs from what ${from.name} sent: ${stdout.trim()}`,
    );
  } finally {
    await listening.stop();
  }
}

/** Segments and datagrams that the node's kernel threw away for their checksum. */
export function checksumErrors(node: LabNode): Promise<number> {
  return counted(node, 'Ip:InHdrErrors', 'Icmp:InCsumErrors', 'Tcp:InCsumErrors', 'Udp:InCsumErrors');
}

/** Datagrams that arrived at the node while a socket of it had no room: its program waited for a processor. */
export function missedBySockets(node: LabNode): Promise<number> {
  return counted(node, 'Udp:RcvbufErrors');
}

/** Sum of counters of the node's kernel, each as PROTOCOL:NAME (/proc/net/snmp). */
async function counted(node: LabNode, ...names: string[]): Promise<number> {
  const { stdout } = await node.run(['cat', '/proc/net/snmp']);
  return names
    .map((name) => {
      const [protocol = '', counter = ''] = name.split(':');
      const [heading = '', values = ''] = stdout
        .split('\n')
        .filter((line) => line.startsWith(`${protocol}:`));
      const index = heading.split(' ').indexOf(counter);
      assert.ok(index > 0, `/proc/net/snmp has no ${name}`);
      return Number(values.split(' ')[index]);
    })
    .reduce((sum, count) => sum + count, 0);
}
