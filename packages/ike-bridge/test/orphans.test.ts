import assert from 'node:assert/strict';
import { compare, type KnownChild, type KnownSa } from '../src/orphans.js';

const NOW = 1_700_000_000_000;
const LOCAL = '192.0.2.1';
const PEER = '192.0.2.2';

function sa(direction: 'in' | 'out', spi: number, over: Partial<KnownSa> = {}): KnownSa {
  const [dst, src] = direction === 'in' ? [LOCAL, PEER] : [PEER, LOCAL];
  return { dst, src, spi, direction, ifId: 7, addedAtMs: NOW - 600_000, selectors: null, ...over };
}

function child(spiIn: number, spiOut: number, over: Partial<KnownChild> = {}): KnownChild {
  return {
    name: 'net',
    unique_id: `${spiIn}`,
    state: 'INSTALLED',
    if_id: 7,
    spi_in: spiIn,
    spi_out: spiOut,
    algorithm: 'AES_GCM_16-256',
    encap: false,
    local_ts: ['10.1.0.0/16'],
    remote_ts: ['10.2.0.0/16'],
    installed_s: 60,
    rekey_in_s: null,
    packets_in: 0,
    bytes_in: 0,
    packets_out: 0,
    bytes_out: 0,
    connection: 'office',
    local: LOCAL,
    remote: PEER,
    ...over,
  };
}

const NOTHING = { broken: [], unknown: [], replaced: [], orphans: [] };

describe('orphans', () => {
  const spis = (sas: readonly KnownSa[]): number[] => sas.map(({ spi }) => spi);

  it('finds nothing where both agree', () => {
    assert.deepEqual(compare([sa('in', 1), sa('out', 2)], [child(1, 2)], NOW), {
      broken: [],
      unknown: [],
      replaced: [],
      orphans: [],
      carriedSinceMs: new Map(),
    });
  });

  it('finds a CHILD_SA that lacks an SA, unless it is not up', () => {
    assert.deepEqual(
      compare([sa('in', 1)], [child(1, 2)], NOW).broken.map(({ unique_id }) => unique_id),
      ['1'],
    );
    assert.deepEqual(compare([sa('in', 1)], [child(1, 2, { state: 'REKEYED' })], NOW).broken, []);
  });

  it('takes the same SPI at another address for another SA', () => {
    assert.equal(compare([sa('in', 1), sa('in', 2)], [child(1, 2)], NOW).broken.length, 1);
  });

  it('keeps what charon has forgotten until another carries the traffic', () => {
    const old = [sa('in', 1), sa('out', 2)];
    const fresh = [sa('in', 3, { addedAtMs: NOW - 20_000 }), sa('out', 4, { addedAtMs: NOW - 20_000 })];
    assert.deepEqual(spis(compare(old, [], NOW).orphans), [1, 2]);
    assert.deepEqual(spis(compare([...old, ...fresh], [child(3, 4, { installed_s: 9 })], NOW).replaced), []);
    assert.deepEqual(
      spis(compare([...old, ...fresh], [child(3, 4, { installed_s: 20 })], NOW).replaced),
      [1, 2],
    );
  });

  it('takes successors that are rekeyed every few seconds for one, as long as there is always one', () => {
    const old = sa('in', 1);
    /** A round with a CHILD_SA that is five seconds old, or without one. */
    const round = (atS: number, since: ReadonlyMap<string, number>, present = true) => {
      const [spi, now] = [100 + 2 * atS, NOW + atS * 1000];
      const fresh = [sa('in', spi, { addedAtMs: now - 5000 }), sa('out', spi + 1, { addedAtMs: now - 5000 })];
      const children = present ? [child(spi, spi + 1, { installed_s: 5 })] : [];
      return compare([old, ...(present ? fresh : [])], children, now, since);
    };
    const first = round(0, new Map());
    assert.deepEqual(spis(first.orphans), [1]);
    const second = round(9, first.carriedSinceMs);
    assert.deepEqual(spis(second.orphans), [1]);
    assert.deepEqual(spis(round(10, second.carriedSinceMs).replaced), [1]);
    // The time begins anew where there was none in between.
    const without = round(9, first.carriedSinceMs, false);
    assert.deepEqual(spis(round(10, without.carriedSinceMs).orphans), [1]);
  });

  it('does not take an older, broken or unrelated CHILD_SA for a successor', () => {
    const traffic = (src: string, ports: [number, number] = [0, 65_535]): KnownSa['selectors'] => [
      { src, dst: '10.1.0.0/16', protocol: 6, src_ports: [0, 65_535], dst_ports: ports },
    ];
    const selectors = traffic('10.2.0.0/16');
    const old = [sa('in', 1, { selectors })];
    const fresh = [sa('in', 3, { selectors }), sa('out', 4)];
    const none = (children: KnownChild[], sad = [...old, ...fresh]): void =>
      assert.deepEqual(spis(compare(sad, children, NOW).replaced), []);
    none([child(3, 4, { installed_s: 601 })]);
    none([child(3, 4)], [...old, fresh[0]!]);
    none([child(3, 4, { if_id: 8 })]);
    none([child(3, 4)], [...old, sa('in', 3, { selectors: traffic('10.3.0.0/16') }), fresh[1]!]);
    none([child(3, 4)], [...old, sa('in', 3, { selectors: traffic('10.2.0.0/16', [80, 80]) }), fresh[1]!]);
    none([child(3, 4, { remote: '192.0.2.3' })], [...old, fresh[0]!, sa('out', 4, { dst: '192.0.2.3' })]);
    assert.deepEqual(spis(compare([...old, ...fresh], [child(3, 4)], NOW).replaced), [1]);
  });

  it('leaves alone what charon is just setting up', () => {
    const young = sa('in', 1, { addedAtMs: NOW - 5000 });
    const { broken, unknown, replaced, orphans } = compare([young], [], NOW);
    assert.deepEqual({ broken, unknown, replaced, orphans }, { ...NOTHING, unknown: [young] });
  });
});
