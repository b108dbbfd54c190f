// Shared memory of tables whose rows are read in no order: page-aligned, so that a row of a cache line is in one line
// (a SharedArrayBuffer of the usual kind begins 16 bytes into one), and in huge pages where the kernel has them, so
// that few addresses need translating.
import { adviseHugePages, NativeError } from '../native/index.js';
import { allocateWasmMemory } from './wasm-memory.js';

/** At least `bytes` of shared memory, zero, and committed by the kernel as it is touched. */
export function allocateHugeMemory(bytes: number): SharedArrayBuffer {
  const { buffer } = allocateWasmMemory(bytes);
  try {
    adviseHugePages(new Uint8Array(buffer));
  } catch (error) {
    // A kernel without transparent huge pages (madvise(2)): slower, no more.
    if (!(error instanceof NativeError && error.code === 'EINVAL')) throw error;
  }
  return buffer;
}
