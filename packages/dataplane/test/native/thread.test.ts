import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { allocateWasmMemory } from '../../src/memory/wasm-memory.js';
import { adviseHugePages, allowedCpus, NativeError, pinThread, threadId } from '../../src/native/index.js';

/** Mappings of this process for which huge pages have been asked. */
const advised = (): number =>
  readFileSync('/proc/self/smaps', 'utf8').match(/^VmFlags:.* hg( |$)/gm)?.length ?? 0;

describe('native thread', () => {
  it('knows its id and its CPUs', () => {
    assert.equal(threadId(), process.pid, 'the main thread');
    assert.ok(allowedCpus().length > 0);
  });

  it('is pinned to a CPU, alone', async () => {
    const before = allowedCpus();
    const cpu = before.at(-1)!;
    const worker = new Worker(new URL('./scenarios/pinned.js', import.meta.url), { workerData: { cpu } });
    const [seen] = (await once(worker, 'message')) as [{ allowed: number[]; id: number; status: string }];
    assert.deepEqual(seen.allowed, [cpu]);
    assert.notEqual(seen.id, threadId());
    assert.match(seen.status, new RegExp(`Cpus_allowed_list:\\t${cpu}\\n`));
    assert.deepEqual(allowedCpus(), before, 'other threads are not');
  });

  it('says that there is no such CPU', () => {
    for (const cpu of [-1, 1023, 5000]) {
      assert.throws(
        () => pinThread(cpu),
        (error: unknown) =>
          error instanceof NativeError && error.code === 'EINVAL' && error.message.includes(`CPU ${cpu}`),
      );
    }
  });

  it('gets huge pages for memory', () => {
    const memory = new Uint8Array(allocateWasmMemory(8 << 20).buffer);
    const before = advised();
    adviseHugePages(memory);
    assert.equal(advised(), before + 1);
  });
});
