// 64-byte UDP packets of many flows by a route of four next hops: each flow keeps to the one that its hash chooses.
import { MemoryGateway } from '../memory/gateway.js';
import {
  ETHERNET,
  FRAME_64,
  LAN_MAC,
  network,
  nextHop,
  put16,
  writeEthernet,
  writeIp4,
} from '../memory/network.js';
import { PACKETS, PacketLoop } from '../memory/packet-loop.js';
import { Random } from '../memory/workload.js';

const UDP = 17;
const SEED = 20_260_703;
const NEXT_HOPS = 4;

export interface ForwardFlows {
  /** Different pairs of addresses and ports, of which each packet has a random one. */
  flows: number;
}

export function forwardFlows({ flows }: ForwardFlows): PacketLoop {
  const via = Array.from({ length: NEXT_HOPS }, (_, i) => nextHop(i));
  const routes = [{ prefix: '10.9.0.0/16', via }];
  const gateway = new MemoryGateway({ ...network(), routes }, { frames: PACKETS * 2 });
  const random = new Random(SEED);
  return new PacketLoop(gateway, {
    from: 'lan',
    to: 'wan',
    recycles: true,
    write(bytes, at) {
      const flow = random.below(flows);
      writeEthernet(bytes, at, LAN_MAC, 0x0800);
      writeIp4(bytes, at + ETHERNET, {
        total: FRAME_64 - ETHERNET,
        protocol: UDP,
        source: 0x0a010002,
        destination: 0x0a090000 | (flow & 0xffff),
      });
      put16(bytes, at + ETHERNET + 20, 1024 + (flow >>> 16));
      put16(bytes, at + ETHERNET + 22, 53);
      return FRAME_64;
    },
  });
}
