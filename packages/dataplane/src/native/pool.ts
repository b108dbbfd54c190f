import { addon } from './addon.js';

/** Bytes of a frame; frame f is at f * FRAME_BYTES of the pool's memory. */
export const FRAME_BYTES = 2048;
/** Bytes of a large frame; they stand behind the others in the memory, and their indices behind theirs. */
export const LARGE_FRAME_BYTES = 67_584;
/** Where in its frame a received packet begins that has an Ethernet header: 14 bytes on is a multiple of 4. */
export const ETHERNET_PACKET_START = 258;
/** Where in its frame a received packet begins that has none (TUN, raw-IP devices). */
export const IP_PACKET_START = 272;

/** Keeps the memory for as long as native code has its address. */
const registered = new Set<Uint8Array>();

/**
 * Makes known the packet pool, for all threads of the process.
 *
 * `memory` covers a shared WebAssembly.Memory, whose first frames * 2048 bytes are the frames, and the `large` *
 * 67,584 behind them the large ones; at bytes `offsetsAt` and `lengthsAt` of it are Int32Arrays by frame: the packet's
 * first byte, counted from the start of the memory, and its length. At most 2 GiB of frames. Calling it again with the same arguments changes nothing; each thread that
 * calls it keeps the memory alive.
 *
 * @throws NativeError EBUSY when another pool is registered, EINVAL when the layout does not fit the memory.
 */
export function poolRegister(
  memory: Uint8Array,
  frames: number,
  large: number,
  offsetsAt: number,
  lengthsAt: number,
): void {
  addon.poolRegister(memory, frames, large, offsetsAt, lengthsAt);
  registered.add(memory);
}

/** Forgets the pool (for tests). @throws NativeError EBUSY while an AF_XDP socket is open. */
export function poolUnregister(): void {
  addon.poolUnregister();
  registered.clear();
}
