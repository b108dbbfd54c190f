// A node of the lab: a network namespace and a private /run, and what can be done in them.
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { isAlive, type ProcessId } from '@sluice/shared';
import { Capture, type CaptureOptions } from '../capture.js';
import { LabError } from '../errors.js';
import { type CommandOptions, type CommandResult, runCommand } from '../system/command.js';
import { checkDeviceName, namespaceName, nodeDirectory } from '../system/paths.js';
import { NodeProcess, type StartOptions } from './node-process.js';

/** One end of a link: a device that the link makes, and its addresses (`10.1.0.2/24`). */
export interface Port {
  node: LabNode;
  device: string;
  addresses: readonly string[];
}

export type RunOptions = Pick<CommandOptions, 'input' | 'deadlineMs' | 'env' | 'check'>;

/** What a node needs of the lab it is in. */
export interface LabContext {
  id: string;
  /** Runs what makes or changes something, unless the lab is being stopped; the stop waits for it. */
  operate<T>(operation: () => Promise<T>): Promise<T>;
  /** Hears of every process started, to end it in order at the stop. */
  started(process: NodeProcess): void;
}

const READY_DEADLINE_MS = 30_000;

export class LabNode {
  /** Whether something other than the kernel's stack takes the frames of its devices: see link.ts. */
  readonly rawPorts: boolean = false;
  readonly namespace: string;
  /** Logs, sockets, files: the same path from the machine and from the node. */
  readonly directory: string;
  readonly #logNames = new Map<string, number>();

  constructor(
    protected readonly lab: LabContext,
    readonly name: string,
    readonly holder: ProcessId,
  ) {
    this.namespace = namespaceName(lab.id, name);
    this.directory = nodeDirectory(lab.id, name);
  }

  /** Names one end of a link, for `lab.link`. */
  port(device: string, ...addresses: string[]): Port {
    checkDeviceName(device);
    return { node: this, device, addresses };
  }

  /** Lines for `ip -batch` that a new device of this node needs beside its addresses. */
  portSetup(_device: string): string[] {
    return [];
  }

  /** Adds or replaces a route: `route('default', '10.1.0.1')`, or `{ dev: 'eth0' }` for what is on the link. */
  async route(prefix: string, via: string | { dev: string }): Promise<void> {
    const way = typeof via === 'string' ? ['via', via] : ['dev', via.dev];
    const family = prefix.includes(':') || way[1]?.includes(':') ? ['-6'] : [];
    await this.lab.operate(() =>
      runCommand(['ip', ...family, '-n', this.namespace, 'route', 'replace', prefix, ...way], {
        where: `in ${this.name}`,
      }),
    );
  }

  /**
   * Runs a command to its end in the node, its directory being the working directory. Throws CommandError when
   * it fails (its sentence has what the command said), unless `check` is false; LabError `deadline` when it
   * takes longer than `deadlineMs` (30,000).
   */
  run(argv: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    return this.lab.operate(() =>
      runCommand(this.enter(argv), { ...options, argvShown: argv, where: `in ${this.name}` }),
    );
  }

  /** Starts a long-running process in the node, and waits until it is ready when `ready` says what that is. */
  start(argv: readonly string[], options: StartOptions = {}): Promise<NodeProcess> {
    return this.lab.operate(async () => {
      const name = this.#uniqueLogName(options.name ?? basename(argv[0] ?? ''));
      const started = await NodeProcess.start({
        node: this.name,
        name,
        argv: this.enter(argv),
        argvShown: argv,
        logPath: this.path(`${name}.log`),
        env: options.env ?? {},
      });
      this.lab.started(started);
      if (options.ready) await started.waitUntilReady(options.ready, options.readyMs ?? READY_DEADLINE_MS);
      return started;
    });
  }

  /** Starts capturing what passes an interface; resolves once nothing that passes is missed. */
  capture(options: CaptureOptions): Promise<Capture> {
    return Capture.start(this, options);
  }

  /** A path in the node's directory. */
  path(file: string): string {
    return `${this.directory}/${file}`;
  }

  /** Writes a file into the node's directory, readable by its owner only. Returns its path. */
  writeFile(file: string, content: string | Uint8Array): string {
    const path = this.path(file);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }

  /** The command that runs `argv` in the node's namespaces: for who spawns it themselves (a terminal, say). */
  enter(argv: readonly string[]): string[] {
    if (!isAlive(this.holder)) {
      throw new LabError(
        'node-dead',
        `node ${this.name} is gone: its holder (process ${this.holder.pid}) has ended`,
      );
    }
    return enterNode(this.holder, this.directory, argv);
  }

  #uniqueLogName(name: string): string {
    const count = (this.#logNames.get(name) ?? 0) + 1;
    this.#logNames.set(name, count);
    return count === 1 ? name : `${name}-${count}`;
  }
}

/** nsenter replaces itself by the command, so that the command's number is the one of what is spawned. */
export function enterNode(holder: ProcessId, directory: string, argv: readonly string[]): string[] {
  return ['nsenter', `--target=${holder.pid}`, '--net', '--mount', `--wdns=${directory}`, '--', ...argv];
}
