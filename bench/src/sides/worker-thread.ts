// A worker of SeveralWorkers: the data plane's Forwarder between two memory ports, in a thread on a core of its own.
import { parentPort, workerData } from 'node:worker_threads';
import { Forwarder, PacketPool, type Port, pinThread } from '@sluice/dataplane/test-support';
import { inTurn } from '../cases/forward.js';
import { droppedBy, type LoopGateway } from '../memory/gateway.js';
import { measureBatches } from '../memory/measure.js';
import { ETHERNET, FRAME_64, writeEthernet, writeIp4 } from '../memory/network.js';
import { PacketLoop } from '../memory/packet-loop.js';
import type { WorkerAnswer, WorkerOrder, WorkerRequest } from '../memory/several-workers.js';

const UDP = 17;
const order = workerData as WorkerOrder;
pinThread(order.core);

class WorkerGateway implements LoopGateway {
  readonly pool = new PacketPool(order.shared.pool, order.shared.frames);
  readonly forwarder = new Forwarder(order.shared, order.index, { seal: () => 0, open: () => 0 });

  addPort(name: string, port: Port): void {
    this.forwarder.addPort(name === 'lan' ? order.lan : order.wan, port);
  }

  dropped(): string {
    return droppedBy(this.forwarder);
  }

  close(): void {
    this.forwarder.close();
  }
}

const mac = Uint8Array.of(2, 0, 0, order.lan >> 8, order.lan, 1);
const next = inTurn(order.destinations);
const loop = new PacketLoop(new WorkerGateway(), {
  from: 'lan',
  to: 'wan',
  recycles: true,
  write(bytes, at) {
    writeEthernet(bytes, at, mac, 0x0800);
    const destination = next();
    writeIp4(bytes, at + ETHERNET, {
      total: FRAME_64 - ETHERNET,
      protocol: UDP,
      source: 0x0a010002,
      destination,
    });
    return FRAME_64;
  },
});

/** Vectors of a watch at most: a second's at 10 ns a packet. */
const VECTORS_MAX = 1 << 19;

/** Forwards for so long; returns how long its vectors took. */
function watch(ms: number): Omit<WorkerAnswer, 'out'> {
  const { forwarder } = loop.gateway;
  const took = new Float64Array(VECTORS_MAX);
  const end = performance.now() + ms;
  let vectors = 0;
  while (performance.now() < end && vectors < VECTORS_MAX - 16) {
    loop.fill();
    while (loop.source.left > 0) {
      const start = performance.now();
      forwarder.round();
      took[vectors++] = (performance.now() - start) * 1000;
    }
    loop.check();
  }
  const sorted = took.subarray(0, vectors).sort();
  return { value: sorted[vectors - 1]!, p999: sorted[Math.floor(vectors * 0.999)]! };
}

function answer(request: WorkerRequest): WorkerAnswer {
  const said =
    request.kind === 'measure' ? { value: measureBatches(loop, order.quick).value } : watch(request.ms);
  // Whoever waits for this worker's quiescence need not while it waits for the next request.
  loop.gateway.forwarder.beforeSleep();
  return { ...said, out: loop.out };
}

const port = parentPort!;
loop.gateway.forwarder.beforeSleep();
port.on('message', (request: WorkerRequest) => {
  loop.gateway.forwarder.afterSleep();
  port.postMessage(answer(request));
});
port.postMessage('ready');
