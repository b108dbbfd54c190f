// charon's log, live, for those who debug a peer. charon raises an event for each line of its levels 0 and 1, which
// have no secrets; it is asked for them only while somebody reads.
import { randomUUID } from 'node:crypto';
import { type DebugLine, SluiceError } from '@sluice/shared';
import { type LogLine, logLine } from './charon/index.js';
import type { Peer } from './peer.js';
import { PeerLog } from './peer-log.js';
import { ViciConnection, ViciError } from './vici/index.js';
import type { XfrmLog } from './xfrm/index.js';

/** Whoever reads does so several times a second: one that has not for so long is gone. */
const IDLE_MS = 10_000;
/** Lines that wait for their reader. */
const WAITING_MAX = 4000;
const SESSIONS_MAX = 16;

interface Session {
  filter: PeerLog;
  waiting: DebugLine[];
  lost: number;
  timer: NodeJS.Timeout;
}

export class DebugSessions {
  readonly #sessions = new Map<string, Session>();
  #connection: Promise<ViciConnection> | null = null;

  constructor(
    private readonly viciPath: string,
    private readonly log: XfrmLog,
  ) {}

  /** @throws SluiceError `too-many`; ViciError when charon does not answer */
  async start(peer: Peer): Promise<string> {
    if (this.#sessions.size >= SESSIONS_MAX)
      throw new SluiceError('too-many', `${SESSIONS_MAX} others are at it: end one of them.`);
    const id = randomUUID();
    this.#sessions.set(id, {
      filter: new PeerLog(peer),
      waiting: [],
      lost: 0,
      timer: setTimeout(() => this.stop(id), IDLE_MS),
    });
    try {
      await this.#listen();
    } catch (error) {
      this.stop(id);
      throw error;
    }
    return id;
  }

  /** What has come since it was read last. @throws SluiceError `no-session` */
  read(id: string): { lines: DebugLine[]; lost: number } {
    const session = this.#sessions.get(id);
    if (session === undefined)
      throw new SluiceError('no-session', 'Nobody read for a while, so it has ended: begin anew.');
    session.timer.refresh();
    const { waiting: lines, lost } = session;
    session.waiting = [];
    session.lost = 0;
    return { lines, lost };
  }

  /** Ending one that has ended is fine. */
  stop(id: string): void {
    const session = this.#sessions.get(id);
    if (session !== undefined) clearTimeout(session.timer);
    this.#sessions.delete(id);
    if (this.#sessions.size === 0) this.#hangUp();
  }

  /** charon is there again, with nobody registered. */
  charonIsBack(): void {
    if (this.#sessions.size === 0) return;
    this.#listen().catch((error: unknown) => {
      if (!(error instanceof ViciError)) throw error;
      this.log.warn({ error: error.message }, 'charon did not take the registration for its log');
    });
  }

  close(): void {
    for (const id of [...this.#sessions.keys()]) this.stop(id);
  }

  async #listen(): Promise<void> {
    this.#connection ??= this.#connect();
    await this.#connection;
  }

  #connect(): Promise<ViciConnection> {
    const opening = ViciConnection.connect({
      path: this.viciPath,
      onEvent: (name, message) => {
        if (name === 'log') this.#heard(logLine(message, Date.now()));
      },
    }).then(async (connection) => {
      const gone = (): void => {
        if (this.#connection === opening) this.#connection = null;
      };
      void connection.closed.then(gone);
      await connection.register('log');
      return connection;
    });
    opening.catch(() => {
      if (this.#connection === opening) this.#connection = null;
    });
    return opening;
  }

  #hangUp(): void {
    const connection = this.#connection;
    this.#connection = null;
    // One that could not be opened has told whoever asked for it.
    connection?.then(
      (open) => open.close(),
      () => undefined,
    );
  }

  #heard(line: LogLine): void {
    for (const session of this.#sessions.values()) {
      for (const shown of session.filter.take(line)) {
        if (session.waiting.length < WAITING_MAX) session.waiting.push(shown);
        else session.lost++;
      }
    }
  }
}
