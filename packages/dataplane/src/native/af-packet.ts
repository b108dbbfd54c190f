// AF_PACKET sockets with memory-mapped rings, for devices that cannot do AF_XDP.
//
// Packets are copied between ring and frame: the caller has its frames throughout. Linux receives the same packets:
// hostGuardAttach keeps them from it. One thread at a time uses a socket.
import { addon, type BatchCall, type StatisticsCall } from './addon.js';

export interface PacketOptions {
  device: string;
  /** Packets that the rings hold, 1 to 65,536; rounded up to a multiple of 32. */
  rxFrames: number;
  txFrames: number;
}

/** Elements of packetStatistics' array. */
export const PACKET_STATISTICS = {
  /** Dropped by the kernel because the ring was full. */
  kernelDrops: 0,
  /** Dropped because they do not fit a frame. */
  tooLong: 1,
  /** Dropped because they are several segments in one (GSO) and cannot be cut: not TCP, or more than 256 of them. */
  gso: 2,
  /** Dropped because the kernel's description of them does not fit them. */
  malformed: 3,
  /** Received with a checksum that the sender had left to its device; completed here, not dropped. */
  checksumsCompleted: 4,
} as const;

/** @returns a handle. @throws NativeError */
export const packetOpen: (options: PacketOptions) => number = addon.packetOpen;

/** @throws NativeError EBADF */
export const packetClose: (handle: number) => void = addon.packetClose;

/** For a poller: readable when packets have come. */
export const packetFd: (handle: number) => number = addon.packetFd;

/**
 * (handle, frames, from, count): copies packets into the first of these free frames, at ETHERNET_PACKET_START (or
 * IP_PACKET_START when the device has no Ethernet header), and sets offset and length. A TCP packet that Linux left in
 * one (GSO) becomes as many packets as it has segments, all in one call: offer 256 frames. @returns how many frames were
 * used.
 */
export const packetReceive: BatchCall = addon.packetReceive;

/**
 * (handle, packets, from, count): copies packets to the ring; packetKick sends them. TCP segments that follow each other
 * go to the kernel as one packet, at once. @returns how many were taken, all of which are free at once. -EINVAL when the first is not a packet within its frame: the caller drops it.
 */
export const packetSend: BatchCall = addon.packetSend;

/** Has the kernel send what is queued. @returns 0, or -errno; after -EAGAIN, -ENOBUFS call again later. */
export const packetKick: (handle: number) => number = addon.packetKick;

/** Totals since packetOpen, by PACKET_STATISTICS. @returns 0 or -errno. */
export const packetStatistics: StatisticsCall = addon.packetStatistics;
