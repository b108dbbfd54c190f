// TCP by iperf3 between two nodes.
import type { LabNode, NodeProcess } from '@sluice/lab';

const PORT = 5201;

/** Starts a server, pinned to a core; it stays until its lab goes. */
export function iperfServer(node: LabNode, core: number): Promise<NodeProcess> {
  return node.start(['taskset', '-c', String(core), 'iperf3', '--server', '--port', String(PORT)], {
    name: 'iperf3',
    ready: { tcp: PORT },
  });
}

/** Gbit/s that the server received, and how often the client sent something again. */
export async function iperf(
  node: LabNode,
  to: string,
  core: number,
  seconds: number,
): Promise<{ gbits: number; retransmits: number }> {
  const { stdout } = await node.run(
    [
      ...['taskset', '-c', String(core), 'iperf3', '--client', to, '--port', String(PORT)],
      ...[
        '--json',
        '--time',
        String(seconds),
        '--omit',
        seconds > 1 ? '1' : '0',
        '--connect-timeout',
        '5000',
      ],
    ],
    { deadlineMs: (seconds + 20) * 1000 },
  );
  const { end } = JSON.parse(stdout) as {
    end: { sum_sent: { retransmits: number }; sum_received: { bits_per_second: number } };
  };
  return { gbits: end.sum_received.bits_per_second / 1e9, retransmits: end.sum_sent.retransmits };
}
