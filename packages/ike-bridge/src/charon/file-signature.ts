// Tells without reading a file whether it is what it was when it was read.
import { statNamedFile } from '@sluice/shared';

/** A file system may write one time for two changes this close to each other. */
const SETTLED_MS = 1000;

/**
 * Differs from that of any other content that the path has had. One of a file that has just changed differs from
 * every other. Empty when there is no such file: whoever reads it says so.
 */
export async function fileSignature(path: string): Promise<string> {
  try {
    const { dev, ino, size, ctime_ns: ctimeNs } = await statNamedFile(path);
    const now = Date.now();
    const ctimeMs = Number(BigInt(ctimeNs) / 1_000_000n);
    const fresh = now - ctimeMs < SETTLED_MS ? `:${now}:${performance.now()}` : '';
    return `${dev}:${ino}:${size}:${ctimeNs}${fresh}`;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return '';
    throw error;
  }
}
