// A gateway with all its real processes in a network namespace, and OpenSSH's clients beside it.
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashSync } from '@node-rs/argon2';
import { agentContract, connect, createLogger, PidFile, until } from '@sluice/shared';
import { EXECUTABLE } from '../sluice.js';
import { makeUsers } from '../support/users.js';

export const PORT = 2222;
export const METRICS_PORT = 9273;
/** All of a gateway's processes start beside those of other tests. */
const START_MS = 60_000;
export const PASSWORD = 'correct horse battery';

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export class Box {
  readonly dir = mkdtempSync(join(tmpdir(), 'sluice-ssh-'));
  readonly runDir = join(this.dir, 'run');
  readonly stateDir = join(this.dir, 'state');
  readonly file = join(this.dir, 'box.yaml');
  #gateway: ChildProcess | null = null;
  #output = '';

  /**
   * @param idleS After which an idle session ends.
   * @param more Lines of the management section.
   */
  async start(idleS = 900, more: readonly string[] = []): Promise<void> {
    for (const name of ['anna', 'otto', 'eve']) this.#keygen(name);
    writeFileSync(this.file, this.configuration(idleS, more));
    makeUsers();
    // What its processes pass through to what is theirs.
    chmodSync(this.dir, 0o711);
    const up = [
      process.execPath,
      EXECUTABLE,
      'up',
      '-c',
      this.file,
      '--run-dir',
      this.runDir,
      '--state-dir',
      this.stateDir,
    ];
    const child = spawn('unshare', ['-n', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...up], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#gateway = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
    await this.comesBack();
    await until(
      () => `the configuration to be in force, in\n${this.#output}`,
      async () => (await this.agentStatus()).converged,
      { deadlineMs: START_MS },
    );
  }

  /** Waits until the command line answers. */
  async comesBack(): Promise<void> {
    await until(
      () => `the SSH server, in\n${this.#output}`,
      async () => (await this.ssh(['show', 'agent'])).code === 0,
      { deadlineMs: START_MS },
    );
  }

  async stop(): Promise<void> {
    const gateway = this.#gateway;
    if (gateway !== null && gateway.exitCode === null && gateway.signalCode === null) {
      gateway.kill('SIGTERM');
      await once(gateway, 'exit');
    }
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** anna is an administrator with a key, otto an operator with a key and a password. */
  configuration(idleS = 900, more: readonly string[] = []): string {
    const hash = hashSync(PASSWORD, { memoryCost: 4096, timeCost: 2 });
    return [
      '# made for a test',
      'schema: 1',
      'hostname: box',
      'dataplane: { workers: 1 }',
      'loopbacks:',
      '  - name: lo1 # of the box itself',
      '    addresses: [192.0.2.1/32]',
      'management:',
      `  metrics: { address: 127.0.0.1, port: ${METRICS_PORT} }`,
      `  ssh: { address: 127.0.0.1, port: ${PORT}, idle_timeout_s: ${idleS} }`,
      ...more.map((line) => `  ${line}`),
      '  users:',
      `    - { name: anna, role: admin, public_keys: ["${this.publicKey('anna')}"] }`,
      `    - { name: otto, public_keys: ["${this.publicKey('otto')}"], password_hash: "${hash}" }`,
      '',
    ].join('\n');
  }

  publicKey(name: string): string {
    return readFileSync(join(this.dir, `${name}.pub`), 'utf8').trim();
  }

  /**
   * Runs one of OpenSSH's clients in the box's namespace.
   * @param options Before the others: of an option that is given twice, ssh takes the first.
   */
  client(program: string, user: string, options: string[], rest: string[], input = ''): Promise<Ended> {
    return run('nsenter', this.#arguments(program, user, options, rest), input);
  }

  /** Runs a command on the box. */
  ssh(
    words: string[],
    { user = 'anna', input = '' }: { user?: string; input?: string } = {},
  ): Promise<Ended> {
    return this.client('ssh', user, [], ['127.0.0.1', ...words], input);
  }

  /** What has a program run in the box's namespace. */
  within(): string[] {
    return ['nsenter', '-n', '-t', String(this.#gateway?.pid)];
  }

  /** Any program in the box's namespace. */
  inside(file: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return run('nsenter', ['-n', '-t', String(this.#gateway?.pid), file, ...args], '', env);
  }

  /** A terminal at the box: what is typed, and what has been shown. */
  terminal(user = 'anna'): Terminal {
    const args = this.#arguments('ssh', user, ['-tt'], ['127.0.0.1']);
    return new Terminal(spawn('nsenter', args, { stdio: ['pipe', 'pipe', 'pipe'] }));
  }

  /**
   * Debian's Telnet client in a terminal of its own.
   * @param size Rows and columns.
   */
  telnet(address: string, { size = [30, 100], from = [] as string[] } = {}): Terminal {
    const [rows, columns] = size;
    const bind = from.map((each) => `-b ${each}`).join(' ');
    const command = `tty; stty rows ${rows} cols ${columns}; exec telnet ${bind} ${address}`;
    const words = [...this.within(), 'script', '-qfec', command, '/dev/null'];
    return new Terminal(spawn(words[0] ?? '', words.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] }));
  }

  /** The id of one of its processes; null while it has none. */
  processOf(name: string): number | null {
    return new PidFile(this.runDir, name).read()?.pid ?? null;
  }

  async agentStatus() {
    const agent = connect(agentContract, {
      runDir: this.runDir,
      log: createLogger({ name: 'test', level: 'silent' }),
    });
    try {
      return await agent.request('status', {});
    } finally {
      await agent.close();
    }
  }

  #arguments(program: string, user: string, options: string[], rest: string[]): string[] {
    const settings = [
      ...['-F', 'none', '-i', join(this.dir, user), '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes'],
      ...[
        '-o',
        `UserKnownHostsFile=${join(this.dir, 'known_hosts')}`,
        '-o',
        'StrictHostKeyChecking=accept-new',
      ],
      ...['-o', 'LogLevel=ERROR', '-o', `User=${user}`, '-o', `Port=${PORT}`],
    ];
    return ['-n', '-t', String(this.#gateway?.pid), program, ...options, ...settings, ...rest];
  }

  #keygen(name: string): void {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(this.dir, name)]);
  }
}

/** Someone at a terminal. */
export class Terminal {
  #shown = '';
  #seen = 0;

  constructor(private readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#shown += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#shown += text;
    });
  }

  type(text: string): void {
    this.child.stdin?.write(text);
  }

  /** Types, and waits as shows() does. */
  types(text: string, shown: string | RegExp): Promise<string> {
    this.type(text);
    return this.shows(shown);
  }

  /** Waits until this is shown behind what was seen last; gives what came before it. */
  async shows(text: string | RegExp): Promise<string> {
    let at = -1;
    let length = 0;
    await until(
      () => `${text}, in ${JSON.stringify(this.#shown.slice(this.#seen))}`,
      () => {
        const rest = this.#shown.slice(this.#seen);
        if (typeof text === 'string') {
          at = rest.indexOf(text);
          length = text.length;
        } else {
          const found = text.exec(rest);
          at = found?.index ?? -1;
          length = found?.[0].length ?? 0;
        }
        return at >= 0;
      },
      { deadlineMs: 40_000 },
    );
    const before = this.#shown.slice(this.#seen, this.#seen + at);
    this.#seen += at + length;
    return before;
  }

  async ended(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  async close(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
}

function run(file: string, args: string[], input: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      file,
      args,
      { timeout: 60_000, killSignal: 'SIGKILL', env: { ...process.env, ...env } },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
        resolve({ code, stdout, stderr });
      },
    );
    // Whoever has ended before it read everything says why by its code.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

/** Fails with all that was said when a command did not do what it should. */
export function assertDone({ code, stdout, stderr }: Ended): void {
  assert.equal(code, 0, `${stdout}\n${stderr}`);
}
