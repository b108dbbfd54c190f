// Syslog over UDP (RFC 5426): a message in a datagram, and nobody says whether it came.
//
// The socket is connected, so that a server that refuses is heard of: Linux reports the ICMP error afterwards, to whoever
// sends or receives next.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { openDatagramIn } from '@sluice/dhcpd/namespace-sockets';
import { codeOf, messageOf } from '@sluice/shared';
import type { Channel, Delivery, Place } from './channel.js';

/** After a fault the server's name is looked up again: it may have another address by now. */
const REOPEN_MS = 30_000;

/** Errors: the system's. */
export async function openUdp({ address, family, port, namespace }: Place): Promise<Channel> {
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  try {
    if (namespace !== '') socket.bind({ fd: openDatagramIn(namespace, family) });
    socket.connect(port, address);
    await once(socket, 'connect');
  } catch (error) {
    socket.close();
    throw error;
  }
  return new UdpChannel(socket);
}

class UdpChannel implements Channel {
  readonly ended: Promise<string>;
  /** What Linux has said since the last batch of what was sent before. */
  private refusals: string[] = [];
  private reopening: NodeJS.Timeout | null = null;
  private end: (reason: string) => void = () => undefined;

  constructor(private readonly socket: Socket) {
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
    socket.on('error', (error: Error) => this.refusals.push(sentenceOf(error)));
  }

  /** Each is tried once: one that cannot leave does not hold up the others. */
  async send(messages: readonly Buffer[]): Promise<Delivery> {
    const outcomes = await Promise.all(messages.map((message) => this.sendOne(message)));
    const faults = [...this.refusals, ...outcomes.filter((outcome) => outcome !== null)];
    this.refusals = [];
    const problem = faults.at(-1) ?? null;
    if (problem !== null) this.reopening ??= setTimeout(() => this.end(problem), REOPEN_MS);
    return { lost: Math.min(faults.length, messages.length), problem };
  }

  close(): void {
    if (this.reopening !== null) clearTimeout(this.reopening);
    this.socket.close();
  }

  private sendOne(message: Buffer): Promise<string | null> {
    return new Promise((resolve) =>
      this.socket.send(message, (error) => resolve(error === null ? null : sentenceOf(error))),
    );
  }
}

function sentenceOf(error: Error): string {
  if (codeOf(error) !== 'ECONNREFUSED') return messageOf(error);
  return 'it refuses datagrams: see whether the server runs, and listens on that port';
}
