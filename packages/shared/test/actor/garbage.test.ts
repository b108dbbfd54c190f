import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectStream } from 'node:net';
import { NanomsgSocket } from '../../src/actor/nanomsg.js';
import { prepareRunDir, socketPath } from '../../src/actor/run-dir.js';
import { encode, encodeEvent, MESSAGE_LIMIT_BYTES, monotonicMs } from '../../src/actor/wire.js';
import { connect, until } from '../../src/index.js';
import { testContract } from '../support/contract.js';
import { type ProbeServer, serveProbe } from '../support/handlers.js';
import { Sandbox } from '../support/sandbox.js';

const RAW = { receiveLimitBytes: MESSAGE_LIMIT_BYTES, reconnectMs: 20 };

const WRONG_MESSAGES: Buffer[] = [
  Buffer.alloc(0),
  Buffer.from('{'),
  Buffer.from('null'),
  Buffer.from('[]'),
  Buffer.from('{"v":1}'),
  Buffer.from('"\ud800"'),
  encode({ kind: 'request', id: 'x' }),
  encode({ kind: 'request', id: 'x'.repeat(1000), name: 'echo', deadline: 1, body: {} }),
  encode({ kind: 'request', id: 'x', name: 'echo', deadline: 'soon', body: {} }),
  encode({ kind: 'other', id: 'x' }),
  Buffer.from(JSON.stringify({ v: 2, kind: 'poll', id: 'x' })),
  Buffer.from(`${'['.repeat(20_000)}${']'.repeat(20_000)}`),
];

describe('garbage', () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = new Sandbox();
  });
  afterEach(() => sandbox.end());

  async function exchange(socket: NanomsgSocket, message: Buffer): Promise<Record<string, unknown>> {
    socket.send(message);
    let answer: Buffer | null = null;
    await until('an answer', () => {
      answer = socket.receive();
      return answer !== null;
    });
    return JSON.parse(String(answer)) as Record<string, unknown>;
  }

  async function serveAndAsk(): Promise<{ probe: ProbeServer; req: NanomsgSocket }> {
    const probe = await serveProbe(sandbox.runDir, sandbox.log);
    sandbox.own(probe.server);
    const req = sandbox.own(new NanomsgSocket('req', RAW));
    req.connect(socketPath(sandbox.runDir, 'probe', 'req'));
    return { probe, req };
  }

  async function assertServes(): Promise<void> {
    const client = sandbox.own(connect(testContract, { runDir: sandbox.runDir, log: sandbox.log }));
    assert.deepEqual(await client.request('echo', { text: 'x' }), { text: 'x' });
  }

  it('in a request is answered as invalid, and counted', async () => {
    const { probe, req } = await serveAndAsk();
    const messages = [
      ...WRONG_MESSAGES,
      ...Array.from({ length: 200 }, (_, i) => randomBytes(i * 7)),
      randomBytes(5_000_000),
    ];
    for (const message of messages) {
      const answer = await exchange(req, message);
      assert.deepEqual([answer.kind, answer.code, answer.id], ['error', 'invalid', null]);
    }
    assert.equal(probe.server.counters.malformed, messages.length);
    await assertServes();
  });

  it('in the envelope is answered by what is wrong', async () => {
    const { req } = await serveAndAsk();
    const request = (id: string, fields: object) =>
      exchange(
        req,
        encode({ kind: 'request', id, name: 'echo', deadline: monotonicMs() + 1000, body: {}, ...fields }),
      );
    assert.equal((await request('a', { name: 'constructor' })).code, 'refused');
    assert.equal((await request('b', { name: '__proto__' })).code, 'refused');
    assert.equal((await request('c', { body: { text: 1 } })).code, 'invalid');
    assert.equal((await request('d', { deadline: 1 })).code, 'deadline');
    assert.equal((await request('e', { deadline: 1e300 })).code, 'invalid');
    assert.equal((await request('f', { name: '$snapshot', body: { topic: 'toString' } })).code, 'failed');
    assert.equal((await exchange(req, encode({ kind: 'poll', id: 'never-asked' }))).kind, 'unknown');
  });

  it('that repeats a request is answered from memory', async () => {
    const { probe, req } = await serveAndAsk();
    const message = encode({
      kind: 'request',
      id: 'same',
      name: 'echo',
      deadline: monotonicMs() + 5000,
      body: { text: 'once' },
    });
    const answers = [
      await exchange(req, message),
      await exchange(req, message),
      await exchange(req, message),
    ];
    for (const answer of answers) assert.deepEqual(answer.body, { text: 'once' });
    assert.deepEqual([probe.server.counters.requests, probe.server.counters.repeats], [1, 2]);
  });

  it('longer than the limit only costs its sender the connection', async () => {
    await serveAndAsk();
    const raw = new NanomsgSocket('req', RAW);
    raw.connect(socketPath(sandbox.runDir, 'probe', 'req'));
    raw.send(Buffer.alloc(MESSAGE_LIMIT_BYTES + 1));
    await assertServes();
    raw.close();
    await assertServes();
  });

  it('instead of a handshake does not disturb either socket', async () => {
    await serveAndAsk();
    for (const suffix of ['req', 'pub'] as const) {
      for (const bytes of [Buffer.from('GET / HTTP/1.1\r\n\r\n'), randomBytes(64), Buffer.alloc(0)]) {
        const stream = connectStream(socketPath(sandbox.runDir, 'probe', suffix));
        // The server may be quicker to hang up than this is to write.
        stream.on('error', () => undefined);
        await once(stream, 'connect');
        const closed = once(stream, 'close');
        stream.end(bytes);
        stream.resume();
        await closed;
      }
    }
    await assertServes();
  });

  it('from a server is an error for the caller, and nothing for a subscriber', async () => {
    prepareRunDir(sandbox.runDir);
    const rep = sandbox.own(new NanomsgSocket('rep', RAW));
    const pub = sandbox.own(new NanomsgSocket('pub', RAW));
    rep.bind(socketPath(sandbox.runDir, 'probe', 'req'));
    pub.bind(socketPath(sandbox.runDir, 'probe', 'pub'));
    const answers = [
      randomBytes(100),
      Buffer.from('null'),
      encode({ kind: 'reply', instance: 'i', id: 'other', body: {} }),
      encode({ kind: 'pending' }),
    ];
    rep.onReadable(() => {
      if (rep.receive()) rep.send(answers.shift() ?? Buffer.alloc(0));
    });
    const client = sandbox.own(connect(testContract, { runDir: sandbox.runDir, log: sandbox.log }));
    while (answers.length > 0)
      await assert.rejects(client.request('echo', { text: 'x' }), {
        code: 'failed',
        message: /not of the wire format/,
      });
    let calls = 0;
    client.subscribe('numbers', { onSnapshot: () => void calls++, onEvent: () => void calls++ });
    await until('garbage was noticed', () => {
      for (const body of [randomBytes(50), Buffer.from('{}'), Buffer.from('null')])
        pub.send(Buffer.concat([Buffer.from('numbers\n'), body]));
      pub.send(Buffer.from('$heartbeat\n[]'));
      pub.send(encodeEvent('numbers', { instance: 'i', sequence: 1, body: { n: 'x' } }));
      return sandbox.logged.some((line) => line.includes('not of the wire format'));
    });
    assert.equal(calls, 0);
  });
});
