// When a peer is authenticated anew because an end refuses to rekey; by a clock of its own.
import assert from 'node:assert/strict';
import type { IkeSaReport } from '@sluice/shared';
import { RefusedRekeyings } from '../src/refused-rekeyings.js';
import { connection } from './charon/fixtures.js';

const office = connection();
const ASKED = 'generating CREATE_CHILD_SA request 2 [ N(REKEY_SA) SA No KE TSi TSr ]';
const REFUSED = 'received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built';
const WAS_ASKED = 'parsed CREATE_CHILD_SA request 0 [ N(REKEY_SA) SA No TSi TSr ]';
const REFUSES = 'no acceptable proposal found';

describe('refused rekeyings', () => {
  let refused: RefusedRekeyings;
  beforeEach(() => {
    refused = new RefusedRekeyings();
  });

  const hear = (nowMs: number, messages: string[], ikeId = '1', name = 'office') =>
    messages.map((message) =>
      refused.heard({ at_ms: 0, group: 'IKE', connection: name, unique_id: ikeId, message }, [office], nowMs),
    );
  const sa = (id: string, changes: Partial<IkeSaReport> = {}): IkeSaReport => ({
    ...{ name: 'office', unique_id: id, version: 2, state: 'ESTABLISHED', initiator: true, algorithm: '' },
    ...{ local_address: '192.0.2.1', local_id: 'a', remote_address: '192.0.2.2', remote_id: 'b' },
    ...{ established_s: 1, rekey_in_s: 1, local_vips: [], remote_vips: [] },
    children: [
      {
        ...{ name: 'net', unique_id: `9${id}`, state: 'INSTALLED', if_id: 7, spi_in: 1, spi_out: 2 },
        ...{ algorithm: '', encap: false, local_ts: [], remote_ts: [], installed_s: 1, rekey_in_s: 1 },
        ...{ packets_in: 0, bytes_in: 0, packets_out: 0, bytes_out: 0 },
      },
    ],
    ...changes,
  });
  const due = (nowMs: number, ...sas: IkeSaReport[]): string[] =>
    refused.due(sas, nowMs).map(({ ikeId }) => ikeId);

  it('by the peer have it authenticated anew at once, ours after it could have seen to it', () => {
    hear(0, [ASKED, REFUSED], '1');
    hear(0, [WAS_ASKED, REFUSES], '2');
    const two = sa('2', { name: 'other' });
    assert.deepEqual(due(0, sa('1'), two), ['1']);
    assert.equal(refused.isPending, true);
    assert.deepEqual(due(2999, sa('1'), two), []);
    assert.deepEqual(due(3000, sa('1'), two), ['2']);
    assert.equal(refused.isPending, false);
    assert.deepEqual(due(3001, sa('1'), two), []);
  });

  it('that both ends see wait for neither', () => {
    hear(0, [WAS_ASKED, REFUSES, 'generating CREATE_CHILD_SA response 0 [ N(NO_PROP) ]', ASKED, REFUSED]);
    assert.deepEqual(due(0, sa('1')), ['1']);
  });

  it('of an IKE_SA that is asked anew in vain are not answered by another for 30 s', () => {
    hear(0, [ASKED, REFUSED]);
    assert.deepEqual(due(0, sa('1')), ['1']);
    hear(10_000, [ASKED, REFUSED]);
    assert.deepEqual(due(10_000, sa('1')), []);
    hear(30_000, [ASKED, REFUSED]);
    assert.deepEqual(due(30_000, sa('1')), ['1']);
  });

  it('of an IKE_SA that is gone, bare, or has a successor need nothing', () => {
    for (const sas of [
      [],
      [sa('1', { children: [] })],
      [sa('1'), sa('2')],
      [sa('1', { state: 'DELETING' })],
    ]) {
      hear(0, [ASKED, REFUSED]);
      assert.deepEqual(due(0, ...sas), []);
      assert.equal(refused.isPending, false);
    }
    hear(0, [ASKED, REFUSED]);
    assert.deepEqual(due(0, sa('1'), sa('2', { remote_id: 'somebody else' })), ['1']);
  });

  it('are a problem until one succeeds, or the connection is another, and are told once', () => {
    const [, first] = hear(0, [ASKED, REFUSED]);
    assert.match(first?.sentence ?? '', /^office cannot be rekeyed: the peer refuses it/);
    const [, second] = hear(1, [ASKED, REFUSED]);
    assert.equal(second?.sentence, null);
    assert.deepEqual([...refused.problems], [['office', first?.sentence]]);
    const [, ours] = hear(2, [WAS_ASKED, REFUSES]);
    assert.match(ours?.sentence ?? '', /the peer asks for it without a key exchange/);
    // What the peer proposes says more than that it refuses.
    hear(3, [ASKED, REFUSED]);
    assert.deepEqual([...refused.problems], [['office', ours?.sentence]]);
    refused.want([connection()]);
    assert.equal(refused.problems.size, 1);
    refused.want([connection({ rekey_time_s: 100 })]);
    assert.equal(refused.problems.size, 0);
    hear(4, [ASKED, REFUSED]);
    refused.rekeyed('office');
    assert.equal(refused.problems.size, 0);
  });

  it('of connections that nobody configured are nothing', () => {
    assert.deepEqual(hear(0, [ASKED, REFUSED], '1', 'stranger'), [null, null]);
    assert.equal(refused.isPending, false);
  });

  it('are forgotten with charon', () => {
    hear(0, [ASKED, REFUSED]);
    refused.clear();
    assert.deepEqual(due(0, sa('1')), []);
  });
});
