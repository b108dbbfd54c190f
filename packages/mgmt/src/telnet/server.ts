// The Telnet server: on the addresses of chosen interfaces, with the logins and limits of SSH.
import type { Server, Socket } from 'node:net';
import { TELNET_PORT, type UserSection } from '@sluice/shared';
import type { Passwords } from '../login/passwords.js';
import { openShell, type SessionSettings } from '../login/shell.js';
import { Strangers } from '../login/strangers.js';
import type { SessionUser } from '../shell/session.js';
import type { TerminalSession } from '../shell/terminal-session.js';
import { TelnetChannel } from './channel.js';
import { type ListenPlace, listenIn } from './listen.js';
import { logIn } from './login.js';

/** A name is typed by hand here. */
const TIMES = { greetMs: 30_000, loginMs: 60_000 };
const SESSIONS_MAX = 16;

interface Open {
  user: SessionUser;
  channel: TelnetChannel;
  terminal: TerminalSession;
}

export class TelnetServer {
  readonly strangers: Strangers;
  readonly #servers: Server[] = [];
  readonly #sessions = new Set<Open>();

  private constructor(
    private users: readonly UserSection[],
    private readonly settings: SessionSettings,
    private readonly passwords: Passwords,
  ) {
    this.strangers = new Strangers('telnet', TIMES, settings.log);
  }

  /** Errors: those of listening, the place named; then it listens nowhere. */
  static async listen(
    places: readonly ListenPlace[],
    users: readonly UserSection[],
    settings: SessionSettings,
    passwords: Passwords,
  ): Promise<TelnetServer> {
    const telnet = new TelnetServer(users, settings, passwords);
    try {
      for (const place of places) {
        const server = await listenIn(place, TELNET_PORT, (socket) => telnet.#arrived(socket));
        server.on('error', (error: Error) => settings.log.error({ err: error }, 'the Telnet server'));
        telnet.#servers.push(server);
      }
    } catch (error) {
      await telnet.close();
      throw error;
    }
    return telnet;
  }

  /** Ends all sessions and listens no more. */
  async close(): Promise<void> {
    const closed = this.#servers.map(
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    for (const { terminal, channel } of this.#sessions) {
      terminal.end();
      channel.destroy();
    }
    this.strangers.clear();
    await Promise.all(closed);
  }

  /** Who may log in from now on. Those who may not any more, or have another role now, are logged out. */
  admit(users: readonly UserSection[]): void {
    this.users = users;
    for (const { user, terminal } of this.#sessions)
      if (!users.some(({ name, role }) => name === user.name && role === user.role)) terminal.end();
  }

  #arrived(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const stranger = this.strangers.admit(socket);
    let terminal: TerminalSession | null = null;
    const channel = new TelnetChannel(socket, {
      negotiated: () => stranger.reached('greeted'),
      resize: (size) => terminal?.resize(size),
      nonsense: (reason) => {
        this.settings.log.debug({ address, reason }, 'a Telnet connection sent nonsense');
        stranger.notUnderstood();
        socket.destroy();
      },
    });
    channel.on('error', (error: Error) =>
      this.settings.log.debug({ address, reason: error.message }, 'a Telnet connection broke'),
    );
    socket.setNoDelay(true);
    channel.negotiate();
    this.#serve(channel, address, stranger, (opened) => {
      terminal = opened;
    }).catch((error: unknown) => {
      this.settings.log.error({ err: error, address }, 'a Telnet session failed');
      socket.destroy();
    });
  }

  async #serve(
    channel: TelnetChannel,
    address: string,
    stranger: ReturnType<Strangers['admit']>,
    onOpen: (terminal: TerminalSession) => void,
  ): Promise<void> {
    const { log } = this.settings;
    const user = await logIn(
      channel,
      () => this.users,
      address,
      this.passwords,
      () => stranger.reached('proving'),
    );
    if (user === null || channel.destroyed) {
      if (!channel.negotiated) stranger.notUnderstood();
      channel.end();
      return;
    }
    stranger.known();
    if (this.#sessions.size >= SESSIONS_MAX) {
      log.warn({ user: user.name, sessions: SESSIONS_MAX }, 'too many Telnet sessions: no more are opened');
      channel.end('Too many sessions are open: try again later.\r\n');
      return;
    }
    log.info(
      { user: user.name, address, by: 'password', terminal: channel.terminalType },
      'logged in over Telnet',
    );
    const terminal = await openShell(channel, user, () => channel.size, this.settings);
    const open = { user, channel, terminal };
    this.#sessions.add(open);
    onOpen(terminal);
    terminal.resize(channel.size);
    channel.resume();
    const ended = (): void => {
      this.#sessions.delete(open);
      channel.end();
    };
    terminal.on('end', ended);
    if (channel.destroyed) ended();
  }
}
