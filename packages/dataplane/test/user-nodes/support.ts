// A user's file for tests: written, compiled and loaded as the data plane does it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OnFault } from '../../src/user-nodes/adapt.js';
import { type LoadedFile, loadUserFile } from '../../src/user-nodes/load.js';
import type { Bench } from '../support/bench.js';

export class NodeFiles {
  readonly directory = mkdtempSync(join(tmpdir(), 'sluice-nodes-'));

  write(name: string, source: string, mode = 0o644): string {
    const file = join(this.directory, name);
    writeFileSync(file, source, { mode });
    return file;
  }

  load(file: string): Promise<LoadedFile> {
    return loadUserFile(file, join(this.directory, 'compiled'));
  }

  /** Compiles a file and puts it into the only worker of a bench. */
  async loadInto(bench: Bench, file: string, slot = 0, bit = 20, onFault: OnFault = 'pass'): Promise<void> {
    const { url } = await this.load(file);
    await bench.forwarders[0]!.userNodes.load({ slot, url, bit, onFault });
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A node's file with one function body; `packet` is the packet, BAD the one counter that drops. */
export function nodeSource(body: string, name = 'test-node', arc = 'ip4-unicast'): string {
  return `import { defineUserNode, PASS, type Packet } from '@sluice/node';
const BAD = 0;
const SEEN = 1;
export default defineUserNode({
  name: '${name}',
  arc: '${arc}',
  counters: [
    { name: 'bad', severity: 'info', drop: true, help: 'is bad' },
    { name: 'seen', severity: 'info', help: 'was seen' },
  ],
  packet(packet: Packet): number {
    ${body}
  },
});
`;
}
