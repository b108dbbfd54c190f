// A lab: nodes and links on this machine, which live as long as it does.
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { codeOf, type ProcessId, processById } from '@sluice/shared';
import { LabError } from './errors.js';
import { keepLogs, keptLogsDirectory } from './keep-logs.js';
import { type LinkOptions, makeLink } from './link.js';
import { Bridge } from './nodes/bridge.js';
import { Gateway } from './nodes/gateway.js';
import { type Sysctls, startHolder } from './nodes/holder.js';
import { Nat } from './nodes/nat.js';
import { type LabContext, LabNode, type Port } from './nodes/node.js';
import type { NodeProcess } from './nodes/node-process.js';
import { register, unregister } from './registry.js';
import { type OwnerRecord, sweep } from './sweep.js';
import {
  checkNodeName,
  LAB_ROOT,
  labDirectory,
  newLabId,
  nodeDirectory,
  unfinishedDirectory,
} from './system/paths.js';
import { removeLab } from './system/remove.js';

export interface LabOptions {
  /** What it is called, for `sluice lab list`; `lab` unless told. */
  name?: string;
  /** Hears of what is made and removed, a line each. */
  log?: (line: string) => void;
  /** Milliseconds that its processes have at the stop, from SIGTERM to SIGKILL; 8000 unless told. */
  graceMs?: number;
}

export interface NodeOptions {
  /** Switches IPv6 on; off unless told. */
  ipv6?: boolean;
}

type NodeClass<N extends LabNode> = new (lab: LabContext, name: string, holder: ProcessId) => N;

/** More than a gateway's supervisor allows its own processes. */
const GRACE_MS = 8000;

export class Lab {
  /** Whether the stop keeps logs, captures and configurations, and returns where; set it before something may fail. */
  keepLogs = false;
  readonly #nodes = new Map<string, LabNode>();
  readonly #processes = new Set<NodeProcess>();
  readonly #operations = new Set<Promise<unknown>>();
  readonly #log: (line: string) => void;
  readonly #graceMs: number;
  #stopped: Promise<string | null> | null = null;

  private constructor(
    readonly id: string,
    readonly name: string,
    options: LabOptions,
  ) {
    this.#log = options.log ?? (() => undefined);
    this.#graceMs = options.graceMs ?? GRACE_MS;
  }

  /**
   * A lab without nodes, after removing what dead ones left. It ends by `stop`, or with this process.
   * Throws LabError `privilege` without root.
   */
  static async create(options: LabOptions = {}): Promise<Lab> {
    if (process.geteuid?.() !== 0) {
      throw new LabError('privilege', 'a lab makes network namespaces, which needs root: run this as root');
    }
    for (const id of sweep()) options.log?.(`removed what lab ${id} had left`);
    const name = options.name ?? 'lab';
    const lab = new Lab(makeDirectory(name), name, options);
    register(lab);
    return lab;
  }

  get directory(): string {
    return labDirectory(this.id);
  }

  /** Where the stop leaves the logs when `keepLogs` is set. */
  get keptLogs(): string {
    return keptLogsDirectory(this.name, this.id);
  }

  get nodes(): ReadonlyMap<string, LabNode> {
    return this.#nodes;
  }

  /** An end system: it does not forward. */
  host(name: string, options: NodeOptions = {}): Promise<LabNode> {
    return this.#add(LabNode, name, { forward: false, ipv6: options.ipv6 ?? false });
  }

  /** A Linux kernel that forwards. */
  router(name: string, options: NodeOptions = {}): Promise<LabNode> {
    return this.#add(LabNode, name, { forward: true, ipv6: options.ipv6 ?? false });
  }

  /** A router with source NAT towards `outside`, the device of its that faces the internet (`wan`). */
  nat(name: string, options: { outside?: string } = {}): Promise<Nat> {
    const sysctls = { forward: true, ipv6: false };
    return this.#add(Nat, name, sysctls, (nat) => nat.setUp(options.outside ?? 'wan'));
  }

