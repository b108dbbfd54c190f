// What `sluice up`, which is root, does for processes with users of their own: it opens the files that the configuration
// names for each, writes the configuration for the agent, and ends a process for the management, to be started again.
//
// A process has a socket here, which only its user may open; packages/shared/src/supervisor-request.ts is the other side.
// Files are those that the configuration has named since the start, so that one that is being replaced is served too. One
// in a directory that a user of these may write must be that user's: it could be a link to anything otherwise.
import { chmodSync, chownSync, constants, lstatSync, rmSync } from 'node:fs';
import { open, readlink, stat } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { loadConfig, writeDurably } from '@sluice/agent';
import {
  codeOf,
  type DeviceConfig,
  type Logger,
  messageOf,
  readOpenFile,
  type SupervisorAnswer,
  statOf,
  supervisorRequestSchema,
} from '@sluice/shared';
import type { Identity } from './users.js';

/** A path, or a configuration file of 16 MiB as JSON has it. */
const REQUEST_MAX_BYTES = 40 << 20;
const REQUEST_DEADLINE_MS = 10_000;
/** A configuration file; secrets and certificates are far smaller. */
const FILE_MAX_BYTES = 16 << 20;

type Asker = 'agent' | 'ike-bridge' | 'mgmt';

export interface RootServiceOptions {
  configFile: string;
  runDir: string;
  log: Logger;
  /** Who asks, and as whom. */
  askers: ReadonlyMap<string, Identity>;
  /** False when it does not run. */
  restart: (name: string) => boolean;
}

export function serviceSocket(runDir: string, name: string): string {
  return `${runDir}/${name}.up`;
}

export class RootService {
  readonly #options: RootServiceOptions;
  readonly #servers: Server[] = [];
  readonly #named = new Map<string, Set<string>>();
  readonly #users: ReadonlySet<number>;
  readonly #groups: ReadonlySet<number>;
  /** Which state of the configuration file was looked at. */
  #seen = '';

  private constructor(options: RootServiceOptions) {
    this.#options = options;
    this.#users = new Set([...options.askers.values()].map(({ uid }) => uid));
    this.#groups = new Set([...options.askers.values()].flatMap(({ gid, groups }) => [gid, ...groups]));
  }

  /** Errors: the system's, when a socket cannot be made. */
  static async listen(options: RootServiceOptions): Promise<RootService> {
    const service = new RootService(options);
    for (const [name, { uid, gid }] of options.askers) {
      const path = serviceSocket(options.runDir, name);
      rmSync(path, { force: true });
      const server = createServer({ allowHalfOpen: true }, (socket) => service.#serve(name, socket));
      service.#servers.push(server);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(path, resolve);
      });
      chmodSync(path, 0o600);
      chownSync(path, uid, gid);
    }
    return service;
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    );
  }

  #serve(name: string, socket: Socket): void {
    const chunks: Buffer[] = [];
    let length = 0;
    const signal = AbortSignal.timeout(REQUEST_DEADLINE_MS);
    const late = (): void => void socket.destroy();
    signal.addEventListener('abort', late);
    socket.on('error', (error) =>
      this.#options.log.debug({ process: name, error: messageOf(error) }, 'a request broke off'),
    );
    socket.on('close', () => signal.removeEventListener('abort', late));
    socket.on('data', (chunk) => {
      length += chunk.length;
      if (length > REQUEST_MAX_BYTES) socket.destroy();
      else chunks.push(chunk);
    });
    socket.on('end', () => {
      void this.#answer(name, Buffer.concat(chunks).toString('utf8')).then((answer) => {
        if ('code' in answer) this.#options.log.warn({ process: name, ...answer }, 'refused');
        socket.end(JSON.stringify(answer));
      });
    });
  }

  async #answer(name: string, text: string): Promise<SupervisorAnswer> {
    try {
      const request = supervisorRequestSchema.parse(JSON.parse(text));
      if (request.op === 'restart') return this.#restart(name, request.process);
      const { path } = request;
      if (!(await this.#names(name, path)))
        return { code: 'EACCES', message: 'the configuration does not name it for this process' };
      if (request.op === 'stat') return { stat: statOf(await stat(path, { bigint: true })), base64: '' };
      if (request.op === 'read') return await this.#read(path, Math.min(request.limit_bytes, FILE_MAX_BYTES));
      if (path !== this.#options.configFile || name !== 'agent')
        return { code: 'EACCES', message: 'only the agent may write, and only the configuration' };
      await writeDurably(path, request.text, 0o644);
      return { stat: statOf(await stat(path, { bigint: true })), base64: '' };
    } catch (error) {
      return { code: codeOf(error) ?? 'EINVAL', message: messageOf(error) };
    }
  }

  #restart(asker: string, name: string): SupervisorAnswer {
    if (asker !== 'mgmt') return { code: 'EACCES', message: 'only the management may' };
    return this.#options.restart(name) ? {} : { code: 'ESRCH', message: `${name} does not run` };
  }

  async #read(path: string, limitBytes: number): Promise<SupervisorAnswer> {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { stat: found, bytes } = await readOpenFile(file, limitBytes);
      const owned = this.#users.has(found.uid);
      const real = await readlink(`/proc/self/fd/${file.fd}`);
      if (path !== this.#options.configFile && !owned && (this.#mayBePlaced(path) || this.#mayBePlaced(real)))
        return {
          code: 'EACCES',
          message: 'a process of the gateway may write its directory, and could have put anything there',
        };
      // What the gateway's own users have uploaded is as good as root's to its processes.
      const answer = { stat: owned ? { ...found, uid: 0 } : found, base64: bytes.toString('base64') };
      bytes.fill(0);
      return answer;
    } finally {
      await file.close();
    }
  }

  /** Whether one of the users could have put there what a path leads to, or what it leads through. */
  #mayBePlaced(path: string): boolean {
    if (path === '/') return false;
    const found = lstatSync(path);
    const directory = dirname(path);
    const within = lstatSync(directory);
    // A link of theirs to somebody's file, where everybody may make some; their group's directory.
    if (
      this.#users.has(found.uid) ||
      this.#users.has(within.uid) ||
      ((within.mode & 0o020) !== 0 && this.#groups.has(within.gid))
    )
      return true;
    if (found.isFile() && found.nlink > 1 && (within.mode & 0o002) !== 0) return true;
    return this.#mayBePlaced(directory);
  }

  async #names(name: string, path: string): Promise<boolean> {
    if (name === 'agent' && path === this.#options.configFile) return true;
    if (this.#named.get(name)?.has(path)) return true;
    await this.#look();
    return this.#named.get(name)?.has(path) ?? false;
  }

  /** Adds what the configuration file names now. */
  async #look(): Promise<void> {
    const { configFile } = this.#options;
    const { ino, ctimeNs, size } = await stat(configFile, { bigint: true });
    const state = `${ino}:${ctimeNs}:${size}`;
    if (state === this.#seen) return;
    const { config } = await loadConfig(configFile);
    if (config === null) return;
    this.#seen = state;
    for (const [name, paths] of Object.entries(namedFiles(config))) {
      const known = this.#named.get(name) ?? new Set();
      for (const path of paths) known.add(path);
      this.#named.set(name, known);
    }
  }
}

/** The files that a configuration names, by who reads them. */
export function namedFiles({ ike, management }: DeviceConfig): Record<Asker, string[]> {
  return { agent: [], 'ike-bridge': filesIn(ike), mgmt: filesIn(management) };
}

function filesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'file' && typeof inner === 'string' ? [inner] : filesIn(inner),
  );
}
