import assert from 'node:assert/strict';
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
});
