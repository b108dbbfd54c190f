import assert from 'node:assert/strict';
import { Pools, virtualAddresses } from '../../src/charon/pools.js';
import { connection } from './fixtures.js';
import { FakeSender } from './sender.js';

const giving = (...addresses: string[]) =>
  connection({
    remote: { address: 'any', id: 'b.example' },
    start: 'respond',
    assign_addresses: addresses,
    assign_dns: ['10.2.0.53'],
  });

describe('address pools', () => {
  let charon: FakeSender;
  let pools: Pools;
  beforeEach(() => {
    charon = new FakeSender();
    charon.answers.set('get-pools', () => ({}));
    pools = new Pools();
  });

  it('are one for each address, which the connection names', async () => {
    const wanted = giving('10.9.0.8', '2001:db8:9::8');
    await pools.load(charon, wanted);
    assert.deepEqual(charon.sent, [
      ['load-pool', { 'office.0': { addrs: '10.9.0.8/32', dns: ['10.2.0.53'] } }],
      ['load-pool', { 'office.1': { addrs: '2001:db8:9::8/128', dns: ['10.2.0.53'] } }],
    ]);
    assert.deepEqual(virtualAddresses(wanted), { pools: ['office.0', 'office.1'] });
  });

  it('are loaded again when they change, and after a restart of charon', async () => {
    await pools.load(charon, giving('10.9.0.8'));
    await pools.load(charon, giving('10.9.0.8'));
    assert.deepEqual(charon.commands(), ['load-pool']);
    await pools.load(charon, giving('10.9.0.9'));
    assert.deepEqual(charon.commands(), ['load-pool']);
    pools.forgetCharon();
    await pools.load(charon, giving('10.9.0.9'));
    assert.deepEqual(charon.commands(), ['load-pool']);
  });

  it('go with their connections, those of an earlier bridge too, and later while an address is in use', async () => {
    charon.answers.set('get-pools', () => ({ 'gone.0': {}, 'office.0': {} }));
    charon.answers.set('unload-pool', () => ({ success: 'no', errmsg: 'in use' }));
    await pools.load(charon, giving('10.9.0.8'));
    await pools.removeOthers(charon, [giving('10.9.0.8')]);
    assert.deepEqual(charon.commands(), ['load-pool', 'get-pools', 'unload-pool']);
    charon.answers.delete('unload-pool');
    await pools.removeOthers(charon, [giving('10.9.0.8')]);
    assert.deepEqual(charon.sent.splice(0).at(-1), ['unload-pool', { name: 'gone.0' }]);
    await pools.removeOthers(charon, [giving('10.9.0.8')]);
    assert.deepEqual(charon.commands(), [], 'charon was asked once');
  });

  it('of a peer are asked for by address, or for any', () => {
    const asking = connection({ request_addresses: ['10.9.0.7', 'any6'] });
    assert.deepEqual(virtualAddresses(asking), { vips: ['10.9.0.7', '::'] });
    assert.deepEqual(virtualAddresses(connection({ request_addresses: ['any4'] })), { vips: ['0.0.0.0'] });
    assert.deepEqual(virtualAddresses(connection()), {});
  });
});
