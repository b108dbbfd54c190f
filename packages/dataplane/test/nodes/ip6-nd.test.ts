import assert from 'node:assert/strict';
import { describeNode } from '../support/counters.js';
import { pattern } from '../support/packets.js';
import { ip6 } from '../support/packets6.js';
import { FAR6, STRANGER6, site6 } from '../support/site.js';

describeNode('ip6-nd', () => {
  it('drops what is for a neighbour that nobody knows', () => {
    const bench = site6();
    try {
      bench.pushIp6('wan', ip6({ src: FAR6, dst: STRANGER6, payload: pattern(20) }));
      bench.run();
      assert.deepEqual(bench.sent('lan'), []);
      bench.expect({ 'ip6-nd/unresolved': 1 });
    } finally {
      bench.close();
    }
  });
});
