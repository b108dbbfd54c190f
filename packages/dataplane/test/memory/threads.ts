// Worker threads for tests: started from a compiled file beside the test, ended whatever happens.
import { Worker } from 'node:worker_threads';

export interface TestThread<Message> {
  /** Resolves with the next message, rejects when the thread fails or ends without one. */
  message(): Promise<Message>;
  stop(): Promise<void>;
}

export function startThread<Message>(file: URL, workerData: unknown): TestThread<Message> {
  const worker = new Worker(file, { workerData });
  const arrived: Message[] = [];
  let failure: Error | null = null;
  let wake = (): void => undefined;
  worker.on('message', (message: Message) => {
    arrived.push(message);
    wake();
  });
  worker.on('error', (error) => {
    failure = error instanceof Error ? error : new Error(String(error));
    wake();
  });
  worker.on('exit', (code) => {
    failure ??= new Error(`the thread ended with code ${code}`);
    wake();
  });
  return {
    async message() {
      while (arrived.length === 0) {
        if (failure !== null) throw failure;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return arrived.shift()!;
    },
    async stop() {
      await worker.terminate();
    },
  };
}

/** Waits inside a thread until a word is no longer `value`; throws after the deadline. */
export function waitWhile(words: Int32Array, index: number, value: number, what: string): void {
  const deadline = Date.now() + 10_000;
  while (Atomics.load(words, index) === value) {
    if (Date.now() > deadline) throw new Error(`timed out waiting for ${what}`);
    Atomics.wait(words, index, value, 1000);
  }
}
