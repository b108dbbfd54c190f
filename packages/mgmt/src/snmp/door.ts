// The socket of the agent: what comes in by it is of those who may ask, no more than can be answered, and is answered from
// figures of the moment.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { BlockList, isIPv6 } from 'node:net';
import type { AgentSocket } from 'net-snmp';
import { bindIn, type ListenPlace } from '../vrf-sockets.js';

/** Requests a second. Each may cost a millisecond: a key is made of a password anew for every engine that it names. */
const REQUESTS_PER_S = 200;
/** Requests that wait for figures. */
const WAITING_MAX = 64;

/** Why a request has no answer: whom it is of, too many at once, the data plane gave no figures, it is not allowed or malformed. */
export type Dropped = 'source' | 'too_many' | 'no_figures' | 'refused';

type Listener = (message: Buffer, from: RemoteInfo) => void;

export class Door implements AgentSocket {
  /** Requests that were let in; those without an answer, by reason. */
  requests = 0;
  readonly dropped: Record<Dropped, number> = { source: 0, too_many: 0, no_figures: 0, refused: 0 };
  private readonly sources = new BlockList();
  private readonly listeners: Listener[] = [];
  private second = 0;
  private inSecond = 0;
  private waiting = 0;

  private constructor(
    private readonly socket: Socket,
    sources: readonly string[],
    private readonly fresh: () => Promise<void>,
  ) {
    for (const source of sources) {
      const [network = '', length] = source.split('/');
      this.sources.addSubnet(network, Number(length), isIPv6(network) ? 'ipv6' : 'ipv4');
    }
    socket.on('message', (message, from) => void this.take(message, from));
  }

  /** @param fresh brings the figures up to date. Errors: of the system, when the address cannot be listened on. */
  static async open(
    place: ListenPlace,
    sources: readonly string[],
    fresh: () => Promise<void>,
  ): Promise<Door> {
    const socket = createSocket(isIPv6(place.address) ? 'udp6' : 'udp4');
    await bindIn(socket, place).catch((error: unknown) => {
      socket.close();
      throw error;
    });
    return new Door(socket, sources, fresh);
  }

  on(event: 'message' | 'error', listener: Listener & ((error: Error) => void)): this {
    if (event === 'message') this.listeners.push(listener);
    else this.socket.on('error', listener);
    return this;
  }

  /** It is bound already: errors are whoever's who opened it. */
  bind(): this {
    return this;
  }

  /** The agent reports what cannot be sent to the process's output; a client that has gone asks again, or does not. */
  send(...args: Parameters<AgentSocket['send']>): void {
    const [message, offset, length, port, address, done] = args;
    this.socket.send(message, offset, length, port, address, () => done(null));
  }

  address(): { address: string; port: number } {
    return this.socket.address();
  }

  close(callback?: () => void): this {
    this.socket.close(callback);
    return this;
  }

  private async take(message: Buffer, from: RemoteInfo): Promise<void> {
    if (!this.mayAsk(from)) {
      this.dropped.source++;
      return;
    }
    if (!this.hasTime()) {
      this.dropped.too_many++;
      return;
    }
    this.requests++;
    this.waiting++;
    const reason = await this.answer(message, from);
    this.waiting--;
    if (reason !== null) this.dropped[reason]++;
  }

  /** Why there is no answer. */
  private async answer(message: Buffer, from: RemoteInfo): Promise<Dropped | null> {
    const known = await this.fresh().then(
      () => true,
      () => false,
    );
    if (!known) return 'no_figures';
    try {
      for (const listener of this.listeners) listener(message, from);
      return null;
    } catch (error) {
      // What somebody made up can be anything: the agent checks much of it, not all.
      if (error instanceof Error) return 'refused';
      throw error;
    }
  }

  private mayAsk({ address, family }: RemoteInfo): boolean {
    return this.sources.check(address, family === 'IPv6' ? 'ipv6' : 'ipv4');
  }

  private hasTime(): boolean {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.second) [this.second, this.inSecond] = [second, 0];
    return ++this.inSecond <= REQUESTS_PER_S && this.waiting < WAITING_MAX;
  }
}
