// The memory ports without a graph: what a round of any case spends on handing frames over.
import { VECTOR_MAX } from '@sluice/dataplane/test-support';
import { MemoryGateway } from '../memory/gateway.js';
import { FRAME_64, network } from '../memory/network.js';
import { PACKETS, PacketLoop } from '../memory/packet-loop.js';

class PortLoop extends PacketLoop {
  private readonly vector = new Int32Array(VECTOR_MAX);

  override run(): number {
    const { source, sink, vector } = this;
    while (source.left > 0) {
      const count = source.receive(vector);
      sink.send(vector, 0, count);
    }
    return sink.taken;
  }
}

export function portsAlone(_order: Record<string, never>): PacketLoop {
  const gateway = new MemoryGateway(network(), { frames: PACKETS * 2 });
  return new PortLoop(gateway, { from: 'lan', to: 'wan', recycles: true, write: () => FRAME_64 });
}
