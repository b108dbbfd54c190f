// The Telnet server: on the addresses of chosen interfaces, with the logins and limits of SSH.
import { createServer, type Server, type Socket } from 'node:net';
import { messageOf, type UserSection } from '@sluice/shared';
import type { Passwords } from '../login/passwords.js';
import { openShell, type SessionSettings } from '../login/shell.js';
import { Strangers } from '../login/strangers.js';
import type { SessionUser } from '../shell/session.js';
import type { TerminalSession } from '../shell/terminal-session.js';
import { type ListenPlace, listenIn, placeName } from '../vrf-sockets.js';
import { TelnetChannel } from './channel.js';
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
  /** By what makes a place another one. */
  readonly #servers = new Map<string, { server: Server; place: ListenPlace }>();
  readonly #sessions = new Set<Open>();

  constructor(
    private users: readonly UserSection[],
    private readonly settings: SessionSettings,
    private readonly passwords: Passwords,
  ) {
    this.strangers = new Strangers('telnet', TIMES, settings.log);
  }

  /**
   * Listens at these places from now on, by keys that tell each from others and from former ones of the same name. Sessions stay.
   * Errors: that of the first place that cannot be listened on; the others are.
   */
  async serve(places: ReadonlyMap<string, ListenPlace>): Promise<void> {
    const { log } = this.settings;
    for (const [key, { server, place }] of this.#servers) {
      if (places.has(key)) continue;
      this.#servers.delete(key);
      server.close();
      log.info(place, 'telnet is not served there any more');
    }
    const failures: Error[] = [];
    for (const [key, place] of places) {
      if (this.#servers.has(key)) continue;
      const server = createServer((socket) => this.#arrived(socket));
      try {
        await listenIn(server, place);
      } catch (error) {
        failures.push(new Error(`telnet cannot listen on ${placeName(place)}: ${messageOf(error)}`));
        continue;
      }
      server.on('error', (error: Error) => log.error({ err: error }, 'the Telnet server'));
      this.#servers.set(key, { server, place });
      log.info(place, 'telnet is served');
    }
    if (failures[0] !== undefined) throw failures[0];
  }

  /** Ends all sessions and listens no more. */
  async close(): Promise<void> {
    const closed = [...this.#servers.values()].map(
      ({ server }) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    this.#servers.clear();
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
