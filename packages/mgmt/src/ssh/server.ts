// The SSH server: connections, their limits, their sessions.
import { createServer, type Server, type Socket } from 'node:net';
import type { SshSection, UserSection } from '@sluice/shared';
import ssh2, { type Connection } from 'ssh2';
import { LOGINS, type Passwords } from '../login/passwords.js';
import type { SessionSettings } from '../login/shell.js';
import { type Stranger, Strangers } from '../login/strangers.js';
import type { SessionUser } from '../shell/session.js';
import { listenIn } from '../vrf-sockets.js';
import { Authentication } from './authentication.js';
import { hostKeys } from './host-keys.js';
import { acceptSession, type OpenSession } from './session.js';

/**
 * What is left of the algorithms when those that nobody should use any more are taken away. The client's order decides
 * (RFC 4253 section 7.1); that a method comes first here matters to a client that sends its first packet on a guess, as
 * dropbear's does: the guess is right when both lists begin alike. ssh2 takes every guess for a wrong one and skips the
 * packet, so the first is one that nobody begins with, and such clients send theirs again.
 */
const ALGORITHMS = {
  kex: [
    'diffie-hellman-group16-sha512',
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
  ],
  serverHostKey: ['ssh-ed25519', 'ecdsa-sha2-nistp256'],
  cipher: [
    'chacha20-poly1305@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-gcm@openssh.com',
    'aes256-ctr',
    'aes128-ctr',
  ],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
} as const;

/** A client greets by itself; whoever types a password takes a while. */
const TIMES = { greetMs: 10_000, loginMs: 30_000 };
/** Connections that have logged in, and their sessions. */
const KNOWN_MAX = 64;
const SESSIONS_MAX = 64;

interface Known {
  user: SessionUser;
  sessions: Set<OpenSession>;
  /** Ends a connection that has had no session for the idle time. */
  idle: NodeJS.Timeout;
}

export class SshServer {
  readonly #listener: Server;
  readonly #ssh: ssh2.Server;
  readonly strangers: Strangers;
  /** Those who have not logged in, by address and port. */
  readonly #arrivals = new Map<string, Stranger>();
  readonly #known = new Map<Connection, Known>();

  private constructor(
    keys: string[],
    private users: readonly UserSection[],
    private readonly settings: SessionSettings,
    private readonly passwords: Passwords,
  ) {
    this.strangers = new Strangers('ssh', TIMES, settings.log);
    this.#ssh = new ssh2.Server(
      // Readonly lists are lists here: ssh2 copies them.
      { hostKeys: keys, algorithms: ALGORITHMS as unknown as ssh2.Algorithms, ident: 'sluice' },
      (client, { ip, port }) => this.#connected(client, ip, this.#arrivals.get(nameOf(ip, port))),
    );
    // ssh2 tells of a connection when it has greeted: those that do not are counted too.
    this.#listener = createServer((socket) => this.#arrived(socket));
  }

  /** Errors: errno of listening, and of reading and making host keys. */
  static async listen(
    section: SshSection,
    users: readonly UserSection[],
    settings: Omit<SessionSettings, 'idleMs'>,
    passwords: Passwords,
  ): Promise<SshServer> {
    const keys = hostKeys(settings.stateDir);
    const { log } = settings;
    const server = new SshServer(
      keys,
      users,
      { ...settings, idleMs: section.idle_timeout_s * 1000 },
      passwords,
    );
    const listener = server.#listener;
    await listenIn(listener, section);
    listener.on('error', (error: Error) => log.error({ err: error }, 'the SSH server'));
    return server;
  }

  /** Ends all sessions and listens no more. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    for (const { sessions } of this.#known.values()) for (const session of sessions) session.end();
    for (const client of this.#known.keys()) client.end();
    this.strangers.clear();
    await closed;
  }

  /** Who may log in from now on. Those who may not any more, or have another role now, are logged out. */
  admit(users: readonly UserSection[]): void {
    this.users = users;
    for (const [client, { user }] of this.#known) {
      if (users.some(({ name, role }) => name === user.name && role === user.role)) continue;
      this.settings.log.info(
        { ...LOGINS, user: user.name },
        'logged out: the configuration has another role for this user, or none',
      );
      client.end();
    }
  }

  #arrived(socket: Socket): void {
    const { remoteAddress: address = '', remotePort = 0 } = socket;
    const name = nameOf(address, remotePort);
    this.#arrivals.set(name, this.strangers.admit(socket));
    socket.once('close', () => this.#arrivals.delete(name));
    this.#ssh.injectSocket(socket);
  }

  /** It has greeted: what it said is the first line of SSH. */
  #connected(client: Connection, address: string, stranger: Stranger | undefined): void {
    const { log } = this.settings;
    stranger?.reached('greeted');
    // A peer that breaks the protocol, has no algorithm that we have, or is gone.
    client.on('error', (error: Error) => {
      log.debug({ address, reason: error.message }, 'an SSH connection broke');
      stranger?.notUnderstood();
      client.end();
    });
    client.on('handshake', () => stranger?.reached('proving'));
    const authentication = new Authentication(this.users, address, this.passwords, log);
    client.on('authentication', (context) => authentication.attempt(context));
    client.on('close', () => {
      const known = this.#known.get(client);
      clearTimeout(known?.idle);
      for (const session of known?.sessions ?? []) session.end();
      this.#known.delete(client);
    });
    client.on('ready', () => {
      stranger?.known();
      if (authentication.user !== null) this.#admitted(client, authentication.user);
    });
  }

  #admitted(client: Connection, user: SessionUser): void {
    const { idleMs, log } = this.settings;
    if (this.#known.size >= KNOWN_MAX) {
      log.warn(
        { user: user.name, connections: KNOWN_MAX },
        'too many are logged in over SSH: no more are let in',
      );
      client.end();
      return;
    }
    const sessions = new Set<OpenSession>();
    const idle = setTimeout(() => client.end(), idleMs);
    this.#known.set(client, { user, sessions, idle });
    client.on('session', (accept, reject) => {
      const open = [...this.#known.values()].reduce((sum, each) => sum + each.sessions.size, 0);
      if (open >= SESSIONS_MAX) return void reject();
      clearTimeout(this.#known.get(client)?.idle);
      const session = acceptSession(accept(), user, this.settings, (ended) => {
        sessions.delete(ended);
        const known = this.#known.get(client);
        if (known && sessions.size === 0) known.idle = setTimeout(() => client.end(), idleMs);
      });
      sessions.add(session);
    });
  }
}

function nameOf(address: string, port: number): string {
  return `${address} ${port}`;
}
