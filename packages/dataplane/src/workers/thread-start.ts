// The thread's side of its start: it is told what it is to be once it has loaded its modules, and answers calls then.
import { parentPort } from 'node:worker_threads';
import * as Comlink from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';

/** Makes the thread's api of the first message that comes (control/threads.ts sends it), and exposes it to the others. */
export function onStart<Start>(make: (start: Start) => object): void {
  const port = parentPort;
  if (port === null) throw new Error('this is a thread of the data plane, not a program');
  port.once('message', (start: Start) => Comlink.expose(make(start), nodeEndpoint(port)));
}
