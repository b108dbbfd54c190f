import assert from 'node:assert/strict';
import type { ChildSaReport, IkeSaReport } from '@sluice/shared';
import { surplusSas } from '../src/duplicates.js';

const child = (
  id: string,
  spiIn: number,
  spiOut: number,
  more: Partial<ChildSaReport> = {},
): ChildSaReport => ({
  name: 'net',
  unique_id: id,
  state: 'INSTALLED',
  if_id: 7,
  spi_in: spiIn,
  spi_out: spiOut,
  algorithm: 'AES_GCM_16-256',
  encap: false,
  local_ts: ['10.1.0.0/24'],
  remote_ts: ['10.2.0.0/24'],
  installed_s: 100,
  rekey_in_s: 1000,
  packets_in: 0,
  bytes_in: 0,
  packets_out: 0,
  bytes_out: 0,
  ...more,
});

const ike = (id: string, children: ChildSaReport[], more: Partial<IkeSaReport> = {}): IkeSaReport => ({
  name: 'office',
  unique_id: id,
  version: 2,
  state: 'ESTABLISHED',
  local_address: '192.0.2.1',
  local_id: 'a.example',
  remote_address: '192.0.2.2',
  remote_id: 'b.example',
  initiator: true,
  algorithm: '',
  established_s: 100,
  rekey_in_s: 1000,
  local_vips: [],
  remote_vips: [],
  children,
  ...more,
});

const ended = (sas: IkeSaReport[], detectS: number | null = 40) =>
  surplusSas(sas, () => detectS).map(({ selector }) => selector);

describe('duplicates', () => {
  it('are one too many: both sides choose the same, by the SPIs that they share', () => {
    const here = [ike('1', [child('1', 0xc1, 0xc8)]), ike('2', [child('2', 0xc3, 0xc2)])];
    assert.deepEqual(ended(here), [{ ikeId: '1' }]);
    const there = [ike('8', [child('8', 0xc2, 0xc3)]), ike('9', [child('9', 0xc8, 0xc1)])];
    assert.deepEqual(ended(there), [{ ikeId: '9' }]);
    assert.match(surplusSas(here, () => 40)[0]!.sentence, /SPIs 000000c1 and 000000c8 carried the same/);
  });

  it('of an IKE_SA that has others go alone', () => {
    const two = [child('1', 1, 2), child('2', 3, 4)];
    assert.deepEqual(ended([ike('1', two)]), [{ childId: '1' }]);
  });

  const alone: [string, IkeSaReport[], number | null][] = [
    ['one is young', [ike('1', [child('1', 1, 2)]), ike('2', [child('2', 3, 4, { installed_s: 49 })])], 40],
    ['nobody would notice a dead peer', [ike('1', [child('1', 1, 2)]), ike('2', [child('2', 3, 4)])], null],
    ['one is being rekeyed', [ike('1', [child('1', 1, 2, { state: 'REKEYING' }), child('2', 3, 4)])], 40],
    [
      'their traffic differs',
      [ike('1', [child('1', 1, 2), child('2', 3, 4, { local_ts: ['10.9.0.0/24'] })])],
      40,
    ],
    [
      'their peers differ',
      [ike('1', [child('1', 1, 2)]), ike('2', [child('2', 3, 4)], { remote_id: 'c.example' })],
      40,
    ],
    ['an IKE_SA is the only one', [ike('1', [])], 40],
    [
      'an IKE_SA without children is young',
      [ike('1', [child('1', 1, 2)]), ike('2', [], { established_s: 1 })],
      40,
    ],
  ];
  for (const [what, sas, detectS] of alone) {
    it(`are none when ${what}`, () => assert.deepEqual(ended(sas, detectS), []));
  }

  it('are IKE_SAs without children, beside one with some', () => {
    assert.deepEqual(ended([ike('1', [child('1', 1, 2)]), ike('2', [])]), [{ ikeId: '2' }]);
  });
});
