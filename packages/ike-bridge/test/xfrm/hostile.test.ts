// The XFRM socket under whatever may come over it: random octets in random pieces, requests that end in the middle, that come
// octet by octet, that are as large as can be, and a reader that does not read.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@sluice/shared';
import fc from 'fast-check';
import { NLM_F_DUMP, REDIRECT_MESSAGE_MAX, XFRM_MSG } from '../../src/xfrm/constants.js';
import { encodeMessage, type Message } from '../../src/xfrm/netlink.js';
import { XfrmServer } from '../../src/xfrm/server.js';
import { Xfrm } from '../../src/xfrm/xfrm.js';
import { type MemoryLog, memoryLog } from './log.js';
import { MemorySink } from './memory-sink.js';
import { byId, PEER, policyRequest, request, saRequest, spec } from './requests.js';

describe('xfrm socket, hostile', () => {
  let dir: string;
  let path: string;
  let log: MemoryLog;
  let xfrm: Xfrm;
  let server: XfrmServer;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sluice-xh-'));
    path = join(dir, 'xfrm.sock');
    log = memoryLog();
    xfrm = new Xfrm({ sink: new MemorySink(), log, spdPath: join(dir, 'spd.json') });
    server = await XfrmServer.listen({ path, xfrm, log });
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await server.close();
    await xfrm.flush();
    await rm(dir, { recursive: true, force: true });
  });

  async function open(): Promise<Socket> {
    const socket = createConnection(path);
    sockets.push(socket);
    // The server may end it first, while something is being written.
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  }

  /** Somebody well-behaved is answered, whatever others do. */
  async function answers(): Promise<void> {
    const socket = await open();
    socket.write(encodeMessage(request(XFRM_MSG.GETSADINFO, Buffer.alloc(4))));
    const [bytes] = (await once(socket, 'data', { signal: AbortSignal.timeout(5000) })) as [Buffer];
    assert.equal(bytes.readUInt16LE(4), XFRM_MSG.NEWSADINFO);
    socket.destroy();
  }

  const valid: Message[] = [
    saRequest(XFRM_MSG.NEWSA, spec()),
    saRequest(XFRM_MSG.UPDSA, spec()),
    policyRequest(XFRM_MSG.NEWPOLICY),
    byId(XFRM_MSG.GETSA, PEER, 1),
    byId(XFRM_MSG.DELSA, PEER, 0xc0000001),
    request(XFRM_MSG.GETSPDINFO, Buffer.alloc(4)),
  ];
  const damaged = fc
    .tuple(
      fc.constantFrom(...valid),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
    )
    .map(([message, changes]) => {
      const bytes = Buffer.from(encodeMessage(message));
      for (const [at, octet] of changes) bytes[at % bytes.length] = octet;
      return bytes;
    });
  const junk = fc.uint8Array({ maxLength: 200 }).map((octets) => Buffer.from(octets));

  it('goes on for others, whatever comes and in whatever pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 4, arbitrary: damaged }, { weight: 1, arbitrary: junk }), {
          maxLength: 8,
        }),
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        async (messages, pieces, leaves) => {
          const socket = await open();
          const stream = Buffer.concat(messages);
          for (let at = 0, i = 0; at < stream.length && !socket.destroyed; i++) {
            const length = pieces[i % pieces.length]!;
            socket.write(stream.subarray(at, at + length));
            at += length;
          }
          if (leaves) socket.destroy();
          await answers();
        },
      ),
      { numRuns: 200 },
    );
    assert.deepEqual(
      log.lines.filter((line) => line.includes('This is a defect')),
      [],
    );
  });

  it('waits for a request that comes octet by octet, and holds nobody up meanwhile', async () => {
    const socket = await open();
    const bytes = encodeMessage(valid[5]!);
    const answer = once(socket, 'data');
    for (let at = 0; at < bytes.length; at++) {
      socket.write(bytes.subarray(at, at + 1));
      if (at % 5 === 0) await answers();
    }
    const [got] = (await answer) as [Buffer];
    assert.equal(got.readUInt16LE(4), XFRM_MSG.NEWSPDINFO);
  });

  it('forgets a request whose sender leaves in the middle', async () => {
    const bytes = encodeMessage(valid[0]!);
    for (const length of [1, 15, 16, 17, bytes.length - 1]) {
      const socket = await open();
      socket.end(bytes.subarray(0, length));
      await until('it is closed', () => socket.destroyed || socket.readableEnded || socket.readable);
      await answers();
    }
    assert.equal(xfrm.sad.size, 0);
  });

  it('answers a request of the largest size, and ends what announces more', async () => {
    const fits = await open();
    const large = request(XFRM_MSG.GETSPDINFO, Buffer.alloc(REDIRECT_MESSAGE_MAX - 16));
    const answer = once(fits, 'data');
    fits.write(encodeMessage(large));
    const [got] = (await answer) as [Buffer];
    assert.equal(got.readUInt16LE(4), XFRM_MSG.NEWSPDINFO);

    const beyond = await open();
    const closed = once(beyond, 'close');
    const header = Buffer.alloc(16);
    header.writeUInt32LE(REDIRECT_MESSAGE_MAX + 1);
    beyond.write(header);
    beyond.resume();
    await closed;
    assert.ok(log.lines.some((line) => line.includes(`a message of ${REDIRECT_MESSAGE_MAX + 1} octets`)));
    await answers();
  });

  it('ends one that asks and never reads, before its answers fill the memory', async () => {
    for (let spi = 1; spi <= 200; spi++)
      await xfrm.handle(saRequest(XFRM_MSG.NEWSA, spec({ spi: 0xc0000000 + spi })));
    const socket = await open();
    socket.pause();
    const dump = encodeMessage(request(XFRM_MSG.GETSA, Buffer.alloc(0), NLM_F_DUMP | 1));
    await until(
      'the bridge to end it',
      () => {
        socket.write(dump);
        return log.lines.some((line) => line.includes('does not read'));
      },
      { intervalMs: 1 },
    );
    await answers();
  });
});
