// A journal on a file system of three pages, in a mount namespace of its own: the disk fills in the middle of a line.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SequenceJournal } from '../../../src/control/sequence-journal.js';

const PAGE = 4096;

const [dir] = process.argv.slice(2) as [string];
execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${3 * PAGE}`, 'tmpfs', dir]);
const file = join(dir, 'numbers');
const journal = new SequenceJournal(file);
journal.record('out/192.0.2.1/1', 1);
writeFileSync(join(dir, 'filler'), Buffer.alloc(2 * PAGE));

let accepted = 1;
assert.throws(() => {
  for (let i = 2; i < PAGE; i++) {
    journal.record('out/192.0.2.1/1', i);
    accepted = i;
  }
}, /ENOSPC/);
assert.throws(() => journal.record('out/192.0.2.2/2', 5), /ENOSPC/);
assert.ok(new SequenceJournal(join(dir, 'other')).get('none') === 0);
rmSync(join(dir, 'filler'));

journal.record('out/192.0.2.3/3', 9);
const next = new SequenceJournal(file);
assert.ok(next.get('out/192.0.2.1/1') >= accepted, 'a number that was given out is lost');
assert.equal(next.get('out/192.0.2.3/3'), 9, 'a line was joined to half a one');
journal.close();
next.close();
