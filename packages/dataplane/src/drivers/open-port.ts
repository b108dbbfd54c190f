// Opens a port from its description.
import type { PacketPool } from '../memory/packet-pool.js';
import type { SpscRing } from '../memory/spsc-ring.js';
import { AfPacketPort } from './af-packet.js';
import { AfXdpPort } from './af-xdp.js';
import { MemoryPort } from './memory.js';
import type { Port, PortSpec } from './port.js';

export interface OpenedPort {
  port: Port;
  /** How the driver runs: for people. */
  mode: string;
  /** The ring whose producer wakes the worker, for a port that has one. */
  ring: SpscRing | null;
}

export function openPort(spec: PortSpec, pool: PacketPool): OpenedPort {
  switch (spec.driver) {
    case 'af_xdp': {
      const port = new AfXdpPort(pool, spec.device, spec.queue);
      return { port, mode: port.mode, ring: null };
    }
    case 'af_packet':
      return { port: new AfPacketPort(pool, spec.device), mode: 'rings', ring: null };
    case 'memory': {
      const port = new MemoryPort(spec.receive, spec.send);
      return { port, mode: 'rings', ring: port.ring };
    }
  }
}
