// A router that hides what is behind it: source NAT to the address of its outside interface.
import { runCommand } from '../system/command.js';
import { checkDeviceName } from '../system/paths.js';
import { LabNode } from './node.js';

export class Nat extends LabNode {
  /** @param outside name of the device towards the outside; it need not exist yet. */
  async setUp(outside: string): Promise<void> {
    checkDeviceName(outside);
    const masquerade = ['-t', 'nat', '-A', 'POSTROUTING', '-o', outside, '-j', 'MASQUERADE'];
    await runCommand(this.enter(['iptables', '-w', '5', ...masquerade]), { where: `in ${this.name}` });
  }
}
