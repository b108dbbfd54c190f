import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { DISCOVERS_MAX, Inbox } from '../src/inbox.js';
import { DISCOVER, REQUEST } from '../src/wire/codes.js';
import { clientBytes, clientMessage, onLink } from './support/client.js';

describe('the inbox', () => {
  it('has those first that have come half way, and leaves out the DISCOVERs that are too many', async () => {
    const handled: number[] = [];
    let left = 0;
    const inbox = new Inbox(
      ({ xid }) => handled.push(xid),
      () => left++,
    );
    const total = DISCOVERS_MAX + 10;
    for (let xid = 1; xid <= total; xid++) inbox.add(clientMessage({ type: DISCOVER, xid }), onLink());
    assert.equal(inbox.refuses(clientBytes({ type: DISCOVER })), true);
    assert.equal(inbox.refuses(clientBytes({ type: REQUEST })), false);
    inbox.add(clientMessage({ type: REQUEST, xid: 1000, requested: '10.1.0.1' }), onLink());
    await until('the turn to end', () => handled.length > 0);
    assert.deepEqual(handled.slice(0, 3), [1000, 1, 2]);
    assert.deepEqual([handled.length, left], [DISCOVERS_MAX + 1, 10]);
    assert.equal(inbox.refuses(clientBytes({ type: DISCOVER })), false);
    inbox.add(clientMessage({ type: DISCOVER, xid: 2000 }), onLink());
    await until('the next one', () => handled.at(-1) === 2000);
  });
});
