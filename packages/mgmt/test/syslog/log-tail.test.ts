import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, limitLog, until } from '@sluice/shared';
import { LogTail } from '../../src/syslog/log-tail.js';

const log = createLogger({ name: 'test', level: 'silent' });

describe('the tail of the logs', () => {
  let dir: string;
  let tail: LogTail | null = null;
  let lines: string[] = [];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'sluice-tail-'));
    lines = [];
  });
  afterEach(async () => {
    await tail?.close();
    tail = null;
    rmSync(dir, { recursive: true, force: true });
  });

  async function follow(): Promise<void> {
    tail = await LogTail.follow(dir, log, (process, line) => lines.push(`${process}: ${line}`));
  }
  const append = (name: string, text: string): void => appendFileSync(join(dir, name), text);
  const comes = (expected: string[]): Promise<unknown> =>
    until(
      () => `${JSON.stringify(expected)}, there is ${JSON.stringify(lines)}`,
      () =>
        lines.length >= expected.length &&
        assert.deepEqual([...lines].sort(), [...expected].sort()) === undefined,
    );

  it('has what was written before, and each line when it has its end', async () => {
    append('agent.log', 'one\ntw');
    append('other.txt', 'not a log\n');
    await follow();
    await comes(['agent: one']);
    append('dhcpd.log', 'new\n');
    append('agent.log', 'o\nthree\n');
    await comes(['agent: one', 'agent: two', 'agent: three', 'dhcpd: new']);
  });

  it('begins near the end of a long log, with a whole line', async () => {
    append('agent.log', 'a'.repeat(99).concat('\n').repeat(2000));
    append('agent.log', 'last\n');
    await follow();
    await until('the last line', () => lines.at(-1) === 'agent: last');
    assert.equal(lines.length, 656);
    assert.ok(lines.slice(0, -1).every((line) => line === `agent: ${'a'.repeat(99)}`));
  });

  it('loses nothing when a log is cut', async () => {
    await follow();
    append('agent.log', `${'x'.repeat(2000)}\n`);
    await comes([`agent: ${'x'.repeat(2000)}`]);
    append('agent.log', 'before\n');
    assert.equal(limitLog(join(dir, 'agent.log'), 100), true);
    append('agent.log', 'after\n');
    await comes([`agent: ${'x'.repeat(2000)}`, 'agent: before', 'agent: after']);
  });

  it('goes on where it was when it starts again', async () => {
    await follow();
    append('agent.log', 'one\n');
    await comes(['agent: one']);
    await tail?.close();
    assert.equal(statSync(join(dir, 'syslog.positions')).mode & 0o777, 0o600);
    append('agent.log', 'two\n');
    await follow();
    await comes(['agent: one', 'agent: two']);
  });

  it('does without positions that were damaged, and cuts lines without end apart', async () => {
    writeFileSync(join(dir, 'syslog.positions'), '{"agent.log": 4');
    append('agent.log', 'z'.repeat(40_000));
    await follow();
    await until('two parts', () => lines.length === 2);
    append('agent.log', '\n');
    await comes([16_384, 16_384, 7_232].map((length) => `agent: ${'z'.repeat(length)}`));
  });
});
