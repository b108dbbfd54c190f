// The lease database: an append-only log, which survives a kill and a power cut with every lease that was acknowledged.
//
// What is appended while the disk is busy goes out together, with one fdatasync. A write that fails is written over by
// the next one, so the log never has half a record before whole ones. When most of the log has been superseded, the
// leases as they are go into a new file, which takes the place of the old one by rename.
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Logger, SluiceError } from '@sluice/shared';
import type { ReadLog } from './frame.js';

/** How leases of a kind are written. */
export interface LeaseCodec<L> {
  /** The file's first line: its kind and version. */
  header: string;
  encode(lease: L): Buffer;
  read(bytes: Buffer, from: number, each: (lease: L) => void): ReadLog;
}

/** The log may have so many records beyond twice the leases. */
const SUPERSEDED_MIN = 10_000;
/** Records that are encoded before others have their turn. */
const BATCH = 500;

/** Called with null when all is on the disk, or with the error of writing: its errno. */
export type Written = (error: unknown) => void;

export interface LeaseLogOptions<L> {
  path: string;
  codec: LeaseCodec<L>;
  log: Logger;
  /** All leases as they are now, for a new file. */
  leases: () => Iterable<L>;
  /** How many those are. */
  size: () => number;
  /** Records beyond twice the leases after which the log is written anew; 10,000 unless told. */
  supersededMin?: number;
}

export class LeaseLog<L> {
  readonly #options: LeaseLogOptions<L>;
  #file: FileHandle;
  /** Where the next record goes. */
  #end: number;
  #records: number;
  #waiting: Buffer[] = [];
  /** Whom to tell of those. */
  #writers: Written[] = [];
  #turn: Promise<void> = Promise.resolve();
  /** Records since the new file's leases were looked at; null while none is being made. */
  #meanwhile: Buffer[] | null = null;
  #compacting: Promise<void> | null = null;

  private constructor(options: LeaseLogOptions<L>, file: FileHandle, end: number, records: number) {
    this.#options = options;
    this.#file = file;
    this.#end = end;
    this.#records = records;
  }

  /**
   * Reads the leases that the log has, in the order in which they were written, and is ready for more. Errors: SluiceError
   * `state` for a file that is no lease log; errno of reading and writing it.
   */
  static async open<L>(options: LeaseLogOptions<L>, each: (lease: L) => void): Promise<LeaseLog<L>> {
    const { path, log, codec } = options;
    const header = Buffer.from(codec.header, 'latin1');
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(path, 'a+', 0o600).then(async (made) => {
      await made.close();
      return open(path, 'r+');
    });
    try {
      const bytes = await file.readFile();
      if (bytes.length < header.length || !bytes.subarray(0, header.length).equals(header)) {
        if (!header.subarray(0, bytes.length).equals(bytes)) throw notALog(path);
        await writeAll(file, header, 0);
        await file.datasync();
        await syncDirectory(path);
        return new LeaseLog(options, file, header.length, 0);
      }
      let records = 0;
      const { end, damaged } = codec.read(bytes, header.length, (lease) => {
        records++;
        each(lease);
      });
      if (damaged > 0) log.error({ path, damaged_bytes: damaged }, 'parts of the lease log are damaged');
      if (end < bytes.length) {
        log.warn({ path, bytes: bytes.length - end }, 'the last record was not written whole');
        // What comes later must not stand before the rest of an older record.
        await file.truncate(end);
      }
      return new LeaseLog(options, file, end, records);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Resolves when the lease is on the disk. Errors: errno of writing. */
  append(lease: L): Promise<void> {
    return new Promise((resolve, reject) => {
      this.write([lease], (error) => (error === null ? resolve() : reject(error)));
    });
  }

  /** The same for some that belong together, without a promise for each. */
  write(leases: readonly L[], written: Written): void {
    for (const lease of leases) this.#waiting.push(this.#options.codec.encode(lease));
    this.#writers.push(written);
    if (this.#writers.length === 1) this.#inTurn(() => this.#writeWaiting());
  }

  /** Writes what is waiting, and closes the file. */
  async close(): Promise<void> {
    await this.#turn;
    await this.#compacting;
    await this.#turn;
    await this.#file.close();
  }

  /** One at a time, in order. A task reports its failure itself. */
  #inTurn(task: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(task);
    return this.#turn;
  }

  async #writeWaiting(): Promise<void> {
    const records = this.#waiting;
    const writers = this.#writers;
    this.#waiting = [];
    this.#writers = [];
    const bytes = Buffer.concat(records);
    try {
      await writeAll(this.#file, bytes, this.#end);
      await this.#file.datasync();
    } catch (error) {
      for (const written of writers) written(error);
      return;
    }
    this.#end += bytes.length;
    this.#records += records.length;
    if (this.#meanwhile !== null) for (const record of records) this.#meanwhile.push(record);
    for (const written of writers) written(null);
    const { size, supersededMin = SUPERSEDED_MIN } = this.#options;
    if (this.#compacting !== null || this.#records <= 2 * size() + supersededMin) return;
    this.#compacting = this.#compact().finally(() => {
      this.#meanwhile = null;
      this.#compacting = null;
    });
  }

  /** The leases as they are into a new file, then what was appended to the old one meanwhile. */
  async #compact(): Promise<void> {
    const { path, log, leases, codec } = this.#options;
    const meanwhile: Buffer[] = [];
    this.#meanwhile = meanwhile;
    let made: LogFile | null = null;
    try {
      made = await LogFile.create(`${path}.new`, Buffer.from(codec.header, 'latin1'));
      let batch: Buffer[] = [];
      for (const lease of [...leases()]) {
        batch.push(codec.encode(lease));
        if (batch.length < BATCH) continue;
        await made.write(batch);
        batch = [];
      }
      await made.write(batch);
      await made.file.datasync();
    } catch (error) {
      await made?.file.close();
      log.error({ err: error, path }, 'the lease log could not be written anew, and goes on growing');
      return;
    }
    const ready = made;
    await this.#inTurn(() => this.#replace(ready, meanwhile));
  }

  /** Nothing is appended meanwhile. */
  async #replace(made: LogFile, meanwhile: readonly Buffer[]): Promise<void> {
    const { path, log } = this.#options;
    try {
      await made.write(meanwhile);
      await made.file.datasync();
      await rename(`${path}.new`, path);
    } catch (error) {
      await made.file.close();
      log.error({ err: error, path }, 'the lease log could not be written anew, and goes on growing');
      return;
    }
    const old = this.#file;
    this.#file = made.file;
    this.#end = made.end;
    this.#records = made.records;
    try {
      await syncDirectory(path);
      await old.close();
    } catch (error) {
      log.error({ err: error, path }, 'the directory of the lease log could not be written to the disk');
    }
  }
}

/** A log that is being made. */
class LogFile {
  records = 0;

  private constructor(
    readonly file: FileHandle,
    public end: number,
  ) {}

  static async create(path: string, header: Buffer): Promise<LogFile> {
    const file = await open(path, 'w', 0o600);
    await writeAll(file, header, 0);
    return new LogFile(file, header.length);
  }

  async write(records: readonly Buffer[]): Promise<void> {
    const bytes = Buffer.concat(records);
    await writeAll(this.file, bytes, this.end);
    this.end += bytes.length;
    this.records += records.length;
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let from = 0; from < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, from, bytes.length - from, at + from);
    from += bytesWritten;
  }
}

/** A file's name is in its directory, which goes to the disk by itself. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function notALog(path: string): SluiceError {
  return new SluiceError(
    'state',
    `${path} is no lease log of this version: move it away, and the server starts without leases`,
  );
}
