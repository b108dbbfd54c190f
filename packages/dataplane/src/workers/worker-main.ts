// The thread of a forwarding worker: opens its ports, runs its loop, answers control calls through comlink.
import type { TraceFilter } from '@sluice/shared';
import { openPort } from '../drivers/open-port.js';
import type { PortSpec } from '../drivers/port.js';
import type { CaptureOrder } from '../graph/capture.js';
import type { TraceProgress, WorkerTraces } from '../graph/tracer.js';
import { espOpenJobs, espSealJobs, pinThread } from '../native/index.js';
import type { UserNodeFault } from '../user-nodes/adapt.js';
import type { UserNodeOrder } from '../user-nodes/worker-nodes.js';
import { EventLoop, FORWARDING_IDLE_TURNS } from './event-loop.js';
import { Forwarder } from './forwarder.js';
import type { SharedMemory } from './shared-memory.js';
import { onStart } from './thread-start.js';

export interface WorkerStart {
  shared: SharedMemory;
  index: number;
  /** Core to pin the thread to; null leaves it to the scheduler. */
  cpu: number | null;
}

/** What the control side can ask of a worker. */
export class WorkerApi {
  private readonly forwarder: Forwarder;
  private readonly loop: EventLoop;
  private readonly statistics = new Map<number, () => Record<string, number>>();

  constructor(start: WorkerStart) {
    if (start.cpu !== null) pinThread(start.cpu);
    this.forwarder = new Forwarder(start.shared, start.index, { seal: espSealJobs, open: espOpenJobs });
    const event = start.shared.workerEvents[start.index]!;
    this.loop = new EventLoop(this.forwarder, event, FORWARDING_IDLE_TURNS);
    this.loop.setRings(this.forwarder.rings);
    this.loop.start();
  }

  /** Opens a port and polls it from now on; returns what a person wants to know of it. */
  openPort(row: number, spec: PortSpec): { driver: string; mode: string } {
    const { port, mode, ring } = openPort(spec, this.forwarder.pool);
    this.forwarder.addPort(row, port);
    const queue = this.forwarder.services.ports[row];
    this.statistics.set(row, () => ({
      ...port.statistics(),
      tx_failed: queue?.failed ?? 0,
      tx_no_frame: queue?.noFrame ?? 0,
    }));
    if (ring !== null) this.loop.setRings([...this.forwarder.rings, ring]);
    if (port.pollFd >= 0) this.loop.addDescriptor(port.pollFd);
    this.loop.wake();
    return { driver: spec.driver, mode };
  }

  closePort(row: number): void {
    const queue = this.forwarder.services.ports[row];
    if (queue === undefined) return;
    if (queue.port.pollFd >= 0) this.loop.removeDescriptor(queue.port.pollFd);
    this.forwarder.removePort(row);
    this.statistics.delete(row);
  }

  portStatistics(row: number): Record<string, number> {
    return this.statistics.get(row)?.() ?? {};
  }

  nameInterfaces(names: string[]): void {
    this.forwarder.userNodes.nameInterfaces(names);
  }

  loadUserNode(order: UserNodeOrder): Promise<void> {
    return this.forwarder.userNodes.load(order);
  }

  unloadUserNode(slot: number): void {
    this.forwarder.userNodes.unload(slot);
  }

  userNodeFaults(): { slot: number; fault: UserNodeFault }[] {
    return this.forwarder.userNodes.faults();
  }

  captureStart(order: CaptureOrder): void {
    this.forwarder.capture.start(order);
  }

  captureStop(): void {
    this.forwarder.capture.stop();
  }

  tracePrepare(filter: TraceFilter, interfaceRow: number): void {
    this.forwarder.tracer.prepare(filter, interfaceRow);
  }

  traceChoosing(count: number): void {
    this.forwarder.tracer.choosing(count);
  }

  traceStop(): void {
    this.forwarder.tracer.active = false;
  }

  traceProgress(): TraceProgress[] {
    return this.forwarder.tracer.progress();
  }

  traceRead(ids: readonly number[]): WorkerTraces[] {
    return this.forwarder.tracer.read(ids);
  }

  stop(): void {
    this.loop.stop();
    this.forwarder.close();
  }
}

onStart<WorkerStart>((start) => new WorkerApi(start));
