// block-telnet: no Telnet through this gateway.
import { defineUserNode, PASS, type Packet } from '@sluice/node';

const TCP = 6;
const TELNET = 23;

/** Indices of `counters`. */
const BLOCKED = 0;

export default defineUserNode({
  name: 'block-telnet',
  arc: 'ip4-unicast',
  counters: [
    { name: 'blocked', severity: 'info', drop: true, help: 'TCP to port 23, which nobody should use' },
  ],

  packet(packet: Packet): number {
    return packet.protocol === TCP && packet.destinationPort === TELNET ? BLOCKED : PASS;
  },
});
