// The SSH server: connections, their limits, their sessions.
import { createServer, type Server, type Socket } from 'node:net';
import type { Logger, SshSection, UserSection } from '@sluice/shared';
import ssh2, { type Connection } from 'ssh2';
import type { SessionUser } from '../shell/session.js';
import { Authentication } from './authentication.js';
import { GuessLimit } from './guess-limit.js';
import { hostKeys } from './host-keys.js';
import { acceptSession, type OpenSession, type SessionSettings } from './session.js';

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

/** To log in within; a connection that only waits is closed. */
const LOGIN_MS = 30_000;
/** Connections that have not logged in yet, altogether and of one address. */
const STRANGERS_MAX = 64;
const STRANGERS_PER_ADDRESS_MAX = 8;
const SESSIONS_MAX = 64;

export class SshServer {
  readonly #listener: Server;
  readonly #ssh: ssh2.Server;
  readonly #limit = new GuessLimit();
  /** Those who have not logged in, by address and port. */
  readonly #strangers = new Map<string, { socket: Socket; login: NodeJS.Timeout }>();
  readonly #known = new Map<Connection, { user: SessionUser | null; sessions: Set<OpenSession> }>();

  private constructor(
    keys: string[],
    private users: readonly UserSection[],
    private readonly settings: SessionSettings,
    private readonly log: Logger,
  ) {
    this.#ssh = new ssh2.Server(
      // Readonly lists are lists here: ssh2 copies them.
      { hostKeys: keys, algorithms: ALGORITHMS as unknown as ssh2.Algorithms, ident: 'sluice' },
      (client, { ip, port }) => this.#connected(client, ip, nameOf(ip, port)),
    );
    // ssh2 tells of a connection when it has greeted: those that do not are counted too.
    this.#listener = createServer((socket) => this.#arrived(socket));
  }

  /** Errors: errno of listening, and of reading and making host keys. */
  static async listen(
    section: SshSection,
    users: readonly UserSection[],
    settings: Omit<SessionSettings, 'idleMs'>,
    log: Logger,
  ): Promise<SshServer> {
    const keys = hostKeys(settings.stateDir);
    const server = new SshServer(keys, users, { ...settings, idleMs: section.idle_timeout_s * 1000 }, log);
    const listener = server.#listener;
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(section.port, section.address, () => {
        listener.off('error', reject);
        listener.on('error', (error: Error) => log.error({ err: error }, 'the SSH server'));
        resolve();
      });
    });
    return server;
  }

  /** Ends all sessions and listens no more. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    for (const { sessions } of this.#known.values()) for (const session of sessions) session.end();
    for (const client of this.#known.keys()) client.end();
    for (const { socket } of this.#strangers.values()) socket.destroy();
    await closed;
  }

  /** Who may log in from now on. Those who may not any more, or have another role now, are logged out. */
  admit(users: readonly UserSection[]): void {
    this.users = users;
    for (const [client, { user }] of this.#known) {
      if (users.some(({ name, role }) => name === user?.name && role === user.role)) continue;
      this.log.info(
        { user: user?.name },
        'logged out: the configuration has another role for this user, or none',
      );
      client.end();
    }
  }

  #arrived(socket: Socket): void {
    const { remoteAddress: address = '', remotePort = 0 } = socket;
    const name = nameOf(address, remotePort);
    const ofAddress = [...this.#strangers.values()].filter(
      (each) => each.socket.remoteAddress === address,
    ).length;
    if (this.#strangers.size >= STRANGERS_MAX || ofAddress >= STRANGERS_PER_ADDRESS_MAX) {
      this.log.debug({ address }, 'too many SSH connections that have not logged in');
      socket.destroy();
      return;
    }
    const login = setTimeout(() => socket.destroy(), LOGIN_MS);
    this.#strangers.set(name, { socket, login });
    socket.on('close', () => this.#settled(name));
    this.#ssh.injectSocket(socket);
  }

  /** It is logged in, or gone. */
  #settled(name: string): void {
    clearTimeout(this.#strangers.get(name)?.login);
    this.#strangers.delete(name);
  }

  #connected(client: Connection, address: string, name: string): void {
    const { log } = this;
    // A peer that breaks the protocol, has no algorithm that we have, or is gone.
    client.on('error', (error: Error) => {
      log.debug({ address, reason: error.message }, 'an SSH connection broke');
      client.end();
    });
    const authentication = new Authentication(this.users, address, this.#limit, log);
    client.on('authentication', (context) => authentication.attempt(context));
    client.on('close', () => {
      for (const session of this.#known.get(client)?.sessions ?? []) session.end();
      this.#known.delete(client);
    });
    client.on('ready', () => {
      this.#settled(name);
      const sessions = new Set<OpenSession>();
      const { user } = authentication;
      this.#known.set(client, { user, sessions });
      client.on('session', (accept, reject) => {
        const open = [...this.#known.values()].reduce((sum, each) => sum + each.sessions.size, 0);
        if (user === null || open >= SESSIONS_MAX) return void reject();
        const session = acceptSession(accept(), user, this.settings, (ended) => {
          sessions.delete(ended);
        });
        sessions.add(session);
      });
    });
  }
}

function nameOf(address: string, port: number): string {
  return `${address} ${port}`;
}
