import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type ActorClient, ActorError, connect, until } from '../../src/index.js';
import { type TestContract, testContract } from '../support/contract.js';
import { type ProbeServer, serveProbe } from '../support/handlers.js';
import { endProcess, openDescriptors, Sandbox } from '../support/sandbox.js';

describe('actor requests', () => {
  let sandbox: Sandbox;
  let probe: ProbeServer;
  let client: ActorClient<TestContract>;

  beforeEach(async () => {
    sandbox = new Sandbox();
    probe = await serveProbe(sandbox.runDir, sandbox.log);
    sandbox.own(probe.server);
    client = sandbox.own(connect(testContract, { runDir: sandbox.runDir, log: sandbox.log }));
  });
  afterEach(() => sandbox.end());

  it('are answered, with the defaults of the contract filled in', async () => {
    assert.deepEqual(await client.request('echo', { text: 'ab' }), { text: 'ab' });
    assert.deepEqual(await client.request('echo', { text: 'ab', times: 3 }), { text: 'ababab' });
  });

  it('are answered each with its own reply, many at once', async () => {
    const texts = Array.from({ length: 300 }, (_, i) => `text ${i}`);
    const replies = await Promise.all(texts.map((text) => client.request('echo', { text })));
    assert.deepEqual(
      replies.map((reply) => reply.text),
      texts,
    );
  });

  it('carry megabytes both ways', async () => {
    const text = 'ä'.repeat(3_000_000);
    assert.equal((await client.request('echo', { text, times: 2 })).text.length, 6_000_000);
  });

  it('of an earlier slow caller do not delay a fast one', async () => {
    const order: string[] = [];
    const slow = Array.from({ length: 20 }, () => client.request('hold', {}).then(() => order.push('slow')));
    const other = sandbox.own(connect(testContract, { runDir: sandbox.runDir, log: sandbox.log }));
    await until('the slow ones run', () => probe.server.counters.requests === 20);
    for (const caller of [client, other]) {
      await caller.request('echo', { text: 'fast' });
      order.push('fast');
    }
    assert.deepEqual(order, ['fast', 'fast']);
    await other.request('release', {});
    await Promise.all(slow);
  });

  it('end at their deadline, in the order of their deadlines, and abort the handler', async () => {
    const order: number[] = [];
    await Promise.all(
      [400, 100, 300, 200].map(async (deadlineMs) => {
        const begun = performance.now();
        await assert.rejects(client.request('hold', {}, { deadlineMs }), (error) => {
          assert(error instanceof ActorError);
          assert.equal(error.code, 'deadline');
          // The caller's clock or the server's, whichever is first.
          assert.match(
            error.message,
            /^probe did not answer hold within \d+ ms|^hold was not done by its deadline$/,
          );
          return true;
        });
        assert(performance.now() - begun >= deadlineMs - 1, 'not before the deadline');
        order.push(deadlineMs);
      }),
    );
    assert.deepEqual(order, [100, 200, 300, 400]);
    await until('the handlers have been aborted', () => probe.server.counters.late === 4);
  });

  it('can be cancelled by the caller', async () => {
    const cancel = new AbortController();
    const request = client.request('hold', {}, { signal: cancel.signal });
    await until('it runs', () => probe.server.counters.requests === 1);
    cancel.abort();
    await assert.rejects(request, { code: 'closed' });
    await assert.rejects(client.request('echo', { text: 'x' }, { signal: cancel.signal }), {
      code: 'closed',
    });
  });

  it('that fail give the sentence and code of the failure, and no stack', async () => {
    await assert.rejects(client.request('fail', { how: 'sluice' }), (error) => {
      assert(error instanceof ActorError);
      assert.deepEqual(
        [error.code, error.reason, error.message],
        ['failed', 'out-of-cheese', 'there is no cheese: buy some'],
      );
      return true;
    });
    await assert.rejects(client.request('fail', { how: 'type' }), {
      code: 'failed',
      reason: null,
      message: 'x is not a function',
    });
    assert(
      sandbox.logged.some((line) => line.includes('x is not a function') && /handlers\.[jt]s/.test(line)),
    );
  });

  it('with a reply that is not in the contract fail, and are logged by the server', async () => {
    await assert.rejects(client.request('fail', { how: 'reply' }), {
      code: 'failed',
      reason: 'reply-invalid',
    });
    assert(
      sandbox.logged.some((line) => line.includes("probe's reply to fail is not what the contract says")),
    );
  });

  it('that do not validate are invalid, with the path and never with the values', async () => {
    const wrong = { text: 'SECRET-TEXT', times: 'SECRET-TIMES' } as unknown as { text: string };
    await assert.rejects(client.request('echo', wrong), { code: 'invalid', message: /probe echo: times: / });
    await assert.rejects(client.request('echo', { text: 'SECRET-TEXT', times: 0 }), { code: 'invalid' });
    assert(!sandbox.logged.join('').includes('SECRET'));
  });

  it('beyond the size limit are refused by the client', async () => {
    await assert.rejects(client.request('echo', { text: 'x'.repeat(65 * 1024 * 1024) }), {
      code: 'invalid',
      message: /more than the 67108864 of a message/,
    });
    assert.deepEqual(await client.request('echo', { text: 'still there' }), { text: 'still there' });
  });

  it('whose reply would be beyond the size limit fail with a sentence', async () => {
    await assert.rejects(client.request('echo', { text: 'x'.repeat(1024 * 1024), times: 65 }), {
      code: 'failed',
      reason: 'reply-too-long',
    });
  });

  it('made before the server is there are answered once it is', async () => {
    await probe.server.close();
    const request = client.request('echo', { text: 'early' });
    probe = await serveProbe(sandbox.runDir, sandbox.log);
    sandbox.own(probe.server);
    assert.deepEqual(await request, { text: 'early' });
  });

  it('given up at their deadline are not run by a server that starts later', async () => {
    await probe.server.close();
    await assert.rejects(client.request('echo', { text: 'old' }, { deadlineMs: 50 }), { code: 'deadline' });
    probe = await serveProbe(sandbox.runDir, sandbox.log);
    sandbox.own(probe.server);
    await client.request('echo', { text: 'new' });
    assert.equal(probe.server.counters.requests, 1);
  });

  it('end with closed when the client closes', async () => {
    const running = client.request('hold', {});
    await until('it runs', () => probe.server.counters.requests === 1);
    const ended = assert.rejects(running, { code: 'closed' });
    await client.close();
    await ended;
    await assert.rejects(client.request('echo', { text: 'x' }), { code: 'closed' });
  });

  it('survive a server that is killed and started again: run once per instance, answered or at their deadline', async () => {
    await probe.server.close();
    const recordFile = join(sandbox.dir, 'record');
    const runs = (): string[] =>
      existsSync(recordFile) ? readFileSync(recordFile, 'utf8').trim().split('\n') : [];
    const first = await sandbox.run('probe-process', sandbox.runDir, recordFile);
    const requests = Array.from({ length: 50 }, (_, i) =>
      client.request('record', { key_name: `k${i}`, hold: i % 2 === 1 }).then(
        ({ instance }) => instance,
        (error: unknown) => {
          assert(error instanceof ActorError);
          return error.code;
        },
      ),
    );
    await until('some have run', () => runs().length >= 20);
    await endProcess(first.child, 'SIGKILL');
    const second = await sandbox.run('probe-process', sandbox.runDir, recordFile);
    let ended = false;
    const ending = Promise.all(requests).finally(() => {
      ended = true;
    });
    await until('all have ended', async () => {
      await client.request('release', {});
      return ended;
    });
    const outcomes = await ending;
    for (const outcome of outcomes) assert([first.line, second.line, 'deadline'].includes(outcome), outcome);
    assert(outcomes.includes(second.line), 'the second instance answered some');
    assert.equal(new Set(runs()).size, runs().length, 'none ran twice in one instance');
  });
});

