// The test contract's server: in this process, or in one of its own that can be killed.
import { EventEmitter, once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { type ActorServer, type Logger, SluiceError, serve } from '../../src/index.js';
import { type TestContract, testContract } from './contract.js';

export interface ProbeServer {
  server: ActorServer<TestContract>;
  numbers: { last: number; sum: number };
  publish(): void;
}

export async function serveProbe(runDir: string, log: Logger, recordFile?: string): Promise<ProbeServer> {
  const held = new EventEmitter().setMaxListeners(0);
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
      hold: async (_, { signal }) => {
        await once(held, 'release', { signal });
        return {};
      },
      record: async ({ key_name, hold }, { signal }) => {
        if (recordFile) appendFileSync(recordFile, `${server.instance} ${key_name}\n`);
        if (hold) await once(held, 'release', { signal });
        return { instance: server.instance };
      },
      release: () => {
        held.emit('release');
        return {};
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
