// The capture that is under way: takes what workers copied and writes it into a pcapng file.
//
// It ends after its number of packets, when it is told to, or when nobody has asked for it for a while: whoever
// started it may have died, and each packet costs the workers.
import { createWriteStream, fchmodSync, mkdirSync, openSync, rmSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import type { CaptureFilter, CaptureStatus } from '@sluice/shared';
import {
  CAPTURE_DROP,
  CAPTURE_IN,
  type CapturedPacket,
  type CaptureOrder,
  CaptureReader,
} from '../graph/capture.js';
import {
  enhancedPacket,
  interfaceDescription,
  interfaceStatistics,
  LINKTYPE_ETHERNET,
  LINKTYPE_RAW,
  sectionHeader,
} from './pcapng.js';

const UNREAD_MS = 10_000;
/** A file ends here whatever was asked for: the run directory is memory on most boxes. */
const FILE_BYTES_MAX = 256 << 20;

export interface CapturingWorker {
  captureStart(order: CaptureOrder): Promise<void>;
  captureStop(): Promise<void>;
}

/** What packets' figures mean. */
export interface CaptureNames {
  row(name: string): number | undefined;
  interface(row: number): string;
  /** `ip4-input/bad_checksum`. */
  reason(node: number, reason: number): string;
}

interface Running {
  file: string;
  stream: WriteStream;
  filter: CaptureFilter;
  /** Blocks of interfaces by name and link type. */
  interfaces: Map<string, number>;
  packets: number;
  bytes: number;
  missedBefore: number;
  seenAt: number;
  /** Why the file can take no more. */
  failed: Error | null;
}

export class CaptureSession {
  private readonly readers: CaptureReader[];
  private running: Running | null = null;
  private last: CaptureStatus = { file: null, active: false, packets: 0, bytes: 0, missed: 0 };
  private readonly directory: string;
  /** Told when one begins and ends: between, tick() is to be called. */
  onActive: (active: boolean) => void = () => undefined;

  constructor(
    runDir: string,
    rings: readonly SharedArrayBuffer[],
    private readonly workers: readonly CapturingWorker[],
    private readonly names: CaptureNames,
  ) {
    this.directory = join(runDir, 'captures');
    this.readers = rings.map((ring) => new CaptureReader(ring));
  }

  /** @throws Error when an interface is not there. */
  async start(filter: CaptureFilter, now: number): Promise<CaptureStatus> {
    const rows = filter.interfaces?.map((name) => {
      const row = this.names.row(name);
      if (row === undefined) throw new Error(`there is no interface "${name}"`);
      return row;
    });
    await this.stop();
    for (const reader of this.readers) reader.read();
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    if (this.last.file !== null) rmSync(this.last.file, { force: true });
    const file = join(this.directory, `${Date.now()}.pcapng`);
    const fd = openSync(file, 'wx', 0o640);
    // Whatever the umask: whom its directory lets in may read it, which is who shows it to the operator.
    fchmodSync(fd, 0o640);
    const stream = createWriteStream(file, { fd });
    this.running = {
      file,
      stream,
      filter,
      interfaces: new Map(),
      packets: 0,
      bytes: 0,
      missedBefore: this.missed(),
      seenAt: now,
      failed: null,
    };
    const { running } = this;
    stream.on('error', (error) => {
      running.failed ??= error;
    });
    this.onActive(true);
    this.write(sectionHeader('sluice', process.arch));
    const order: CaptureOrder = {
      rows: rows ?? null,
      traffic: filter.traffic,
      drops: filter.drops,
      snapLength: filter.snap_length,
      prefix: filter.prefix,
      protocol: filter.protocol,
    };
    await Promise.all(this.workers.map((worker) => worker.captureStart(order)));
    return this.report();
  }

  /** Where it stands; keeps it on. */
  status(now: number): CaptureStatus {
    if (this.running !== null) this.running.seenAt = now;
    return this.report();
  }

  /** Ends it, with everything in the file. */
  async stop(): Promise<CaptureStatus> {
    const { running } = this;
    if (running === null) return this.last;
    await Promise.all(this.workers.map((worker) => worker.captureStop()));
    this.drain();
    if (this.running !== running) return this.last;
    const missed = this.missed() - running.missedBefore;
    for (const index of running.interfaces.values()) {
      this.write(interfaceStatistics(index, Date.now() * 1000, index === 0 ? missed : 0));
    }
    this.last = { ...this.report(), active: false };
    this.running = null;
    this.onActive(false);
    await new Promise<void>((resolve) => running.stream.end(resolve));
    return this.last;
  }

  /** Writes what has come. Every 20 ms or so while one is on. Rejects, with the capture ended, when its file takes no more. */
  async tick(now: number): Promise<void> {
    const { running } = this;
    if (running === null) return;
    if (running.failed !== null) {
      const { message } = running.failed;
      await this.stop();
      throw new Error(`${running.file} has ended, because it cannot be written: ${message}`);
    }
    this.drain();
    const full = running.packets >= running.filter.count || running.bytes >= FILE_BYTES_MAX;
    if (full || now - running.seenAt >= UNREAD_MS) await this.stop();
  }

  private drain(): void {
    const { running } = this;
    if (running === null) return;
    const packets = this.readers.flatMap((reader) => reader.read());
    packets.sort((a, b) => a.time - b.time);
    for (const packet of packets) {
      if (running.packets >= running.filter.count) return;
      running.packets++;
      this.writePacket(running, packet);
    }
  }

  private writePacket(running: Running, packet: CapturedPacket): void {
    const drop = packet.kind === CAPTURE_DROP;
    this.write(
      enhancedPacket({
        interface: this.interfaceOf(running, packet),
        time: packet.time,
        bytes: packet.bytes,
        length: packet.length,
        direction: drop ? null : packet.kind === CAPTURE_IN ? 'in' : 'out',
        comment: drop ? `dropped: ${this.names.reason(packet.node, packet.reason)}` : null,
      }),
    );
  }

  /** An interface has a block for frames, and one for what begins with an IP header. */
  private interfaceOf(running: Running, { row, raw, kind }: CapturedPacket): number {
    const name = this.names.interface(row) || `row ${row}`;
    const shown = kind === CAPTURE_DROP ? `${name} drops` : name;
    const key = `${shown} ${raw}`;
    let index = running.interfaces.get(key);
    if (index === undefined) {
      index = running.interfaces.size;
      running.interfaces.set(key, index);
      const linkType = raw ? LINKTYPE_RAW : LINKTYPE_ETHERNET;
      this.write(interfaceDescription(shown, linkType, running.filter.snap_length));
    }
    return index;
  }

  private write(block: Buffer): void {
    const { running } = this;
    if (running === null) return;
    running.bytes += block.length;
    running.stream.write(block);
  }

  private missed(): number {
    return this.readers.reduce((sum, reader) => sum + reader.missed, 0);
  }

  private report(): CaptureStatus {
    const { running } = this;
    if (running === null) return this.last;
    const { file, packets, bytes, missedBefore } = running;
    return { file, active: true, packets, bytes, missed: this.missed() - missedBefore };
  }
}
