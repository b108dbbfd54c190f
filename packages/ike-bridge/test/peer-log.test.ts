import assert from 'node:assert/strict';
import type { IkeSaReport } from '@sluice/shared';
import type { LogLine } from '../src/charon/index.js';
import { type Peer, peerOf } from '../src/peer.js';
import { PeerLog } from '../src/peer-log.js';
import { connection } from './charon/fixtures.js';

const line = (message: string, id: string | null = null, name: string | null = null): LogLine => ({
  ...{ at_ms: 0, group: 'IKE' },
  ...{ connection: name, unique_id: id, message },
});
const peer = (names: string[], addresses: string[], byAddress = false): Peer => ({
  ...{ names: new Set(names), addresses: new Set(addresses), byAddress },
});
const sa = (name: string, remote_address: string, remote_id: string): IkeSaReport =>
  ({ name, remote_address, remote_id }) as IkeSaReport;

describe('a word for a peer', () => {
  const office = connection();
  const vans = ['van-1', 'van-2'].map((name) =>
    connection({ name, remote: { address: 'any', id: `${name}.example` }, start: 'respond' }),
  );
  const all = [office, ...vans];
  const sas = [sa('van-1', '203.0.113.7', 'van-1.example'), sa('van-2', '203.0.113.7', 'van-2.example')];
  const of = (word: string): [string[], string[], boolean] => {
    const { names, addresses, byAddress } = peerOf(word, all, sas);
    return [[...names], [...addresses], byAddress];
  };

  it('is the name of a connection, with where its peer is', () => {
    assert.deepEqual(of('office'), [['office'], ['192.0.2.2'], false]);
    assert.deepEqual(of('van-1'), [['van-1'], ['203.0.113.7'], false]);
  });

  it('is an address, of several peers behind one NAT too, or of nobody yet', () => {
    assert.deepEqual(of('192.0.2.2'), [['office'], ['192.0.2.2'], true]);
    assert.deepEqual(of('203.0.113.7'), [['van-1', 'van-2'], ['203.0.113.7'], true]);
    assert.deepEqual(of('198.51.100.9'), [[], ['198.51.100.9'], true]);
  });

  it('is an identity', () => {
    assert.deepEqual(of('van-2.example'), [['van-2'], ['203.0.113.7'], false]);
    assert.deepEqual(of('b.example'), [['office'], ['192.0.2.2'], false]);
  });

  it('that means nobody is refused', () => {
    assert.throws(() => of('nobody'), /No connection is named "nobody", and no peer has that address or/);
  });
});

describe("charon's log of one peer", () => {
  const shown = (log: PeerLog, ...lines: LogLine[]): string[] =>
    lines.flatMap((each) => log.take(each)).map(({ message }) => message);

  it('has the lines of its connections, and not those of others', () => {
    const log = new PeerLog(peer(['office'], ['192.0.2.2']));
    assert.deepEqual(
      shown(log, line('one', '1', 'office'), line('two', '2', 'other'), line('three', '1', 'office')),
      ['one', 'three'],
    );
  });

  it('has what an IKE_SA said before it was known whose it is', () => {
    const log = new PeerLog(peer(['van'], []));
    assert.deepEqual(shown(log, line('a', '1'), line('b', '2'), line('c', '1')), []);
    assert.deepEqual(shown(log, line('d', '2', 'other'), line('e', '1', 'van')), ['a', 'c', 'e']);
    assert.deepEqual(shown(log, line('f', '2'), line('g', '2', 'other')), []);
  });

  it('has what comes from its address before that, and not what comes from one that begins like it', () => {
    const log = new PeerLog(peer(['office'], ['192.0.2.2', '2001:db8::2']));
    assert.deepEqual(
      shown(
        log,
        line('from 192.0.2.22[500] to 192.0.2.1[500]', '1'),
        line('from 192.0.2.2[500] to 192.0.2.1[500]', '2'),
        line('of the second', '2'),
        line('of the first', '1'),
        line('no IKE config found for 192.0.2.1...192.0.2.2, sending NO_PROPOSAL_CHOSEN'),
        line('from 12001:db8::2 and 2001:db8::2:1 and 1.192.0.2.2 and 192.0.2.2.1'),
        line('error from 2001:db8::2[500]'),
      ),
      [
        'from 192.0.2.2[500] to 192.0.2.1[500]',
        'of the second',
        'no IKE config found for 192.0.2.1...192.0.2.2, sending NO_PROPOSAL_CHOSEN',
        'error from 2001:db8::2[500]',
      ],
    );
  });

  it('ends with an IKE_SA from its address that turns out to be of another connection', () => {
    const log = new PeerLog(peer(['van-1'], ['203.0.113.7']));
    assert.deepEqual(
      shown(
        log,
        line('from 203.0.113.7', '1'),
        line('it is van-2', '1', 'van-2'),
        line('more', '1', 'van-2'),
      ),
      ['from 203.0.113.7'],
    );
  });

  it('of an address is of everyone there, whatever the connection', () => {
    const log = new PeerLog(peer([], ['203.0.113.7'], true));
    assert.deepEqual(
      shown(log, line('from 203.0.113.7', '1'), line('it is van-2', '1', 'van-2'), line('x', '2', 'office')),
      ['from 203.0.113.7', 'it is van-2'],
    );
  });

  it('does not grow with callers that never say who they are', () => {
    const log = new PeerLog(peer(['van'], []));
    for (let id = 0; id < 1000; id++) log.take(line('half open', String(id)));
    for (let more = 0; more < 1000; more++) log.take(line('half open', '999'));
    assert.equal(shown(log, line('known', '1', 'van')).length, 1, 'the first was forgotten');
    assert.equal(shown(log, line('known', '999', 'van')).length, 201);
  });
});
