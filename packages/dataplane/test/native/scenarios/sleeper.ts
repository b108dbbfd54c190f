// A worker that sleeps in a Waiter on the event that it is given, and answers each wake-up; it is terminated asleep.
import { parentPort, workerData } from 'node:worker_threads';
import { eventClear, pollerAdd, pollerOpen, Waiter } from '../../../src/native/index.js';

const { event } = workerData as { event: number };
const poller = pollerOpen();
pollerAdd(poller, event);
const waiter = new Waiter(poller, () => {
  eventClear(event);
  parentPort!.postMessage('woken');
  waiter.arm();
});
waiter.arm();
parentPort!.postMessage('asleep');
