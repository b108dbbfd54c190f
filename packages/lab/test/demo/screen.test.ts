import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { Screen } from '../../src/demo/screen.js';

class Sink {
  text = '';
  constructor(
    readonly isTTY: boolean,
    readonly columns = 80,
    readonly rows = 24,
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

  it('draws a live table over the one before, and no more of it than the terminal has rows', () => {
    const sink = new Sink(true, 80, 4);
    const screen = new Screen(sink);
    screen.live(['1', '2', '3', '4', '5']);
    assert.equal(sink.text, '1\n2\n3\n');
    sink.text = '';
    screen.live(['next']);
    assert.equal(sink.text, '\u001b[3A\u001b[0Jnext\n');
  });

  it('leaves out the last columns of a live table that the terminal is too narrow for', () => {
    const rows = [
      ['name', 'packets', 'octets'],
      ['lan', '7', '700'],
    ];
    const lines = (columns: number) =>
      new Screen(new Sink(true, columns)).fittingTableLines(rows).map(stripVTControlCharacters);
    assert.deepEqual(lines(23), ['  name  packets  octets', '  lan         7     700']);
    assert.deepEqual(lines(22), ['  name  packets', '  lan         7']);
    assert.equal(new Screen(new Sink(false, 10)).fittingTableLines(rows)[1], '  lan         7     700');
  });

  it('uses no control sequences on a terminal that knows none', () => {
    const screen = new Screen(new Sink(true), false);
    assert.equal(screen.style('bold', 'x'), 'x');
    assert.equal(screen.terminal, false);
  });

  it('lines up columns, figures to the right', () => {
    const lines = new Screen(new Sink(false)).tableLines([
      ['name', 'next hop', 'packets'],
      ['lan', '10.1.0.1', '7'],
      ['wan', '–', '1,234'],
    ]);
    assert.deepEqual(lines, [
      '  name  next hop  packets',
      '  lan   10.1.0.1        7',
      '  wan   –           1,234',
    ]);
  });
});
