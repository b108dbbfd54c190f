// l2-flood: sends a frame by every member of a bridge but the one that it came by, and to the box when it is for a group.
//
// Expects: txInterface is the bridge, aux the row of the member that received the frame, 0 when the box sent it.
// Next:    interface-output for each member; ethernet-input, as a frame of the bridge, for the box.
//
// Each further member gets a copy, so that storms are bounded by the rate below and by the pool's free frames.
import { INTERFACE_COUNTERS_SHIFT, INTERFACE_RX_BYTES, INTERFACE_RX_PACKETS } from '../graph/counters.js';
import { fitsMember } from '../graph/link-header.js';
import { defineNode, NEXT_DROP } from '../graph/node.js';
import { RateLimiters } from '../graph/rate-limiter.js';
import { FLAGS_PRIORITY, type PacketPool } from '../memory/packet-pool.js';
import { INTERFACE_UP, INTERFACES_MAX } from '../tables/interfaces.js';

const NEXT_OUTPUT = 0;
const NEXT_BOX = 1;

const COUNT_NO_MEMBER = 0;
const COUNT_RATE_LIMITED = 1;
const COUNT_COPIES = 2;
const COUNT_NO_FRAMES = 3;
const COUNT_TOO_BIG = 4;
const COUNT_SUPPRESSED = 5;

/** Members of one bridge at most. */
export const BRIDGE_MEMBERS_MAX = 64;

/**
 * Frames a second and burst that one bridge floods, per worker. Tuning: far more than a healthy network has of broadcasts
 * and of frames to stations not heard yet, and a storm of them leaves most of a worker's time to others.
 */
export function floodLimits(): RateLimiters {
  return new RateLimiters(INTERFACES_MAX, 20_000, 2_000);
}

export const l2Flood = defineNode({
  name: 'l2-flood',
  frames: true,
  boundary: 'in',
  crossing: [NEXT_BOX],
  next: ['interface-output', 'ethernet-input'],
  counters: [
    {
      name: 'no_member',
      severity: 'info',
      drop: true,
      help: 'the bridge has no other member that is up and takes frames of the size',
    },
    {
      name: 'rate_limited',
      severity: 'warning',
      drop: true,
      help: 'the bridge floods more frames than it may: is there a loop in the network?',
    },
    { name: 'copies', severity: 'info', help: 'frames made for further members' },
    { name: 'no_frames', severity: 'warning', help: 'no frame was free for a copy: members went without' },
    {
      name: 'too_big',
      severity: 'warning',
      help: "members left out because a frame was larger than their MTU: a bridge's members need one MTU",
    },
    {
      name: 'suppressed',
      severity: 'warning',
      help: 'frames to groups that only the box got: the bridge floods more than it may',
    },
  ],

  run({ pool, interfaces, interfaceCounters, services, floods, now }, frame, next, counters): void {
    const { txInterface, rxInterface, aux, flags, length, bytes, offset } = pool;
    const { packets } = frame;
    for (let i = 0; i < frame.length; i++) {
      const packet = packets[i]!;
      const bridge = txInterface[packet]!;
      const from = aux[packet]!;
      const forBox = from !== 0 && (bytes[offset[packet]!]! & 1) !== 0;
      const limited = !floods.take(bridge, now);
      // The member found last: it gets a copy only when somebody else needs the frame.
      let last = 0;
      if (!limited) {
        let member = interfaces.nextMember[bridge]!;
        // A list that changes meanwhile may lead into another bridge's, where the walk ends.
        for (let steps = 0; member !== 0 && steps < BRIDGE_MEMBERS_MAX; steps++) {
          const home = interfaces.bridge[member];
          // One that has just left still leads on to those behind it.
          if (home !== bridge && home !== 0) break;
          if (home === bridge && member !== from && interfaces.state[member] === INTERFACE_UP) {
            if (!fitsMember(pool, packet, interfaces.mtu[member]!)) {
              counters[COUNT_TOO_BIG]!++;
            } else {
              if (last !== 0) {
                const copy = copyFor(pool, packet, last);
                if (copy >= 0) services.emit(copy, NEXT_OUTPUT);
                counters[copy >= 0 ? COUNT_COPIES : COUNT_NO_FRAMES]!++;
              }
              last = member;
            }
          }
          member = interfaces.nextMember[member]!;
        }
      }
      if (forBox) {
        if (limited) counters[COUNT_SUPPRESSED]!++;
        if (last !== 0) {
          const copy = copyFor(pool, packet, last);
          if (copy >= 0) services.emit(copy, NEXT_OUTPUT);
          counters[copy >= 0 ? COUNT_COPIES : COUNT_NO_FRAMES]!++;
        }
        rxInterface[packet] = bridge;
        pool.member[packet] = from;
        flags[packet] = flags[packet]! & ~FLAGS_PRIORITY;
        const counted = bridge << INTERFACE_COUNTERS_SHIFT;
        interfaceCounters[counted + INTERFACE_RX_PACKETS]!++;
        interfaceCounters[counted + INTERFACE_RX_BYTES]! += length[packet]!;
        next[i] = NEXT_BOX;
      } else if (last !== 0) {
        txInterface[packet] = last;
        next[i] = NEXT_OUTPUT;
      } else {
        const drop = limited ? COUNT_RATE_LIMITED : COUNT_NO_MEMBER;
        counters[drop]!++;
        pool.reason[packet] = drop;
        next[i] = NEXT_DROP;
      }
    }
  },
});

/** A copy of a frame, to leave by `member`; -1 when no frame is free. What fits a member fits a frame of the pool. */
function copyFor(pool: PacketPool, packet: number, member: number): number {
  const copy = pool.copyToSmall(packet);
  if (copy >= 0) pool.txInterface[copy] = member;
  return copy;
}
