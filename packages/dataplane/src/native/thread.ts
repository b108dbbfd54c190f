import { addon } from './addon.js';

/** Keeps the calling thread on one CPU. @throws NativeError EINVAL when there is no such CPU, or it is not allowed. */
export const pinThread: (cpu: number) => void = addon.pinThread;

/** The kernel's id of the calling thread (gettid), as in /proc/self/task. */
export const threadId: () => number = addon.threadId;

/** The CPUs that the calling thread may run on, ascending. */
export const allowedCpus: () => number[] = addon.allowedCpus;

/** Asks for transparent huge pages under the whole pages of a view (madvise MADV_HUGEPAGE). @throws NativeError */
export const adviseHugePages: (view: Uint8Array) => void = addon.adviseHugePages;
