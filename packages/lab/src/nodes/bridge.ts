// An Ethernet switch: a Linux bridge alone in its namespace.
import { runCommand } from '../system/command.js';
import { LabNode } from './node.js';

const DEVICE = 'br0';

export class Bridge extends LabNode {
  /** No spanning tree, no forwarding delay, no snooping: it passes frames from the first one on. */
  async setUp(): Promise<void> {
    const options = ['stp_state', '0', 'forward_delay', '0', 'mcast_snooping', '0'];
    await runCommand(
      ['ip', '-n', this.namespace, 'link', 'add', DEVICE, 'up', 'type', 'bridge', ...options],
      { where: `in ${this.name}` },
    );
  }

  override portSetup(device: string): string[] {
    return [`link set ${device} master ${DEVICE}`];
  }
}
