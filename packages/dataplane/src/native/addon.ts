// Loads the addon, once per thread, and says what it exports. The modules beside this one give it its public form.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { NativeError } from './native-error.js';

/** (handle, Int32Array, at, count): a count, or -errno. Never throws. */
export type BatchCall = (handle: number, items: Int32Array, at: number, count: number) => number;
/** (handle, out): 0 or -errno. Never throws. */
export type StatisticsCall = (handle: number, out: Float64Array) => number;

/** A waiter of the native layer. */
export type NativeWaiter = { readonly native: unique symbol };

/** The functions of native/module.c. */
interface Addon {
  errorClass(thrown: typeof NativeError): void;

  poolRegister(memory: Uint8Array, frames: number, large: number, offsetsAt: number, lengthsAt: number): void;
  poolUnregister(): void;

  pinThread(cpu: number): void;
  threadId(): number;
  allowedCpus(): number[];
  adviseHugePages(view: Uint8Array): void;

  deviceInfo(name: string): unknown;
  deviceSet(name: string, change: object): void;
  deviceOffloadsOff(name: string): string[];

  pollerOpen(): number;
  pollerAdd(poller: number, fd: number): void;
  pollerRemove(poller: number, fd: number): void;
  pollerReady: BatchCall;
  eventOpen(): number;
  eventSignal(fd: number): number;
  eventClear(fd: number): number;
  closeFd(fd: number): void;
  waiterOpen(poller: number, callback: () => void): NativeWaiter;
  waiterArm(waiter: NativeWaiter): void;
  waiterDisarm(waiter: NativeWaiter): void;
  waiterClose(waiter: NativeWaiter): void;

  xdpOpen(options: object): number;
  xdpClose(handle: number): Int32Array;
  xdpInfo(handle: number): unknown;
  xdpFill: BatchCall;
  xdpReceive: BatchCall;
  xdpSend: BatchCall;
  xdpComplete: BatchCall;
  xdpKick(handle: number): number;
  xdpStatistics: StatisticsCall;

  packetOpen(options: object): number;
  packetClose(handle: number): void;
  packetFd(handle: number): number;
  packetReceive: BatchCall;
  packetSend: BatchCall;
  packetKick(handle: number): number;
  packetStatistics: StatisticsCall;

  hostGuardAttach(device: string): number;
  hostGuardClose(handle: number): void;

  tapOpen(options: object): number;
  tapRemove(name: string): void;
  tapRead: BatchCall;
  tapWrite: BatchCall;
  tapStatistics: StatisticsCall;

  udpOpen(namespace: string, version: 4 | 6): number;
  udpSend(fd: number, bytes: Uint8Array, length: number, address: Uint8Array, port: number): number;

  espKeySet(
    slot: number,
    cipher: string,
    key: Uint8Array,
    integrity: string,
    integrityKey: Uint8Array,
    icvBytes: number,
  ): void;
  espKeyWipe(slot: number): boolean;
  espSealJobs(jobs: Int32Array, count: number, status: Uint8Array): number;
  espOpenJobs(jobs: Int32Array, count: number, status: Uint8Array): number;
  espBackend(name?: string): string;
}

// Compiled, this file is dist/src/native/addon.js of the package.
const path = fileURLToPath(new URL('../../../build/Release/sluice_native.node', import.meta.url));

function load(): Addon {
  try {
    return createRequire(import.meta.url)(path) as Addon;
  } catch (error) {
    throw new Error(
      `The native layer could not be loaded: build it with "node native/build.mjs" in packages/dataplane, and see ` +
        `that the Debian packages libbpf1 and libipsec-mb1 are installed (${(error as Error).message})`,
      { cause: error },
    );
  }
}

export const addon = load();
addon.errorClass(NativeError);
