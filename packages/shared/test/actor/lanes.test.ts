// A client's REQ sockets with a server that speaks SP over a Unix socket and says each octet itself: nanomsg has no way of
// keeping an answer back, or of giving two.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Lanes } from '../../src/actor/lanes.js';
import { until } from '../../src/until.js';

/** SP over TCP and IPC: zero, "SP", version 0, the endpoint's type, two octets reserved; this end is a REP socket. */
const HEADER = Buffer.from([0, 0x53, 0x50, 0, 0, 0x31, 0, 0]);
/** Before each message: its type and its length in 64 bits. */
const FRAME = 9;
/** Of a REQ socket, at the beginning of requests and replies. */
const REQUEST_ID = 4;

interface Request {
  from: Socket;
  id: Buffer;
  body: string;
}

class SpServer {
  readonly requests: Request[] = [];
  readonly connections = new Set<Socket>();
  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => this.#serve(socket));
  }

  static async listen(path: string): Promise<SpServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return new SpServer(server);
  }

  answer({ from, id }: Request, body: string): void {
    const message = Buffer.concat([Buffer.alloc(FRAME), id, Buffer.from(body)]);
    message[0] = 1;
    message.writeBigUInt64BE(BigInt(message.length - FRAME), 1);
    from.write(message);
  }

  async close(): Promise<void> {
    for (const socket of this.connections) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.connections.add(socket);
    socket.on('close', () => this.connections.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.write(HEADER);
    let buffer = Buffer.alloc(0);
    let greeted = false;
    socket.on('data', (data) => {
      buffer = Buffer.concat([buffer, data]);
      if (!greeted && buffer.length >= HEADER.length) {
        greeted = true;
        buffer = buffer.subarray(HEADER.length);
      }
      while (greeted && buffer.length >= FRAME) {
        const end = FRAME + Number(buffer.readBigUInt64BE(1));
        if (buffer.length < end) return;
        const id = Buffer.from(buffer.subarray(FRAME, FRAME + REQUEST_ID));
        this.requests.push({ from: socket, id, body: buffer.toString('utf8', FRAME + REQUEST_ID, end) });
        buffer = buffer.subarray(end);
      }
    });
  }
}

describe('lanes', () => {
  let directory: string;
  let server: SpServer;
  let lanes: Lanes;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-lanes-'));
    server = await SpServer.listen(join(directory, 'req'));
  });
  afterEach(async () => {
    lanes.close();
    await server.close();
    rmSync(directory, { recursive: true });
  });

  const exchange = async (message: string): Promise<string> =>
    (await lanes.exchange(Buffer.from(message), new AbortController().signal)).toString();
  const asked = (count: number) =>
    until(`${count} requests`, () => server.requests.length >= count, { deadlineMs: 10_000, intervalMs: 5 });

  it('sends again what is not answered, by a connection of its own: the first answer cannot come beside the second', async () => {
    lanes = new Lanes(join(directory, 'req'), 50);
    const answer = exchange('hello');
    await asked(2);
    const [first, second] = server.requests as [Request, Request];
    assert.deepEqual([first.body, second.body], ['hello', 'hello']);
    assert.notEqual(first.from, second.from);
    await until('the first connection to end', () => !server.connections.has(first.from), {
      deadlineMs: 10_000,
      intervalMs: 5,
    });
    // A busy machine may have used up the patience with the second, too.
    let received: string | null = null;
    void answer.then((text) => {
      received = text;
    });
    const answered = new Set<Request>();
    await until(
      'the answer',
      () => {
        const last = server.requests.at(-1)!;
        if (!answered.has(last)) server.answer(last, 'there');
        answered.add(last);
        return received !== null;
      },
      { deadlineMs: 10_000, intervalMs: 5 },
    );
    assert.equal(received, 'there');
  });

  it('does not send again while it has patience, and uses a socket again', async () => {
    lanes = new Lanes(join(directory, 'req'));
    for (const [i, word] of ['one', 'two'].entries()) {
      const answer = exchange(word);
      await asked(i + 1);
      server.answer(server.requests[i]!, `answer to ${word}`);
      assert.equal(await answer, `answer to ${word}`);
    }
    assert.equal(server.requests[0]!.from, server.requests[1]!.from);
    assert.equal(server.requests.length, 2);
  });

  it('sends what a server that went away has not answered to the one that comes', async () => {
    lanes = new Lanes(join(directory, 'req'));
    const answer = exchange('hello');
    await asked(1);
    await server.close();
    server = await SpServer.listen(join(directory, 'req'));
    await asked(1);
    server.answer(server.requests[0]!, 'again');
    assert.equal(await answer, 'again');
  });
});