describe('an actor server', () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
  });
  afterEach(() => sandbox.end());

  it('keeps its directory and sockets to its owner', async () => {
    sandbox.own((await serveProbe(sandbox.runDir, sandbox.log)).server);
    const mode = (path: string): number => statSync(path).mode & 0o777;
    assert.equal(mode(sandbox.runDir), 0o700);
    for (const suffix of ['req', 'pub']) assert.equal(mode(join(sandbox.runDir, `probe.${suffix}`)), 0o660);
  });

  it('refuses to start beside a living one, and leaves that one as it is', async () => {
    const { server } = await serveProbe(sandbox.runDir, sandbox.log);
    sandbox.own(server);
    await assert.rejects(serveProbe(sandbox.runDir, sandbox.log), {
      code: 'already-running',
      message: `another probe is already running in ${sandbox.runDir}: stop it first`,
    });
    const client = sandbox.own(connect(testContract, { runDir: sandbox.runDir, log: sandbox.log }));
    assert.deepEqual(await client.request('echo', { text: 'x' }), { text: 'x' });
  });

  it('starts once of many that start together over the sockets of a killed one', async () => {
    const killed = await sandbox.run('probe-process', sandbox.runDir);
    await endProcess(killed.child, 'SIGKILL');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () => serveProbe(sandbox.runDir, sandbox.log)),
    );
    const started = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    for (const { server } of started) sandbox.own(server);
    assert.equal(started.length, 1);
    const client = sandbox.own(connect(testContract, { runDir: sandbox.runDir, log: sandbox.log }));
    assert.deepEqual(await client.request('echo', { text: 'x' }), { text: 'x' });
  });

  it('says that a run directory is too deep for a socket', async () => {
    await assert.rejects(serveProbe(join(sandbox.dir, 'd'.repeat(120)), sandbox.log), {
      code: 'path-too-long',
    });
  });

  it('leaves nothing open or on disk when it is closed', async () => {
    const before = openDescriptors();
    const { server } = await serveProbe(sandbox.runDir, sandbox.log);
    const client = connect(testContract, { runDir: sandbox.runDir, log: sandbox.log });
    await client.request('echo', { text: 'x' });
    const subscription = client.subscribe('numbers', { onSnapshot() {}, onEvent() {} });
    subscription.close();
    await client.close();
    await server.close();
    await until('all descriptors are closed', () => openDescriptors() <= before);
    for (const suffix of ['req', 'pub']) assert(!existsSync(join(sandbox.runDir, `probe.${suffix}`)));
  });

  it('and its client let the process end', async () => {
    const { child, line } = await sandbox.run('idle-client', sandbox.runDir);
    assert.equal(line, 'closed');
    const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode];
    assert.equal(code, 0);
  });
});