  /** An Ethernet switch. */
  bridge(name: string): Promise<Bridge> {
    return this.#add(Bridge, name, { forward: false, ipv6: false }, (bridge) => bridge.setUp());
  }

  /** A Sluice gateway; its ports carry no addresses, which belong to its data plane. */
  gateway(name: string): Promise<Gateway> {
    return this.#add(Gateway, name, { forward: false, ipv6: false });
  }

  /** Joins two ports by a cable. */
  link(a: Port, b: Port, options: LinkOptions = {}): Promise<void> {
    return this.#operate(async () => {
      await makeLink(a, b, options);
      this.#log(`linked ${a.node.name} ${a.device} to ${b.node.name} ${b.device}`);
    });
  }

  /**
   * Removes everything: SIGTERM to what `start` started, then SIGKILL to whatever lives in the namespaces, the
   * namespaces with their devices and mounts, and the directory. Once only: later calls wait for the first one.
   * Returns the path of the logs when they are kept, else null. Throws LabError `leftover`.
   */
  stop(): Promise<string | null> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<string | null> {
    await Promise.all([...this.#processes].map((running) => running.stop({ deadlineMs: this.#graceMs })));
    const logs = this.keepLogs ? keepLogs(this.directory, this.name, this.id) : null;
    removeLab(this.id);
    // What was under way has lost its node or its process by now, and ends for that reason.
    await Promise.allSettled(this.#operations);
    removeLab(this.id);
    unregister(this);
    this.#log(`lab ${this.id} removed`);
    return logs;
  }

  #add<N extends LabNode>(
    kind: NodeClass<N>,
    name: string,
    sysctls: Sysctls,
    setUp?: (node: N) => Promise<void>,
  ): Promise<N> {
    return this.#operate(async () => {
      checkNodeName(name);
      makeNodeDirectory(this.id, name);
      const holder = await startHolder(this.id, name, sysctls);
      const context: LabContext = {
        id: this.id,
        operate: (operation) => this.#operate(operation),
        started: (running) => this.#started(running),
      };
      const node = new kind(context, name, holder);
      await setUp?.(node);
      this.#nodes.set(name, node);
      this.#log(`made ${name}`);
      return node;
    });
  }

  #started(running: NodeProcess): void {
    this.#processes.add(running);
    // Started while the lab was being stopped: too late to be asked to end with the others.
    if (this.#stopped) running.signal('SIGKILL');
    void running.exited.then(() => this.#processes.delete(running));
  }

  async #operate<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#stopped) throw new LabError('stopped', `lab ${this.id} has been stopped`);
    const running = operation();
    this.#operations.add(running);
    try {
      return await running;
    } finally {
      this.#operations.delete(running);
    }
  }
}

/** Processes of a gateway run as users of their own, and pass through to what is theirs; others cannot list it. */
const DIRECTORY_MODE = 0o711;

function makeNodeDirectory(id: string, name: string): void {
  try {
    mkdirSync(nodeDirectory(id, name), { mode: DIRECTORY_MODE });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    throw new LabError('name', `the lab already has a node "${name}"`, { cause: error });
  }
}

/** Makes the lab's directory with the owner's record in it, at once, so that no sweep sees one without the other. */
function makeDirectory(name: string): string {
  const self = processById(process.pid);
  if (self === null) throw new LabError('node-dead', 'this process is not to be found in /proc');
  const owner: OwnerRecord = { ...self, name, createdAtMs: Date.now() };
  mkdirSync(LAB_ROOT, { recursive: true, mode: DIRECTORY_MODE });
  chmodSync(LAB_ROOT, DIRECTORY_MODE);
  for (;;) {
    const id = newLabId();
    const unfinished = unfinishedDirectory(self, id);
    mkdirSync(unfinished, { mode: DIRECTORY_MODE });
    writeFileSync(`${unfinished}/owner.json`, JSON.stringify(owner), { mode: 0o600 });
    try {
      renameSync(unfinished, labDirectory(id));
      return id;
    } catch (error) {
      rmSync(unfinished, { recursive: true });
      if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error;
    }
  }
}
