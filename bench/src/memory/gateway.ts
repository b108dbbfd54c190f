// A worker without its thread: the data plane's own Forwarder with every counter on, tables made from a description, and
// whatever ports a benchmark gives it.
import {
  allocateSharedMemory,
  BenchControl,
  type BenchTables,
  closeFd,
  eventOpen,
  Forwarder,
  makeEngine,
  PacketPool,
  type Port,
  type SharedMemory,
} from '@sluice/dataplane/test-support';

export class MemoryGateway {
  readonly shared: SharedMemory;
  /** The outside's view of the packet memory. */
  readonly pool: PacketPool;
  readonly control: BenchControl;
  readonly forwarder: Forwarder;
  private readonly crypto: ReturnType<typeof makeEngine>;

  constructor(frames: number, tables: BenchTables) {
    const events = { workerEvents: [eventOpen()], hostEvent: eventOpen(), controlEvent: eventOpen() };
    this.shared = allocateSharedMemory(1, frames, events);
    this.pool = new PacketPool(this.shared.pool, frames);
    this.crypto = makeEngine('native', this.pool);
    this.control = new BenchControl(this.shared, tables, (...key) => this.crypto.setKey(...key));
    this.forwarder = new Forwarder(this.shared, 0, this.crypto);
  }

  addPort(name: string, port: Port): void {
    this.forwarder.addPort(this.control.row(name), port);
  }

  close(): void {
    this.forwarder.close();
    this.crypto.close();
    for (const fd of [...this.shared.workerEvents, this.shared.hostEvent, this.shared.controlEvent])
      closeFd(fd);
  }
}
