import assert from 'node:assert/strict';
import { Screen } from '../../src/demo/screen.js';

class Sink {
  text = '';
  constructor(
    readonly isTTY: boolean,
    readonly columns = 80,
  ) {}
  write(text: string): void {
    this.text += text;
  }
}

describe('the screen of the demo', () => {
  it('is plain lines where there is no terminal', async () => {
    const sink = new Sink(false);
    const screen = new Screen(sink);
    screen.heading('Routes');
    await screen.step(
      'Build',
      async () => 5,
      (value) => `${value} nodes`,
    );
    screen.live(['one']);
    screen.live(['two']);
    assert.match(sink.text, /^\nRoutes\n✔ Build +0\.\d\d s\n {4}5 nodes\none\ntwo\n$/);
  });

  it('passes the error of a step on, and marks it', async () => {
    const sink = new Sink(false);
    await assert.rejects(
      new Screen(sink).step('Build', () => Promise.reject(new Error('no'))),
      { message: 'no' },
    );
    assert.match(sink.text, /^✘ Build/);
  });

  it('draws a live table over the one before, however many rows that took', () => {
    const sink = new Sink(true, 10);
    const screen = new Screen(sink);
    screen.live(['short', screen.style('bold', 'x'.repeat(25))]);
    sink.text = '';
    screen.live(['next']);
    assert.equal(sink.text, '\u001b[4A\u001b[0Jnext\n');
  });

  it('lines up columns, figures to the right', () => {
    const lines = new Screen(new Sink(false)).tableLines([
      ['name', 'packets'],
      ['lan', '7'],
      ['wan', '1,234'],
    ]);
    assert.deepEqual(lines, ['  name  packets', '  lan         7', '  wan     1,234']);
  });
});
