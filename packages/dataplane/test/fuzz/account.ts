// What adds up, of the counters of the graph: src/graph/README.md has the sum.
import type { Forwarder } from '../../src/workers/forwarder.js';
import { isDrop, type Moved } from '../support/counters.js';

/** Where packets went, from the counters: every one that came in, or was made of one, is somewhere. */
export function account(moved: Moved): { drops: number; made: number; errors: number } {
  const of = (path: string): number => moved[path] ?? 0;
  const drops = Object.entries(moved).reduce((sum, [path, by]) => sum + (isDrop(path) ? by : 0), 0);
  const uncut = of('ip4-frag/no_frames') + of('ip4-frag/mtu_too_small') + of('ip4-frag/bad_offset');
  const uncut6 = of('ip6-frag/no_frames') + of('ip6-frag/mtu_too_small');
  const made6 = of('ip6-frag/fragments') - (of('ip6-rewrite/own_too_big') - uncut6);
  return {
    drops,
    made:
      of('ip4-frag/fragments') -
      (of('ip4-rewrite/too_big') - uncut) -
      (of('ip4-reassembly/fragments') - of('ip4-reassembly/reassembled')) -
      (of('ip6-reassembly/fragments') - of('ip6-reassembly/reassembled')) +
      made6 +
      of('l2-flood/copies'),
    errors: of('ip4-icmp-error/sent') + of('ip6-icmp-error/sent'),
  };
}

/** Packets that ports have not sent: in large frames, which found no usual one, or fit none. */
export function lostByPorts(forwarders: readonly Forwarder[]): number {
  const queues = forwarders.flatMap(({ services }) => services.ports);
  return queues.reduce((sum, queue) => sum + (queue === undefined ? 0 : queue.failed + queue.noFrame), 0);
}
