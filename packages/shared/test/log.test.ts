import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createLogger, SECRET_NAMES } from '../src/index.js';

function capture(level?: string) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { lines, log: createLogger({ name: 'agent', destination, ...(level ? { level } : {}) }) };
}

describe('the logger', () => {
  it('writes JSON lines with the process and an ISO time', () => {
    const { log, lines } = capture();
    log.info({ revision: 3 }, 'applied');
    log.debug('not at this level');
    assert.equal(lines.length, 1);
    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    assert.deepEqual([line.name, line.msg, line.revision], ['agent', 'applied', 3]);
    assert.match(String(line.time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  for (const name of SECRET_NAMES) {
    it(`never writes what is called ${name}, inside up to seven objects or lists`, () => {
      const { log, lines } = capture();
      for (let depth = 0; depth <= 7; depth++) {
        let object: unknown = { [name]: 'HIDDEN' };
        let list: unknown = { [name]: 'HIDDEN' };
        for (let i = 0; i < depth; i++) {
          object = { inner: object };
          list = i < depth - 1 ? [list] : { list };
        }
        log.info(object as object, 'logged');
        log.info(list as object, 'logged');
        if (depth < 7) log.child({ bound: object }).info('logged');
      }
      log.child({ [name]: 'HIDDEN' }).info('logged');
      log.error({ err: Object.assign(new Error('failed'), { [name]: 'HIDDEN' }) });
      assert.equal(lines.length, 8 + 8 + 7 + 2);
      for (const line of lines) {
        assert(!line.includes('HIDDEN'), line);
        assert(line.includes('[redacted]'), line);
      }
    });
  }

  it('leaves the object that it was given as it is', () => {
    const { log } = capture();
    const object = { psk: 'x', inner: { key: 'y' } };
    log.info(object);
    assert.deepEqual(object, { psk: 'x', inner: { key: 'y' } });
  });

  it('keeps a process going whose log takes no more', () => {
    const full = openSync('/dev/full', 'w');
    const program = `
      import { createLogger } from ${JSON.stringify(new URL('../src/index.js', import.meta.url).href)};
      const log = createLogger({ name: 'agent' });
      for (let i = 0; i < 10_000; i++) log.info({ i }, 'goes nowhere');
      console.log('alive');
    `;
    try {
      const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
        stdio: ['ignore', 'pipe', full],
        encoding: 'utf8',
      });
      assert.deepEqual([status, stdout], [0, 'alive\n']);
    } finally {
      closeSync(full);
    }
  });
});
