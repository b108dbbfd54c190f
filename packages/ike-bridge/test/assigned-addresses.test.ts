import assert from 'node:assert/strict';
import type { AssignedAddresses, IkeSaReport } from '@sluice/shared';
import { AddressKeeper } from '../src/address-keeper.js';
import { assignedAddresses } from '../src/assigned-addresses.js';
import { memoryLog } from './xfrm/log.js';

const child = (if_id: number, local_ts: string[], state = 'INSTALLED') =>
  ({ if_id, local_ts, state }) as IkeSaReport['children'][number];
const ike = (local_vips: string[], ...children: IkeSaReport['children']): IkeSaReport =>
  ({ local_vips, remote_vips: [], children }) as unknown as IkeSaReport;
const none = (): boolean => false;

describe('addresses that peers assign', () => {
  it('belong to the tunnel whose child may send from them', () => {
    const sas = [
      ike(
        ['10.9.0.7', '2001:db8:9::7'],
        child(8, ['10.1.0.0/24']),
        child(9, ['10.9.0.7/32[tcp/443]', '2001:db8:9::/64']),
      ),
      ike(['10.9.1.1'], child(10, ['0.0.0.0/0'])),
    ];
    assert.deepEqual(assignedAddresses(sas, [], none), [
      { if_id: 9, addresses: ['10.9.0.7/32', '2001:db8:9::7/128'] },
      { if_id: 10, addresses: ['10.9.1.1/32'] },
    ]);
  });

  it('are of one tunnel alone, and of none that is not up', () => {
    const two = [ike(['10.9.0.7'], child(9, ['10.9.0.7/32']), child(8, ['10.9.0.7/32']))];
    assert.deepEqual(assignedAddresses(two, [], none), [{ if_id: 8, addresses: ['10.9.0.7/32'] }]);
    assert.deepEqual(assignedAddresses([ike(['10.9.0.7'], child(8, [], 'INSTALLING'))], [], none), []);
  });

  it('are both there while one IKE_SA takes the place of another', () => {
    const both = [ike(['10.9.0.7'], child(9, ['10.9.0.7/32'])), ike(['10.9.0.8'], child(9, ['10.9.0.8/32']))];
    assert.deepEqual(assignedAddresses(both, [], none), [
      { if_id: 9, addresses: ['10.9.0.7/32', '10.9.0.8/32'] },
    ]);
  });

  it('stay while SAs carry traffic that a new charon does not know of', () => {
    const before = [{ if_id: 9, addresses: ['10.9.0.7/32'] }];
    assert.deepEqual(
      assignedAddresses([], before, (ifId) => ifId === 9),
      before,
    );
    assert.deepEqual(assignedAddresses([], before, none), []);
    const other = [ike(['10.9.0.8'], child(9, ['10.9.0.8/32']))];
    assert.deepEqual(
      assignedAddresses(other, before, () => true),
      [{ if_id: 9, addresses: ['10.9.0.8/32'] }],
    );
  });

  it('are told when they change, to a data plane that is new, and again when it was away', async () => {
    const told: AssignedAddresses[] = [];
    let away = false;
    const keeper = new AddressKeeper(
      async (tunnels) => {
        if (away) throw new Error('away');
        told.push(tunnels);
      },
      none,
      memoryLog(),
    );
    const sas = [ike(['10.9.0.7'], child(9, ['10.9.0.7/32']))];
    const see = async (reports: IkeSaReport[]): Promise<number> => {
      keeper.see(reports);
      await new Promise(setImmediate);
      return told.splice(0).length;
    };
    assert.equal(await see(sas), 1);
    assert.equal(await see(sas), 0);
    keeper.dataplaneIsNew();
    assert.equal(await see(sas), 1);
    away = true;
    assert.equal(await see([]), 0);
    away = false;
    assert.equal(await see([]), 1);
  });
});
