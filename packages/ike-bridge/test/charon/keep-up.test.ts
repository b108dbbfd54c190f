import assert from 'node:assert/strict';
import { KeepUp, type ListedSa } from '../../src/charon/index.js';
import { connection, section } from './fixtures.js';

const wanted = { connections: [connection()] };
const net = [{ connection: 'office', child: 'net' }];

function sa(state: string, children: Record<string, string>, tasks: string[] = []): ListedSa {
  const childSas = Object.entries(children).map(([name, childState]) => [
    `${name}-1`,
    { name, state: childState },
  ]);
  return {
    connection: 'office',
    section: section({ state, 'tasks-active': tasks, 'child-sas': Object.fromEntries(childSas) }),
  };
}

describe('keep up', () => {
  it('initiates what is missing, and nothing that waits for its peer', () => {
    assert.deepEqual(new KeepUp().due(wanted, [], 0), net);
    assert.deepEqual(new KeepUp().due({ connections: [connection({ start: 'respond' })] }, [], 0), []);
  });

  it('restores on request what waits for its peer', () => {
    const connections = [connection({ start: 'respond' })];
    assert.deepEqual(new KeepUp().due({ connections, restore: ({ child }) => child === 'net' }, [], 0), net);
  });

  const cases: Array<[string, ListedSa, boolean]> = [
    ['an installed child', sa('ESTABLISHED', { net: 'INSTALLED' }), false],
    ['a child being rekeyed', sa('ESTABLISHED', { net: 'REKEYING' }), false],
    ['an IKE_SA that is connecting', sa('CONNECTING', {}), false],
    ['a child on its way', sa('ESTABLISHED', {}, ['CHILD_CREATE']), false],
    ['an IKE_SA without the child', sa('ESTABLISHED', {}, ['IKE_DPD']), true],
    ['another child', sa('ESTABLISHED', { other: 'INSTALLED' }), true],
    ['a child that is being deleted', sa('ESTABLISHED', { net: 'DELETING' }), true],
    ['only the old child of a rekeying', sa('ESTABLISHED', { net: 'REKEYED' }), true],
    ['an IKE_SA that is being deleted', sa('DELETING', { net: 'INSTALLED' }), true],
    ['an SA of another connection', { ...sa('ESTABLISHED', { net: 'INSTALLED' }), connection: 'x' }, true],
  ];
  for (const [what, listed, missing] of cases) {
    it(`${missing ? 'initiates' : 'does not initiate'} when there is ${what}`, () => {
      assert.deepEqual(new KeepUp().due(wanted, [listed], 0), missing ? net : []);
    });
  }

  it('repeats ever more rarely, and at once after it has been up', () => {
    const keepUp = new KeepUp();
    const attempts: number[] = [];
    for (let second = 0; second < 120; second++) {
      if (keepUp.due(wanted, [], second * 1000).length > 0) attempts.push(second);
    }
    assert.deepEqual(attempts, [0, 1, 3, 7, 15, 31, 61, 91]);
    assert.deepEqual(keepUp.due(wanted, [sa('ESTABLISHED', { net: 'INSTALLED' })], 120_000), []);
    assert.deepEqual(keepUp.due(wanted, [], 120_001), net);
    assert.deepEqual(keepUp.due(wanted, [], 120_002), []);
    keepUp.reset();
    assert.deepEqual(keepUp.due(wanted, [], 120_003), net);
  });
});
