// AF_XDP sockets over the packet pool, without a copy in user space.
//
// A frame is the kernel's from xdpFill to xdpReceive and from xdpSend to xdpComplete, and the caller's otherwise.
// One thread at a time uses a socket.
import { addon, type BatchCall, type StatisticsCall } from './addon.js';

export interface XdpOptions {
  device: string;
  queue: number;
  /** Descriptors of the rings: powers of two. */
  rxSize: number;
  txSize: number;
  fillSize: number;
  completionSize: number;
  /** 'auto': in the driver where it can, else in the stack. */
  mode: 'native' | 'generic' | 'auto';
  /** Zero copy where the driver has it; copies otherwise. */
  zeroCopy: boolean;
}

export interface XdpInfo {
  /** For a poller: readable when packets have come. */
  fd: number;
  mode: 'native' | 'generic';
  /** Whether the driver works in the pool itself. */
  zeroCopy: boolean;
  queue: number;
}

/** Elements of xdpStatistics' array (struct xdp_statistics of linux/if_xdp.h). */
export const XDP_STATISTICS = {
  rxDropped: 0,
  rxInvalidDescriptors: 1,
  txInvalidDescriptors: 2,
  rxRingFull: 3,
  fillRingEmpty: 4,
  txRingEmpty: 5,
} as const;

/**
 * Binds a socket to a device's queue, over the registered pool, and leads the queue's packets to it. Packets of
 * queues without a socket go to Linux. Waits up to half a second (blocking) for a queue or device that is busy.
 *
 * @returns a handle. @throws NativeError EBUSY when the queue, or the device's XDP hook, is somebody else's; EEXIST
 * when another queue of the device is open in the other mode.
 */
export const xdpOpen: (options: XdpOptions) => number = addon.xdpOpen;

/**
 * Closes a socket, after waiting up to 20 ms for what is being sent.
 *
 * @returns every frame that the kernel had through it, received ones that were not fetched included.
 */
export const xdpClose: (handle: number) => Int32Array = addon.xdpClose;

export const xdpInfo = addon.xdpInfo as (handle: number) => XdpInfo;

/**
 * (handle, frames, from, count): gives frames to receive into. @returns how many fitted: the first ones. -EINVAL
 * when the first is no frame or is the kernel's already.
 */
export const xdpFill: BatchCall = addon.xdpFill;

/** (handle, packets, at, max): writes received frames to `packets`, and the pool's offset and length of each. */
export const xdpReceive: BatchCall = addon.xdpReceive;

/**
 * (handle, packets, from, count): queues packets, by the pool's offsets and lengths; xdpKick sends them.
 *
 * @returns how many fitted: the first ones. -EINVAL when the first is not a packet of 14 bytes or more within its
 * frame: the caller drops it.
 */
export const xdpSend: BatchCall = addon.xdpSend;

/** (handle, frames, at, max): writes frames that have been sent to `frames`; they are free. */
export const xdpComplete: BatchCall = addon.xdpComplete;

/** Has the kernel send what is queued. @returns 0, or -errno; after -EAGAIN, -EBUSY, -ENOBUFS call again later. */
export const xdpKick: (handle: number) => number = addon.xdpKick;

/** Totals since xdpOpen, by XDP_STATISTICS. @returns 0 or -errno. */
export const xdpStatistics: StatisticsCall = addon.xdpStatistics;
