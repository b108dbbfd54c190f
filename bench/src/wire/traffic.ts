// Packets from the generator, and what of them arrives at the sink.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { LabNode } from '@sluice/lab';
import { FIRST } from '../run/first.js';
import { wireProgram } from './programs.js';

export interface Load {
  fromDevice: string;
  toMac: string;
  from: string;
  to: string;
  /** Octets of a frame without FCS, or the simple IMIX: 7 of 60, 4 of 590, 1 of 1514. */
  length: number | 'imix';
  /** Packets a second; 0 for as many as it can. */
  rate: number;
  seconds: number;
  core: number;
  /** Source ports. */
  flows?: number;
  /** Packets that the generator hands over together; 64 unless told. */
  batch?: number;
  /**
   * Sleeps so many milliseconds and then sends what is due, by sendmmsg, so that its core has time for others; otherwise
   * it waits for each packet's time without sleeping.
   */
  burstMs?: number;
  /** By a packet socket, not by XDP frames. */
  sendmmsg?: boolean;
}

export interface Sent {
  sent: number;
  /** CLOCK_MONOTONIC. */
  started_ns: number;
  seconds: number;
  way: 'live-frames' | 'sendmmsg';
}

/** Runs the generator to its end. */
export async function generate(node: LabNode, load: Load): Promise<Sent> {
  const { length } = load;
  const argv = [
    ...[...FIRST, wireProgram('generate'), '--device', load.fromDevice, '--to-mac', load.toMac],
    ...['--from', load.from, '--to', load.to, '--seconds', String(load.seconds), '--cpu', String(load.core)],
    ...(length === 'imix' ? ['--imix'] : ['--length', String(length)]),
    ...(load.rate > 0 ? ['--rate', String(load.rate)] : []),
    ...['--flows', String(load.flows ?? 1), '--batch', String(load.batch ?? 64)],
    ...(load.burstMs === undefined ? [] : ['--burst-ms', String(load.burstMs)]),
    ...(load.sendmmsg === true ? ['--sendmmsg'] : []),
  ];
  const { stdout } = await node.run(argv, { deadlineMs: (load.seconds + 10) * 1000 });
  return JSON.parse(stdout) as Sent;
}

export interface Seen {
  /** When it was looked, CLOCK_MONOTONIC. */
  ns: number;
  packets: number;
  octets: number;
}

/** A program on an XDP hook of a lab's node, which answers a line for a line. */
export class XdpProgram {
  private readonly answers: AsyncIterableIterator<string>;

  private constructor(
    private readonly child: ChildProcess,
    private readonly what: string,
  ) {
    this.answers = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  static async attach(node: LabNode, device: string, ...more: string[]): Promise<XdpProgram> {
    const [file = '', ...args] = node.enter([wireProgram('sink'), '--device', device, ...more]);
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const program = new XdpProgram(child, `the program on ${device} of ${node.name}`);
    await program.line();
    return program;
  }

  /** What has arrived; and has the latencies since the last file written to a new one. */
  async look(latencies = ''): Promise<Seen> {
    this.child.stdin!.write(`${latencies}\n`);
    return JSON.parse(await this.line()) as Seen;
  }

  async close(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.stdin!.end();
    await exited;
  }

  private async line(): Promise<string> {
    const { value, done } = await this.answers.next();
    if (done === true) throw new Error(`${this.what} ended`);
    return value;
  }
}
