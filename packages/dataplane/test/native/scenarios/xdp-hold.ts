// Opens `left`, says so, and stays until it is killed.
import { xdpOpen } from '../../../src/native/index.js';
import { TestPool } from '../support/pool.js';

new TestPool(64);
xdpOpen({
  device: 'left',
  queue: 0,
  rxSize: 64,
  txSize: 64,
  fillSize: 64,
  completionSize: 64,
  mode: 'native',
  zeroCopy: false,
});
console.log('open');
setInterval(() => undefined, 1000);
