import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import fc from 'fast-check';
import {
  listSas,
  loadShared,
  PACKET,
  SEGMENT_MAX,
  terminate,
  text,
  unloadConn,
  ViciConnection,
  ViciError,
  type ViciErrorCode,
} from '../../src/vici/index.js';
import { confirm, event, FakeServer, polite, response, type Script, segment } from './fake-server.js';

const fails = (code: ViciErrorCode) => (error: unknown) => {
  assert.ok(error instanceof ViciError, String(error));
  assert.equal(error.code, code, error.message);
  return true;
};

describe('vici connection', () => {
  let server: FakeServer | undefined;
  const open: ViciConnection[] = [];

  async function connect(script: Script, deadlineMs = 5000): Promise<ViciConnection> {
    server = await FakeServer.start(script);
    const connection = await ViciConnection.connect({ path: server.path, deadlineMs });
    open.push(connection);
    return connection;
  }

  afterEach(async () => {
    for (const connection of open.splice(0)) connection.close();
    await server?.stop();
    server = undefined;
  });

  it('says what to check when nobody listens', async () => {
    await assert.rejects(ViciConnection.connect({ path: '/nonexistent/vici' }), (error) => {
      assert.match(String(error), /\/nonexistent\/vici.*Does charon run\?/);
      return fails('disconnected')(error);
    });
  });

  it('sends one command at a time and answers in order', async () => {
    let atOnce = 0;
    const connection = await connect((packet, socket) => {
      atOnce++;
      setImmediate(() => {
        assert.equal(atOnce, 1);
        atOnce--;
        socket.write(response({ command: packet.name }));
      });
    });
    const names = ['a', 'b', 'c', 'd'];
    const replies = await Promise.all(names.map((name) => connection.request(name)));
    assert.deepEqual(
      replies.map((reply) => text(reply, 'command')),
      names,
    );
  });

  it('reads answers that arrive byte by byte', async () => {
    const connection = await connect((_packet, socket) => {
      for (const byte of response({ a: 'b' })) socket.write(Buffer.from([byte]));
    });
    assert.equal(text(await connection.request('x'), 'a'), 'b');
  });

  it('reports an unknown command and goes on', async () => {
    const connection = await connect((packet, socket, nth) => {
      if (packet.name === 'nonsense') socket.write(segment(PACKET.CMD_UNKNOWN));
      else polite(packet, socket, nth);
    });
    await assert.rejects(connection.request('nonsense'), fails('unknown'));
    assert.equal(text(await connection.request('version'), 'command'), 'version');
  });

  it('reports an unknown event and goes on', async () => {
    const connection = await connect((packet, socket, nth) => {
      if (packet.type === PACKET.EVENT_REGISTER) socket.write(segment(PACKET.EVENT_UNKNOWN));
      else polite(packet, socket, nth);
    });
    await assert.rejects(connection.register('nonsense'), fails('unknown'));
    await connection.request('version');
  });

  const broken: Array<[string, ViciErrorCode, Script]> = [
    ['no answer', 'timeout', () => {}],
    ['half an answer', 'timeout', (_packet, socket) => socket.write(response({ a: 'b' }).subarray(0, 7))],
    [
      'half an answer, then the end',
      'disconnected',
      (_p, socket) => socket.end(response({ a: 'b' }).subarray(0, 7)),
    ],
    ['the end', 'disconnected', (_packet, socket) => socket.end()],
    [
      'a segment beyond the limit',
      'malformed',
      (_p, socket) => socket.write(Buffer.from([0x7f, 0xff, 0xff, 0xff])),
    ],
    ['an HTTP answer', 'malformed', (_packet, socket) => socket.write('HTTP/1.1 400 Bad Request\r\n')],
    ['an empty segment', 'malformed', (_packet, socket) => socket.write(Buffer.alloc(4))],
    ['a broken message', 'malformed', (_packet, socket) => socket.write(segment(PACKET.CMD_RESPONSE, 9))],
    ['a confirmation instead of an answer', 'malformed', (_packet, socket) => socket.write(confirm())],
  ];
  for (const [what, code, script] of broken) {
    it(`ends with "${code}" on ${what}, also for those that wait`, async () => {
      const connection = await connect(script, code === 'timeout' ? 300 : undefined);
      const waiting = [connection.request('a'), connection.request('b'), connection.register('c')];
      for (const one of waiting) await assert.rejects(one, fails(code));
      assert.equal((await connection.closed)?.code, code);
      await assert.rejects(connection.request('later'), fails(code));
    });
  }

  it('settles every request, whatever the daemon sends', async () => {
    let bytes: Uint8Array = Buffer.alloc(0);
    server = await FakeServer.start((_packet, socket) => socket.end(bytes));
    const { path } = server;
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), fc.boolean(), async (random, framed) => {
        bytes = framed ? segment(Buffer.from(random)) : random;
        const connection = await ViciConnection.connect({ path });
        await connection
          .request('x')
          .catch((error: unknown) => assert.ok(error instanceof ViciError, String(error)));
        const reason = await connection.closed;
        assert.ok(reason?.code === 'malformed' || reason?.code === 'disconnected', String(reason));
      }),
      { numRuns: 200 },
    );
  });

  it('ends when an answer comes that nobody asked for', async () => {
    const connection = await connect((_packet, socket) => {
      socket.write(Buffer.concat([response({ a: '1' }), response({ a: '2' })]));
    });
    assert.equal(text(await connection.request('x'), 'a'), '1');
    assert.equal((await connection.closed)?.code, 'malformed');
  });

  it('takes an answer of the largest size', async () => {
    const items = Array<Buffer>(7).fill(Buffer.alloc(0xffff));
    const rest = SEGMENT_MAX - 1 - (3 + 1) - 7 * (3 + 0xffff) - 3;
    const connection = await connect((_packet, socket) => {
      socket.write(response({ l: [...items, Buffer.alloc(rest)] }));
    });
    const list = (await connection.request('x')).get('l');
    assert.ok(Array.isArray(list));
    assert.equal(list.length, 8);
  });

  it('streams events until the answer, and unregisters', async () => {
    const connection = await connect((packet, socket, nth) => {
      if (packet.type === PACKET.CMD_REQUEST) {
        for (let i = 0; i < 1000; i++) socket.write(event('list-sa', { [`c${i}`]: {} }));
      }
      polite(packet, socket, nth);
    });
    const names: string[] = [];
    for await (const sa of listSas(connection)) names.push(...sa.keys());
    assert.deepEqual(
      names,
      Array.from({ length: 1000 }, (_, i) => `c${i}`),
    );
    assert.deepEqual(
      server?.received.map(({ type }) => type),
      [PACKET.EVENT_REGISTER, PACKET.CMD_REQUEST, PACKET.EVENT_UNREGISTER],
    );
  });

  it('goes on after a stream that its reader left', async () => {
    const connection = await connect((packet, socket, nth) => {
      if (packet.name === 'list-sas')
        for (let i = 0; i < 1000; i++) socket.write(event('list-sa', { c: {} }));
      polite(packet, socket, nth);
    });
    for await (const sa of listSas(connection)) {
      assert.ok(sa.has('c'));
      break;
    }
    assert.equal(text(await connection.request('version'), 'command'), 'version');
  });

  it('runs no deadline against the daemon while the reader of a stream is behind', async () => {
    const deadlineMs = 1000;
    const connection = await connect((packet, socket, nth) => {
      if (packet.name === 'list-sas') for (let i = 0; i < 600; i++) socket.write(event('list-sa', { c: {} }));
      polite(packet, socket, nth);
    }, deadlineMs);
    let read = 0;
    for await (const _sa of listSas(connection)) {
      if (read++ === 0) {
        const start = performance.now();
        await until('the deadline has passed', () => performance.now() - start > 1.5 * deadlineMs);
      }
    }
    assert.equal(read, 600);
  });

  it('fails a stream that stalls', async () => {
    const connection = await connect((packet, socket, nth) => {
      if (packet.type === PACKET.CMD_REQUEST) socket.write(event('list-sa', { c: {} }));
      else polite(packet, socket, nth);
    }, 1000);
    let read = 0;
    await assert.rejects(async () => {
      for await (const _sa of listSas(connection)) read++;
    }, fails('timeout'));
    assert.equal(read, 1);
  });

  it('fails what is under way when it is closed', async () => {
    const connection = await connect(() => {});
    const request = connection.request('x');
    connection.close();
    await assert.rejects(request, fails('disconnected'));
    assert.equal(await connection.closed, null);
  });

  it('passes on the reason of a refusal', async () => {
    const connection = await connect((packet, socket) => {
      if (packet.name === 'terminate') {
        socket.write(response({ success: 'no', matches: '0', terminated: '0', errmsg: 'no matching SAs' }));
      } else socket.write(response({ success: 'no', errmsg: "connection 'x' not found" }));
    });
    await assert.rejects(unloadConn(connection, 'x'), (error) => {
      assert.match(String(error), /connection 'x' not found/);
      return fails('refused')(error);
    });
    assert.equal(await terminate(connection, { ike: 'x' }, { timeoutMs: 100 }), 0);
  });

  it('sends values as they are, and leaves what the caller passed alone', async () => {
    const connection = await connect(polite);
    const data = Buffer.from([0, 0xff, 0x80, 0x0a]);
    await loadShared(connection, { id: 'k', type: 'IKE', data, owners: ['a'] });
    assert.ok(server?.received[0]?.body.includes(Buffer.from([0, 4, 0, 0xff, 0x80, 0x0a])));
    assert.deepEqual([...data], [0, 0xff, 0x80, 0x0a]);
  });
});
