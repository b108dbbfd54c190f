// The configuration's users' nodes: brings those that are loaded to those that are wanted.
import { rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, type NodeReport, type NodeSection, USER_NODES_MAX } from '@sluice/shared';
import type { NodeDefinition } from '../graph/node.js';
import type { UserNodeFault } from '../user-nodes/adapt.js';
import { hashOfFile, type LoadedFile, loadUserFile } from '../user-nodes/load.js';
import type { Features } from './features.js';
import type { RemoteWorker } from './threads.js';

/** Bits of an arc that are users': behind the built-in features. */
const FIRST_BIT = 20;
const LAST_BIT = 29;
/** How long a node may hold a worker, in ms; what JavaScript's loops cannot reach is ended before. */
const STUCK_MS = 2_000;

interface Loaded {
  section: NodeSection;
  file: LoadedFile;
  slot: number;
  bit: number;
  /** Rows of the interfaces where it is on. */
  rows: Set<number>;
  fault: { worker: number; fault: UserNodeFault } | null;
  /** To be read again, even if its file says the same. */
  stale: boolean;
  definition: Pick<NodeDefinition, 'name' | 'counters'>;
}

/** A version of a file that held a worker. */
interface Quarantined {
  file: string;
  hash: string;
  node: string;
}

export interface UserNodesPort {
  workers: readonly RemoteWorker[];
  features: Features;
  /** Row of an interface by name. */
  row(name: string): number | undefined;
  /** Names of all interfaces, by row. */
  names(): string[];
  /** Waits until every worker has passed a quiescent point. */
  quiescent(): Promise<void>;
  /** A word per worker: slot + 1 of the node that it runs. */
  running: Int32Array;
  /** Rounds that a worker has made. */
  rounds(worker: number): number;
  /** A node failed; it is off until it is loaded again. */
  failed(fault: UserNodeFault, worker: number): void;
  /** A node holds a worker: the process cannot go on. */
  stuck(error: Error): void;
}

export class UserNodes {
  private readonly loaded = new Map<string, Loaded>();
  private readonly directory: string;
  private quarantine: Quarantined[] | null = null;
  /** Files that could not be loaded, with the version and why: not tried again until they change. */
  private readonly refused = new Map<string, { hash: string | null; error: Error }>();
  private readonly stalls: { slot: number; rounds: number; since: number }[];

  constructor(
    runDir: string,
    private readonly port: UserNodesPort,
  ) {
    this.directory = join(runDir, 'nodes');
    this.stalls = port.workers.map(() => ({ slot: 0, rounds: 0, since: 0 }));
  }

  /** Loads what is missing or has changed, takes out what is not wanted. Returns a sentence for each that cannot be. */
  async converge(wanted: readonly NodeSection[]): Promise<string[]> {
    const problems: string[] = [];
    const files = new Set(wanted.map(({ file }) => file));
    for (const [file, node] of this.loaded) if (!files.has(file)) await this.unload(node);
    for (const section of wanted) {
      try {
        await this.ensure(section);
      } catch (error) {
        problems.push(`node ${section.file}: ${(error as Error).message}`);
      }
    }
    for (const { fault } of this.loaded.values()) {
      if (fault !== null) problems.push(sentence(fault.fault));
    }
    return problems;
  }

  /** Has the next converge() read every file again, those too that failed. What is loaded stays until then. */
  async forget(): Promise<void> {
    await this.writeQuarantine([]);
    this.refused.clear();
    for (const node of this.loaded.values()) node.stale = true;
  }

  /** Asks workers for faults. Every now and then; one that is held does not answer. */
  async tick(): Promise<void> {
    if (this.loaded.size === 0) return;
    for (const [worker, api] of this.port.workers.entries()) {
      for (const { slot, fault } of await api.userNodeFaults()) {
        const node = [...this.loaded.values()].find((one) => one.slot === slot);
        if (node === undefined || node.fault !== null) continue;
        node.fault = { worker, fault };
        this.port.failed(fault, worker);
      }
    }
  }

  /** Definitions by slot, for whoever reads their counters. */
  definitions(): { slot: number; definition: Pick<NodeDefinition, 'name' | 'counters'> }[] {
    return [...this.loaded.values()].map(({ slot, definition }) => ({ slot, definition }));
  }

  reports(): NodeReport[] {
    return [...this.loaded.values()].map(({ section, file, fault }) => ({
      name: file.node.name,
      file: section.file,
      arc: file.node.arc,
      interfaces: section.interfaces,
      state: fault === null ? 'on' : 'failed',
      fault:
        fault === null
          ? null
          : {
              message: fault.fault.message,
              packet_hex: fault.fault.packetHex,
              summary: fault.fault.summary,
              worker: fault.worker,
              at_ms: fault.fault.atMs,
            },
    }));
  }

