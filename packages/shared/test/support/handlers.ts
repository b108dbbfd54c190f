// The test contract's server: in this process, or in one of its own that can be killed.
import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type ActorServer, type Logger, SluiceError, serve } from '../../src/index.js';
import { type TestContract, testContract } from './contract.js';

export interface ProbeServer {
  server: ActorServer<TestContract>;
  numbers: { last: number; sum: number };
  publish(): void;
}

export async function serveProbe(runDir: string, log: Logger, recordFile?: string): Promise<ProbeServer> {
  const numbers = { last: 0, sum: 0 };
  const publish = (): void => {
    numbers.last++;
    numbers.sum += numbers.last;
    server.publish('numbers', { n: numbers.last });
  };
  const server: ActorServer<TestContract> = await serve(testContract, {
    runDir,
    log,
    handlers: {
      echo: ({ text, times }) => ({ text: text.repeat(times) }),
      slow: async ({ ms }, { signal }) => {
        await delay(ms ?? 2 ** 30, undefined, { signal });
        return {};
      },
      record: async ({ key_name, ms }) => {
        if (recordFile) appendFileSync(recordFile, `${server.instance} ${key_name}\n`);
        await delay(ms);
        return { instance: server.instance };
      },
      fail: ({ how }) => {
        if (how === 'sluice') throw new SluiceError('out-of-cheese', 'there is no cheese: buy some');
        if (how === 'type') throw new TypeError('x is not a function');
        return 'not an object' as unknown as Record<string, never>;
      },
      flood: ({ count }) => {
        for (let i = 0; i < count; i++) publish();
        return {};
      },
    },
    snapshots: { numbers: () => ({ ...numbers }), other: () => ({}) },
  });
  return { server, numbers, publish };
}
