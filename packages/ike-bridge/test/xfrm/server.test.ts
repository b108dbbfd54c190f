import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@sluice/shared';
import fc from 'fast-check';
import { GROUP, NLM_F_REQUEST, REDIRECT_MSG_BIND, XFRM_MSG } from '../../src/xfrm/constants.js';
import { decodeMessage, encodeMessage, type Message } from '../../src/xfrm/netlink.js';
import { XfrmServer } from '../../src/xfrm/server.js';
import { Xfrm } from '../../src/xfrm/xfrm.js';
import { type MemoryLog, memoryLog } from './log.js';
import { MemorySink } from './memory-sink.js';
import { byId, PEER, request, saRequest, spec } from './requests.js';

describe('xfrm server', () => {
  let dir: string;
  let path: string;
  let sink: MemorySink;
  let log: MemoryLog;
  let xfrm: Xfrm;
  let server: XfrmServer;
  let pids: number[];
  const sockets: Client[] = [];

  class Client {
    readonly messages: Message[] = [];
    closed = false;
    #received = Buffer.alloc(0);
    readonly socket: Socket;

    constructor() {
      this.socket = createConnection(path);
      sockets.push(this);
      this.socket.on('close', () => {
        this.closed = true;
      });
      this.socket.on('error', () => undefined); // the server may close first; `closed` tells
      this.socket.on('data', (bytes) => {
        this.#received = Buffer.concat([this.#received, bytes]);
        while (this.#received.length >= 16 && this.#received.length >= this.#received.readUInt32LE(0)) {
          const length = this.#received.readUInt32LE(0);
          this.messages.push(decodeMessage(this.#received.subarray(0, length))!);
          this.#received = this.#received.subarray(length);
        }
      });
    }

    async ask(message: Message): Promise<Message> {
      const before = this.messages.length;
      this.socket.write(encodeMessage(message));
      return until('an answer', () => this.messages[before]);
    }

    bind(groups: number): void {
      const payload = Buffer.alloc(4);
      payload.writeUInt32LE(groups);
      this.socket.write(encodeMessage({ type: REDIRECT_MSG_BIND, flags: 0, seq: 0, pid: 99, payload }));
    }
  }

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sluice-xs-'));
    path = join(dir, 'xfrm.sock');
    [sink, log, pids] = [new MemorySink(), memoryLog(), []];
    xfrm = new Xfrm({ sink, log, spdPath: join(dir, 'spd.json') });
    server = await XfrmServer.listen({ path, xfrm, log, onBind: (pid) => pids.push(pid) });
  });
  afterEach(async () => {
    for (const client of sockets.splice(0)) client.socket.destroy();
    await server.close();
    await xfrm.flush();
    await rm(dir, { recursive: true, force: true });
  });

  it('lets only its owner connect, and replaces what a former process left', async () => {
    assert.equal((await stat(path)).mode & 0o777, 0o660);
    const next = await XfrmServer.listen({ path, xfrm, log });
    await next.close();
  });

  it('answers each request, whatever pieces the requests come in', async () => {
    const client = new Client();
    const ask = byId(XFRM_MSG.GETSA, PEER, 0xc0000001, NLM_F_REQUEST);
    const bytes = Buffer.concat([
      encodeMessage(saRequest(XFRM_MSG.NEWSA, spec())),
      encodeMessage({ ...ask, seq: 1 }),
      encodeMessage({ ...ask, seq: 2 }),
    ]);
    for (let at = 0; at < bytes.length; at += 7) client.socket.write(bytes.subarray(at, at + 7));
    await until('three answers', () => client.messages.length === 3);
    assert.deepEqual(client.messages.map(({ seq }) => seq).sort(), [1, 2, 201]);
    // Begun in their order: the SA was there for those that came behind it.
    assert.ok(client.messages.every(({ seq, type }) => seq === 201 || type === XFRM_MSG.NEWSA));
  });

  it('answers others while one waits for the data plane', async () => {
    let open = (): void => undefined;
    sink.gate = new Promise((resolve) => {
      open = resolve;
    });
    const client = new Client();
    const other = { ...spec(), spi: 0xc0000002 };
    client.socket.write(encodeMessage(saRequest(XFRM_MSG.NEWSA, spec())));
    client.socket.write(encodeMessage({ ...byId(XFRM_MSG.GETSA, PEER, other.spi, NLM_F_REQUEST), seq: 7 }));
    await until('the other answer', () => client.messages.some(({ seq }) => seq === 7));
    assert.equal(client.messages.length, 1);
    open();
    await until('both answers', () => client.messages.length === 2);
  });

  it('sends events to those bound to their group, and says who is bound', async () => {
    const [listener, other] = [new Client(), new Client()];
    listener.bind(GROUP.EXPIRE);
    other.bind(0);
    await until('both are bound', () => pids.length === 2);
    assert.deepEqual(pids, [99, 99]);
    assert.equal(server.listeners, 1);
    await other.ask(saRequest(XFRM_MSG.NEWSA, spec()));
    xfrm.sequenceLow(spec());
    await until('the event', () => listener.messages.length === 1);
    assert.equal(listener.messages[0]?.type, XFRM_MSG.EXPIRE);
    assert.equal(other.messages.length, 1);
  });

  it('ends a connection that sends an impossible length, and that one only', async () => {
    const [good, bad, tiny] = [new Client(), new Client(), new Client()];
    bad.socket.write(Buffer.alloc(16, 0xff));
    tiny.socket.write(Buffer.alloc(16, 0));
    await until('they are closed', () => bad.closed && tiny.closed);
    assert.equal((await good.ask(request(XFRM_MSG.GETSADINFO, Buffer.alloc(4)))).type, XFRM_MSG.NEWSADINFO);
  });

  it('survives any content', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0x0e, max: 0x28 }),
        fc.integer({ min: 0, max: 0xffff }),
        fc.uint8Array({ maxLength: 600 }),
        async (type, flags, octets) => {
          for (const answer of await xfrm.handle(request(type, Buffer.from(octets), flags | NLM_F_REQUEST)))
            encodeMessage(answer);
        },
      ),
      { numRuns: 500 },
    );
    const valid = [
      saRequest(XFRM_MSG.NEWSA, spec()),
      saRequest(XFRM_MSG.UPDSA, spec()),
      byId(XFRM_MSG.GETSA, PEER, 1),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...valid),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 }),
        async (message, changes) => {
          const payload = Buffer.from(message.payload);
          for (const [at, octet] of changes) payload[at % payload.length] = octet;
          for (const answer of await xfrm.handle({ ...message, payload })) encodeMessage(answer);
        },
      ),
      { numRuns: 500 },
    );
    assert.deepEqual(
      log.lines.filter((line) => line.includes('This is a defect')),
      [],
    );
    const client = new Client();
    assert.equal((await client.ask(request(XFRM_MSG.GETSPDINFO, Buffer.alloc(4)))).type, XFRM_MSG.NEWSPDINFO);
  });
});
