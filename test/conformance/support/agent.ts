// The process that sends crafted frames and compares what comes out: ../wire, by JSON lines.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LabNode } from '@sluice/lab';
import type { Background, ExpectedPacket, SentPacket } from './case.js';

const PROGRAM = fileURLToPath(new URL('../../../conformance/wire/agent.py', import.meta.url));
const READY_MS = 30_000;
const CLOSE_MS = 2_000;

/** See Port in ../wire/wires.py. */
export interface PortCommand {
  name: string;
  device: string;
  pid: number | null;
  own: string | null;
  gateway: string | null;
  stations: Record<string, string>;
}

/** A packet that passes the gateway and carries SENTINEL: what was sent before it has come out before it. */
export interface Sentinel {
  from: string;
  to: string;
  packet: string;
  /** A counter that it moves by 1. */
  counter?: string;
}

export interface RunCommand {
  send: readonly SentPacket[];
  expect: readonly ExpectedPacket[];
  watch: readonly Background[];
  sentinels: readonly Sentinel[];
  rounds: number;
  /** Seconds. */
  deadline: number;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class Agent {
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;
  private said = '';

  private constructor(private readonly child: ChildProcess) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.said += text;
    });
    createInterface({ input: child.stdout! }).on('line', (line) => this.answered(line));
    child.once('close', () => {
      for (const { reject } of this.waiting.values()) reject(new Error(`the agent ended: ${this.said}`));
      this.waiting.clear();
    });
  }

  /** Starts it in a node whose devices lead to the gateway. */
  static async start(node: LabNode): Promise<Agent> {
    const [program = '', ...rest] = node.enter(['/usr/bin/python3', '-B', PROGRAM]);
    const agent = new Agent(spawn(program, rest, { stdio: ['pipe', 'pipe', 'pipe'] }));
    const ready = new Promise((resolve, reject) => agent.waiting.set(0, { resolve, reject }));
    const kill = (): boolean => agent.child.kill('SIGKILL');
    const limit = AbortSignal.timeout(READY_MS);
    limit.addEventListener('abort', kill);
    try {
      await ready;
    } finally {
      limit.removeEventListener('abort', kill);
    }
    return agent;
  }

  open(ports: readonly PortCommand[], sinks: readonly { pid: number; port: number }[]): Promise<void> {
    return this.command('open', { ports, sinks });
  }

  names(values: Record<string, unknown>): Promise<void> {
    return this.command('names', { values });
  }

  sa(name: string, spec: unknown): Promise<void> {
    return this.command('sa', { name, spec });
  }

  /** Sends, receives, compares: what is wrong, a text each. See Agent.run in ../wire/agent.py. */
  run(command: RunCommand): Promise<string[]> {
    return this.command('run', { ...command });
  }

  totals(): Promise<Record<string, { sent: number; received: number }>> {
    return this.command('totals', {});
  }

  async close(): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.stdin?.end();
    const kill = (): boolean => child.kill('SIGKILL');
    const limit = AbortSignal.timeout(CLOSE_MS);
    limit.addEventListener('abort', kill);
    await closed;
    limit.removeEventListener('abort', kill);
  }

  private command<T>(name: string, parameters: object): Promise<T> {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.child.stdin?.write(`${JSON.stringify({ id, do: name, ...parameters })}\n`);
    });
  }

  private answered(line: string): void {
    const { id, ok, error } = JSON.parse(line) as { id: number; ok?: unknown; error?: string };
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) waiting?.resolve(ok);
    else waiting?.reject(new Error(error));
  }
}
