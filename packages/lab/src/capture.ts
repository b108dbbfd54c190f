// Packet capture at an interface of a node, and the frames in it.
import { until } from '@sluice/shared';
import { LabError } from './errors.js';
import type { LabNode } from './nodes/node.js';
import type { NodeProcess } from './nodes/node-process.js';
import { runCommand } from './system/command.js';

export interface CaptureOptions {
  /** A device of the node, or `any`. */
  interface: string;
  /** pcap-filter(7): what is kept; everything unless told. */
  filter?: string;
  /** Octets kept of each frame; all unless told. */
  snapLength?: number;
  /** Names the file, `<name>.pcap` in the node's directory; `capture-<interface>` unless told. */
  name?: string;
}

export class Capture {
  private constructor(
    /** The pcap file. */
    readonly path: string,
    private readonly tcpdump: NodeProcess,
  ) {}

  static async start(node: LabNode, options: CaptureOptions): Promise<Capture> {
    const name = options.name ?? `capture-${options.interface}`;
    const path = node.path(`${name}.pcap`);
    const argv = [
      'tcpdump',
      ...['-i', options.interface, '-n', '-s', String(options.snapLength ?? 0), '-w', path],
      // Written packet by packet, and read as they come: what has passed is in the file.
      ...['-U', '--immediate-mode'],
      // Debian's tcpdump changes to a user of its own, who may not write in the node's directory.
      ...['-Z', 'root'],
      ...(options.filter === undefined ? [] : [options.filter]),
    ];
    const tcpdump = await node.start(argv, { name: `tcpdump-${name}`, ready: { log: /listening on/ } });
    return new Capture(path, tcpdump);
  }

  /** Waits until at least `count` frames are in the file: what a node has sent may still be on its way. */
  async waitFor(count: number, { filter }: { filter?: string } = {}): Promise<void> {
    await until(
      `${count} frames${filter ? ` matching ${filter}` : ''} in ${this.path}`,
      async () => (await framesIn(this.path, ['frame.number'], filter)).length >= count,
      { intervalMs: 100 },
    );
  }

  /** Ends the capture. Returns the path of the pcap file. Throws LabError when tcpdump had failed meanwhile. */
  async stop(): Promise<string> {
    const status = await this.tcpdump.stop({ signal: 'SIGINT' });
    if (status !== 0) {
      throw new LabError(
        'process-ended',
        `the capture ended with status ${status}: ${this.tcpdump.log().trim()}`,
      );
    }
    return this.path;
  }
}

/**
 * The frames of a pcap file, as the values of tshark's fields (`ip.src`, `esp.spi`…); a field that a frame has
 * more than once has its first value, one that it has not is empty. `filter` is a display filter.
 * A last frame that is still being written is left out.
 */
export async function framesIn<F extends string>(
  path: string,
  fields: readonly F[],
  filter?: string,
): Promise<Record<F, string>[]> {
  const { code, stdout, stderr } = await runCommand(
    [
      ...['tshark', '-n', '-r', path, '-T', 'fields', '-E', 'separator=/t', '-E', 'occurrence=f'],
      ...fields.flatMap((field) => ['-e', field]),
      ...(filter === undefined ? [] : ['-Y', filter]),
    ],
    { check: false },
  );
  if (code !== 0 && !stderr.includes('cut short')) {
    throw new LabError('command-failed', `tshark cannot read ${path}: ${stderr.trim()}`);
  }
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const values = line.split('\t');
      return Object.fromEntries(fields.map((field, i) => [field, values[i] ?? ''])) as Record<F, string>;
    });
}
