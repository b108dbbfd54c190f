// A VICI server that a test scripts byte by byte.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Framer } from '../../src/vici/framer.js';
import { encodeMessage, PACKET, type ViciInput } from '../../src/vici/index.js';

export interface ClientPacket {
  type: number;
  name: string;
  body: Buffer;
}

/** Answers one packet of a client; `nth` counts the connections from 0. */
export type Script = (packet: ClientPacket, socket: Socket, nth: number) => void;

export class FakeServer {
  readonly path: string;
  readonly sockets: Socket[] = [];
  readonly received: ClientPacket[] = [];
  private readonly dir: string;
  private server: Server | null = null;
  script: Script;

  private constructor(dir: string, script: Script) {
    this.dir = dir;
    this.path = join(dir, 'vici');
    this.script = script;
  }

  static async start(script: Script): Promise<FakeServer> {
    const fake = new FakeServer(await mkdtemp(join(tmpdir(), 'vici-fake-')), script);
    await fake.listen();
    return fake;
  }

  async listen(): Promise<void> {
    const server = createServer((socket) => {
      const nth = this.sockets.push(socket) - 1;
      const framer = new Framer();
      socket.on('error', () => {}); // a client under test may reset the connection at any time
      socket.on('data', (chunk: Buffer) => {
        for (const segment of framer.push(chunk)) {
          const length = segment[1]!;
          const packet = {
            type: segment[0]!,
            name: segment.toString('latin1', 2, 2 + length),
            body: segment.subarray(2 + length),
          };
          this.received.push(packet);
          this.script(packet, socket, nth);
        }
      });
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.path, resolve));
  }

  /** Stops listening and cuts every connection. */
  async down(): Promise<void> {
    const { server } = this;
    this.server = null;
    if (server === null) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  async stop(): Promise<void> {
    await this.down();
    await rm(this.dir, { recursive: true, force: true });
  }
}

export function segment(...parts: Array<number | string | Buffer>): Buffer {
  const body = Buffer.concat(
    parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part as string))),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

export const response = (message: ViciInput): Buffer => segment(PACKET.CMD_RESPONSE, encodeMessage(message));
export const event = (name: string, message: ViciInput): Buffer =>
  segment(PACKET.EVENT, name.length, name, encodeMessage(message));
export const confirm = (): Buffer => segment(PACKET.EVENT_CONFIRM);

/** Confirms registrations and answers every command with its own name. */
export const polite: Script = (packet, socket) => {
  socket.write(
    packet.type === PACKET.CMD_REQUEST ? response({ command: packet.name, success: 'yes' }) : confirm(),
  );
};