  private async ensure(section: NodeSection): Promise<void> {
    const old = this.loaded.get(section.file);
    // What is loaded stays what it was until somebody asks for the file to be read again.
    if (old !== undefined && !old.stale && old.section.on_fault === section.on_fault) {
      old.section = section;
      this.switchRows(old);
      return;
    }
    const file = await this.read(section.file);
    const twin = [...this.loaded.values()].find(
      (node) => node !== old && node.file.node.name === file.node.name,
    );
    if (twin !== undefined) throw new Error(`${twin.section.file} is named ${file.node.name} already`);
    if (old !== undefined) await this.unload(old);
    const slot = this.freeSlot();
    const bit = this.freeBit(file.node.arc);
    const node: Loaded = {
      section,
      file,
      slot,
      bit,
      rows: new Set(),
      fault: null,
      stale: false,
      definition: file.node,
    };
    for (const worker of this.port.workers) {
      await worker.nameInterfaces(this.port.names());
      await worker.loadUserNode({ slot, url: file.url, bit, onFault: section.on_fault });
    }
    this.loaded.set(section.file, node);
    this.switchRows(node);
  }

  private async read(path: string): Promise<LoadedFile> {
    const hash = await hashOfFile(path);
    const before = this.refused.get(path);
    if (before !== undefined && before.hash === hash) throw before.error;
    try {
      const file = await loadUserFile(path, this.directory);
      await this.refuseQuarantined(path, file);
      this.refused.delete(path);
      return file;
    } catch (error) {
      this.refused.set(path, { hash, error: error as Error });
      throw error;
    }
  }

  private switchRows(node: Loaded): void {
    const { arc } = node.file.node;
    const wanted = new Set<number>();
    for (const name of node.section.interfaces) {
      const row = this.port.row(name);
      if (row === undefined) throw new Error(`there is no interface "${name}" yet`);
      wanted.add(row);
    }
    for (const row of node.rows) if (!wanted.has(row)) this.port.features.switch(row, arc, node.bit, false);
    for (const row of wanted) this.port.features.switch(row, arc, node.bit, true);
    node.rows = wanted;
  }

  private async unload(node: Loaded): Promise<void> {
    for (const row of node.rows) this.port.features.switch(row, node.file.node.arc, node.bit, false);
    await this.port.quiescent();
    for (const worker of this.port.workers) await worker.unloadUserNode(node.slot);
    this.loaded.delete(node.section.file);
  }

  private freeSlot(): number {
    const used = new Set([...this.loaded.values()].map((node) => node.slot));
    for (let slot = 0; slot < USER_NODES_MAX; slot++) if (!used.has(slot)) return slot;
    throw new Error(`there are ${USER_NODES_MAX} nodes already`);
  }

  /** The lowest bit behind those of the arc: nodes stand in the order in which they were loaded. */
  private freeBit(arc: string): number {
    const used = [...this.loaded.values()].filter(({ file }) => file.node.arc === arc).map(({ bit }) => bit);
    for (let bit = FIRST_BIT; bit <= LAST_BIT; bit++) if (!used.includes(bit)) return bit;
    throw new Error(`there are ${LAST_BIT - FIRST_BIT + 1} nodes on ${arc} already`);
  }

  /** A worker whose rounds stand still while it runs a node is held by that node. Every now and then. */
  watch(now: number): void {
    for (const [worker, stall] of this.stalls.entries()) {
      const slot = Atomics.load(this.port.running, worker);
      const rounds = this.port.rounds(worker);
      if (slot === 0 || slot !== stall.slot || rounds !== stall.rounds) {
        this.stalls[worker] = { slot, rounds, since: now };
      } else if (now - stall.since >= STUCK_MS) {
        const node = [...this.loaded.values()].find((one) => one.slot === slot - 1);
        if (node === undefined) continue;
        // It never rejects.
        void this.isolate(node, worker);
      }
    }
  }

  /** Nothing in this process can end what the thread does: the next one starts without the node. */
  private async isolate(node: Loaded, worker: number): Promise<void> {
    const { file, section } = node;
    const entry = { file: section.file, hash: file.hash, node: file.node.name };
    let then = 'started again without it';
    try {
      await this.writeQuarantine([...(await this.readQuarantine()), entry]);
    } catch (error) {
      then = `take it out of the configuration, because it could not be noted for the next start: ${messageOf(error)}`;
    }
    this.port.stuck(new Error(`node ${file.node.name} held worker ${worker} for ${STUCK_MS} ms: ${then}`));
  }

  private async refuseQuarantined(path: string, { hash, node }: LoadedFile): Promise<void> {
    const held = (await this.readQuarantine()).some((entry) => entry.file === path && entry.hash === hash);
    if (held) {
      throw new Error(
        `${node.name} held a worker and was taken out: change it, or load it with sluice node reload`,
      );
    }
  }

  private async readQuarantine(): Promise<Quarantined[]> {
    if (this.quarantine !== null) return this.quarantine;
    const text = await readFile(this.quarantineFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '[]';
      throw error;
    });
    this.quarantine = JSON.parse(text) as Quarantined[];
    return this.quarantine;
  }

  private async writeQuarantine(entries: Quarantined[]): Promise<void> {
    this.quarantine = entries;
    if (entries.length === 0) rmSync(this.quarantineFile, { force: true });
    else await writeFile(this.quarantineFile, JSON.stringify(entries), { mode: 0o600 });
  }

  private get quarantineFile(): string {
    return join(this.directory, 'quarantine.json');
  }
}

function sentence({ node, message, summary }: UserNodeFault): string {
  return `node ${node} is off, because it failed on ${summary}: ${message}; change it, or load it with sluice node reload`;
}
