// 64-byte packets from `lan` to `wan`: by the IPv4 routes of a workload, or by one IPv6 route.
import { MemoryGateway } from '../memory/gateway.js';
import {
  ETHERNET,
  FRAME_64,
  LAN_MAC,
  network,
  nextHop,
  nextHop6,
  put16,
  put32,
  writeEthernet,
  writeIp4,
} from '../memory/network.js';
import { PACKETS, PacketLoop } from '../memory/packet-loop.js';
import { NEXT_HOPS, readWorkload, type Workload } from '../memory/workload.js';

const UDP = 17;
const IP4_TYPE = 0x0800;
const IP6_TYPE = 0x86dd;
const SOURCE = 0x0a010002;

export interface ForwardIp4 {
  /** File of the workload. */
  workload: string;
}

export function forwardIp4({ workload }: ForwardIp4): PacketLoop {
  const routes = readWorkload(workload);
  const gateway = new MemoryGateway(network(), { frames: PACKETS * 2 });
  loadRoutes(gateway, routes);
  const next = inTurn(routes.destinations);
  return new PacketLoop(gateway, {
    from: 'lan',
    to: 'wan',
    recycles: true,
    write(bytes, at) {
      writeEthernet(bytes, at, LAN_MAC, IP4_TYPE);
      const total = FRAME_64 - ETHERNET;
      writeIp4(bytes, at + ETHERNET, { total, protocol: UDP, source: SOURCE, destination: next() });
      return FRAME_64;
    },
  });
}

/** Of a workload the destinations' last 16 bits go into the IPv6 ones, within 2001:db8:9::/48. */
export function forwardIp6({ workload }: ForwardIp4): PacketLoop {
  const { destinations } = readWorkload(workload);
  const route = { prefix: '2001:db8:9::/48', via: nextHop6(0) };
  const gateway = new MemoryGateway({ ...network(), routes: [route] }, { frames: PACKETS * 2 });
  const next = inTurn(destinations);
  return new PacketLoop(gateway, {
    from: 'lan',
    to: 'wan',
    recycles: true,
    write(bytes, at) {
      writeEthernet(bytes, at, LAN_MAC, IP6_TYPE);
      writeIp6(bytes, at + ETHERNET, next());
      return FRAME_64;
    },
  });
}

/** The numbers of a list, again and again. */
export function inTurn(list: Uint32Array): () => number {
  let at = 0;
  return () => {
    const value = list[at]!;
    at = at + 1 === list.length ? 0 : at + 1;
    return value;
  };
}

export function loadRoutes({ control }: MemoryGateway, workload: Workload): void {
  const hops = Array.from({ length: NEXT_HOPS }, (_, i) => control.adjacencyOf(nextHop(i), 0));
  const { addresses, lengths, nextHops } = workload;
  for (let i = 0; i < addresses.length; i++) {
    control.fib.add(0, addresses[i]!, lengths[i]!, hops[nextHops[i]!]!);
  }
}

function writeIp6(bytes: Uint8Array, at: number, destination: number): void {
  put32(bytes, at, 0x60000000);
  put16(bytes, at + 4, FRAME_64 - ETHERNET - 40);
  bytes[at + 6] = UDP;
  bytes[at + 7] = 64;
  const words = [
    0x20010db8,
    0x00010000,
    0,
    2,
    0x20010db8,
    0x00090000 | (destination & 0xffff),
    0,
    destination,
  ];
  for (let i = 0; i < words.length; i++) put32(bytes, at + 8 + 4 * i, words[i]!);
}
