// Follows the logs of a run directory: each line that a process writes, once.
//
// The files are the one place at which all lines are: processes write them without asking anybody, also while their
// supervisor is gone, and so do programs of Debian. A log that has grown too long is cut: what was in it is then
// beside it (`.1`), and its end is read there.
import { type FSWatcher, watch } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { codeOf, type Logger, messageOf } from '@sluice/shared';

const SUFFIX = '.log';
/** Lines that come together are read together. */
const GATHER_MS = 50;
/** As much of a log is read at once. */
const CHUNK = 64 * 1024;
/** As much of the end of each log goes along when nobody has followed it before. */
const FIRST_BYTES = 64 * 1024;
/** A longer line is cut apart. */
const LINE_BYTES_MAX = 16 * 1024;
/** How far each log was read; a management process that starts again goes on there. */
const POSITIONS = 'syslog.positions';
const SAVE_MS = 1_000;

export type LineHandler = (process: string, line: string) => void;

interface Place {
  /** Everything before it was read. */
  offset: number;
}

export class LogTail {
  private readonly places = new Map<string, Place>();
  private readonly changed = new Set<string>();
  private watcher: FSWatcher | null = null;
  private gathering: NodeJS.Timeout | null = null;
  private saving: NodeJS.Timeout | null = null;
  private reading: Promise<void> = Promise.resolve();
  private closed = false;

  private constructor(
    private readonly runDir: string,
    private readonly log: Logger,
    private readonly onLine: LineHandler,
  ) {}

  /** Errors: the system's, when the directory cannot be watched. */
  static async follow(runDir: string, log: Logger, onLine: LineHandler): Promise<LogTail> {
    const tail = new LogTail(runDir, log, onLine);
    await tail.restore();
    // Before the first look, so that nothing falls between the two.
    tail.watcher = watch(runDir, (_, file) => tail.onChange(file));
    tail.watcher.on('error', (error) =>
      log.error({ error: messageOf(error) }, 'the logs cannot be followed any more'),
    );
    for (const file of (await readdir(runDir)).filter((name) => name.endsWith(SUFFIX))) {
      try {
        await tail.enter(file);
      } catch (error) {
        // That of one process less; what is wrong with it is said when it is read.
        if (codeOf(error) !== 'EACCES' && codeOf(error) !== 'ENOENT') throw error;
      }
      tail.onChange(file);
    }
    return tail;
  }

  async close(): Promise<void> {
    this.watcher?.close();
    if (this.gathering !== null) clearTimeout(this.gathering);
    if (this.saving !== null) clearTimeout(this.saving);
    this.closed = true;
    await this.reading;
    await this.save();
  }

  private onChange(file: string | null): void {
    if (this.closed || file === null || !file.endsWith(SUFFIX)) return;
    this.changed.add(file);
    this.gathering ??= setTimeout(() => {
      this.gathering = null;
      const files = [...this.changed];
      this.changed.clear();
      this.reading = this.reading.then(() => this.readAll(files));
    }, GATHER_MS);
  }

  /** A log that was there before anybody followed it: near its end, at the beginning of a line. */
  private async enter(file: string): Promise<void> {
    if (this.places.has(file)) return;
    const handle = await open(`${this.runDir}/${file}`);
    try {
      const { size } = await handle.stat();
      const offset = size - FIRST_BYTES;
      this.places.set(file, { offset: offset <= 0 ? 0 : await afterNextNewline(handle, offset, size) });
    } finally {
      await handle.close();
    }
  }

  private async readAll(files: readonly string[]): Promise<void> {
    for (const file of files) {
      if (this.closed) return;
      try {
        await this.read(file);
      } catch (error) {
        if (codeOf(error) !== 'ENOENT')
          this.log.error({ file, error: messageOf(error) }, 'a log cannot be read');
      }
    }
    this.saving ??= setTimeout(() => {
      this.saving = null;
      void this.save();
    }, SAVE_MS);
  }

  private async read(file: string): Promise<void> {
    const handle = await open(`${this.runDir}/${file}`);
    try {
      const { size } = await handle.stat();
      const place = this.places.get(file) ?? { offset: 0 };
      this.places.set(file, place);
      if (size < place.offset) {
        await this.readFormer(file, place.offset);
        place.offset = 0;
      }
      place.offset = await this.readLines(file, handle, place.offset);
    } finally {
      await handle.close();
    }
  }

  /** The end of a log that was cut meanwhile. */
  private async readFormer(file: string, offset: number): Promise<void> {
    try {
      const handle = await open(`${this.runDir}/${file}.1`);
      try {
        await this.readLines(file, handle, offset);
      } finally {
        await handle.close();
      }
    } catch (error) {
      // Somebody else has cut it, and kept nothing.
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }

  /** Hands over the whole lines from an offset on. Returns the offset behind the last one. */
  private async readLines(file: string, handle: FileHandle, from: number): Promise<number> {
    const process = file.slice(0, -SUFFIX.length);
    const chunk = Buffer.alloc(CHUNK);
    let offset = from;
    while (!this.closed) {
      const { bytesRead } = await handle.read(chunk, 0, CHUNK, offset);
      let begin = 0;
      while (begin < bytesRead) {
        const newline = chunk.subarray(0, bytesRead).indexOf(NEWLINE, begin);
        const end = newline < 0 ? Math.min(bytesRead, begin + LINE_BYTES_MAX) : newline;
        // What has no end yet is read when it has one.
        if (newline < 0 && end - begin < LINE_BYTES_MAX) break;
        this.onLine(process, chunk.toString('utf8', begin, end));
        begin = newline < 0 ? end : newline + 1;
      }
      if (begin === 0) break;
      offset += begin;
    }
    return offset;
  }

  private async restore(): Promise<void> {
    try {
      const saved = JSON.parse(await readFile(`${this.runDir}/${POSITIONS}`, 'utf8')) as unknown;
      for (const [file, offset] of Object.entries(saved ?? {}))
        if (Number.isSafeInteger(offset) && offset >= 0) this.places.set(file, { offset });
    } catch (error) {
      // Without it each log is followed from near its end.
      if (codeOf(error) !== 'ENOENT' && !(error instanceof SyntaxError)) throw error;
    }
  }

  private async save(): Promise<void> {
    const path = `${this.runDir}/${POSITIONS}`;
    const positions = Object.fromEntries([...this.places].map(([file, { offset }]) => [file, offset]));
    try {
      await writeFile(`${path}.new`, JSON.stringify(positions), { mode: 0o600 });
      await rename(`${path}.new`, path);
    } catch (error) {
      this.log.debug({ error: messageOf(error) }, 'how far the logs were read could not be kept');
    }
  }
}

const NEWLINE = 0x0a;

async function afterNextNewline(handle: FileHandle, offset: number, size: number): Promise<number> {
  const rest = Buffer.alloc(size - offset);
  const { bytesRead } = await handle.read(rest, 0, rest.length, offset);
  const newline = rest.subarray(0, bytesRead).indexOf(NEWLINE);
  return newline < 0 ? size : offset + newline + 1;
}
