// A port as the worker that owns it sees it: receive a vector, send a vector. The graph knows no drivers.

export interface Port {
  /** Readable when packets wait; -1 when the port wakes its worker in another way. */
  readonly pollFd: number;

  /** True while the pool has not given it the frames that it needs to receive: nothing wakes its worker then. */
  readonly starved: boolean;

  /** Free frames that it holds to receive into. */
  readonly held: number;

  /**
   * Receives up to `max` packets: their frame indices into `packets`, their offset and length into the pool.
   * Returns how many. The frames are the caller's from then on.
   */
  receive(packets: Int32Array, max: number): number;

  /**
   * Sends packets; returns how many of them were taken, from the front. Those frames are the port's.
   * Negative when the first is not one that the device can send.
   */
  send(packets: Int32Array, from: number, count: number): number;

  /**
   * Has the device send what was taken, and takes back what it has sent. Once per turn of the loop.
   * Returns 0, or -errno when the device cannot send at all (it is down or gone).
   */
  flush(): number;

  /** Losses before the graph, by name: what the kernel or the device dropped. */
  statistics(): Record<string, number>;

  /** Gives every frame back to the pool and closes the device. */
  close(): void;
}

/** What opens a port on a worker; plain data, so that it crosses threads. */
export type PortSpec =
  | { driver: 'af_xdp'; device: string; queue: number }
  | { driver: 'af_packet'; device: string }
  | { driver: 'memory'; receive: SharedArrayBuffer; send: SharedArrayBuffer };
