// Who makes room when too many connections come that do not log in.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { createLogger, until } from '@sluice/shared';
import { type Stranger, Strangers } from '../../src/login/strangers.js';

/** What strangers need of a socket. */
class FakeSocket extends EventEmitter {
  destroyed = false;
  bytesRead = 0;
  constructor(readonly remoteAddress: string) {
    super();
  }
  setKeepAlive(): this {
    return this;
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

describe('strangers at a login', () => {
  let strangers: Strangers;
  let clock = 0;
  const come = (address: string): { socket: FakeSocket; stranger: Stranger } => {
    const socket = new FakeSocket(address);
    return { socket, stranger: strangers.admit(socket as unknown as Socket) };
  };
  beforeEach(() => {
    clock = 0;
    const log = createLogger({ name: 'test', level: 'silent' });
    strangers = new Strangers('ssh', { greetMs: 60_000, loginMs: 120_000 }, log, () => clock);
  });
  afterEach(() => strangers.clear());

  it('of one source are eight, of a /64 of IPv6 too: the one that has come least far, and was first, makes room', () => {
    for (const [prefix, separator] of [
      ['192.0.2.1', ''],
      ['2001:db8::', 'x'],
    ] as const) {
      const address = (n: number): string => (separator === '' ? prefix : `${prefix}${n + 1}`);
      const all = Array.from({ length: 8 }, (_, n) => come(address(n)));
      all[0]!.stranger.reached('greeted');
      come(address(8));
      assert.deepEqual(
        all.map(({ socket }) => socket.destroyed),
        [false, true, false, false, false, false, false, false],
      );
    }
    assert.equal(strangers.closed.source_full, 2);
    assert.equal(strangers.size, 16);
  });

  it('in one step take no room of those in another', () => {
    const proving = come('192.0.2.1');
    proving.stranger.reached('proving');
    const greeted = come('192.0.2.2');
    greeted.stranger.reached('greeted');
    const silent = Array.from({ length: 400 }, (_, n) => come(`198.51.${n >> 7}.${n & 127}`));
    assert.deepEqual([proving.socket.destroyed, greeted.socket.destroyed], [false, false]);
    assert.equal(silent.filter(({ socket }) => !socket.destroyed).length, 256);
    assert.ok(!silent.at(-1)!.socket.destroyed);
    assert.equal(strangers.closed.step_full, 400 - 256);
  });

  it('of the source with most of a full step make room first', () => {
    const honest = come('192.0.2.1');
    for (let n = 0; n < 255; n++) come(`198.51.100.${n % 50}`);
    come('192.0.2.99');
    assert.equal(strangers.closed.step_full, 1);
    assert.ok(!honest.socket.destroyed);
  });

  it('have so long to say something, and to log in', async () => {
    const log = createLogger({ name: 'test', level: 'silent' });
    strangers = new Strangers('ssh', { greetMs: 20, loginMs: 40 }, log);
    const silent = come('192.0.2.1');
    const greeted = come('192.0.2.2');
    greeted.stranger.reached('greeted');
    const known = come('192.0.2.3');
    known.stranger.known();
    await until('both to be closed', () => silent.socket.destroyed && greeted.socket.destroyed);
    assert.equal(strangers.closed.too_slow, 2);
    assert.ok(!known.socket.destroyed);
  });

  it('are forgotten when they are known, gone, or not understood', () => {
    const known = come('192.0.2.1');
    known.stranger.known();
    const gone = come('192.0.2.2');
    gone.socket.destroy();
    const garbage = come('192.0.2.3');
    garbage.socket.bytesRead = 300;
    garbage.socket.destroy();
    const wrong = come('192.0.2.4');
    wrong.stranger.reached('greeted');
    wrong.stranger.notUnderstood();
    assert.equal(strangers.size, 0);
    assert.deepEqual(strangers.closed, { source_full: 0, step_full: 0, too_slow: 0, not_understood: 2 });
    assert.deepEqual([known.socket.destroyed, wrong.socket.destroyed], [false, true]);
  });
});
