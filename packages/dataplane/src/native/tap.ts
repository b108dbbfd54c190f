import { addon, type BatchCall, type StatisticsCall } from './addon.js';

export interface TapOptions {
  name: string;
  /** With Ethernet header, or without. */
  kind: 'tap' | 'tun';
  /** Path of the network namespace that the device is in, such as /run/netns/blue; the process's own unless given. */
  namespace?: string;
  /** Whether the device stays when its descriptor is closed. */
  persist: boolean;
}

/** Elements of tapStatistics' array. */
export const TAP_STATISTICS = {
  /** Read, but dropped because it does not fit a frame, and no large one was offered. */
  tooLong: 0,
  /** Written, but refused: the device is down (EIO), or the kernel cannot make sense of the packet (EINVAL). */
  refused: 1,
} as const;

/**
 * Attaches to a device of that name, or makes it. @returns a descriptor, not blocking, to be closed by closeFd.
 * @throws NativeError EBUSY when another process has it.
 */
export const tapOpen: (options: TapOptions) => number = addon.tapOpen;

/** Removes a persistent device that nobody has open. @throws NativeError ENODEV, EBUSY */
export const tapRemove: (name: string) => void = addon.tapRemove;

/**
 * (fd, frames, from, count): reads packets into the first of these free frames, at ETHERNET_PACKET_START or
 * IP_PACKET_START, and sets offset and length. When the last frame is a large one, it takes a packet that does not fit
 * the others: it changes places with the one whose turn it was, and the reading ends there. A system call per packet.
 * @returns how many frames were used.
 */
export const tapRead: BatchCall = addon.tapRead;

/**
 * (fd, packets, from, count): writes packets to the device. A system call per packet. @returns how many were
 * consumed, those refused included (see TAP_STATISTICS); fewer than `count` when the device takes no more now.
 * -EINVAL when the first is not a packet within its frame: the caller drops it.
 */
export const tapWrite: BatchCall = addon.tapWrite;

/** Totals since tapOpen, by TAP_STATISTICS. @returns 0 or -errno. */
export const tapStatistics: StatisticsCall = addon.tapStatistics;
