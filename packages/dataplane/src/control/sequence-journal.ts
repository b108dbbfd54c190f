// What must survive the data plane's death: sequence numbers that may have been used.
//
// Under AES-GCM a repeated sequence number is a repeated nonce, and gives the key's authentication away
// (RFC 4106 section 3.1). So numbers are reserved in blocks: a block is written here before a worker may
// use it, and an SA that comes back after a crash goes on behind the last block. Inbound SAs write the
// highest number that they accepted, so that a replay window does not open again.
//
// The file holds no secret. It lies in the run directory: it need not survive the machine, because no key
// does. Lines are appended; the last one of an SA counts. One without its newline was being written when the
// process died: its number is cut short, and nobody was told yet that it may be used.
import { closeSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** The journal is written anew when it has this many bytes, or twice as many as it then had, whichever is more. */
const COMPACT_BYTES = 4 << 20;

export class SequenceJournal {
  private readonly last = new Map<string, number>();
  private fd: number;
  private size = 0;
  private limit = COMPACT_BYTES;
  /** True when the file may end in half a line, because the disk was full: nothing may be joined to it. */
  private torn = false;

  constructor(private readonly file: string) {
    for (const line of readLines(file)) {
      const [key, value] = line.split(' ');
      const sequence = Number(value);
      if (key === undefined || value === undefined || value === '' || !Number.isSafeInteger(sequence))
        continue;
      if (sequence < 0) this.last.delete(key);
      else this.last.set(key, sequence);
    }
    this.fd = -1;
    this.compact();
  }

  /** The last number recorded for an SA, or 0. */
  get(key: string): number {
    return this.last.get(key) ?? 0;
  }

  /** Records a number before it is used. When this returns, a new process will read it. Throws what write(2) says. */
  record(key: string, sequence: number): void {
    this.last.set(key, sequence);
    this.append(`${key} ${sequence}\n`);
  }

  forget(key: string): void {
    if (this.last.delete(key)) this.append(`${key} -1\n`);
  }

  close(): void {
    closeSync(this.fd);
  }

  private append(line: string): void {
    if (this.torn || this.size > this.limit) {
      this.compact();
      return;
    }
    this.torn = true;
    writeFileSync(this.fd, line);
    this.torn = false;
    this.size += line.length;
  }

  private compact(): void {
    const text = [...this.last].map(([key, sequence]) => `${key} ${sequence}\n`).join('');
    const next = `${this.file}.new`;
    const fd = openSync(next, 'w', 0o600);
    try {
      writeFileSync(fd, text);
      renameSync(next, this.file);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = fd;
    this.size = text.length;
    this.limit = Math.max(COMPACT_BYTES, 2 * text.length);
    this.torn = false;
  }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(0, -1);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
