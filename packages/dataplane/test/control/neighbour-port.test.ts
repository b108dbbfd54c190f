// Who may be a neighbour on an interface: what the tables of interfaces and routes say of an address.
import assert from 'node:assert/strict';
import { parseAddress } from '../../src/control/address.js';
import type { Interface } from '../../src/control/interface.js';
import { neighbourPort } from '../../src/control/neighbour-port.js';
import type { NeighbourPort } from '../../src/control/neighbours.js';
import { countReads } from './support/count-reads.js';
import { TableBench, through } from './support/table-bench.js';

describe('hosts that are on a link', () => {
  let bench: TableBench;
  let port: NeighbourPort;

  beforeEach(() => {
    bench = new TableBench();
    port = neighbourPort({
      interfaces: bench.interfaces,
      routes: bench.routes,
      epoch: bench.epoch,
      shared: { signals: new SharedArrayBuffer(64), workerEvents: [] },
      request: () => undefined,
      mtu6: () => null,
    });
  });

  const isOn = ({ row }: Interface, address: string): boolean => port.onLink(row, parseAddress(address)!);

  it('are on the closest connected network of their VRF', () => {
    const wide = bench.port('wide', ['10.0.0.1/8', '2001:db8::1/32']);
    const close = bench.port('close', ['10.1.0.1/24', '2001:db8:1::1/64']);
    const blue = bench.port('blue', ['10.1.0.1/25', '2001:db8:1::1/80'], 1);
    const all = [wide, close, blue];
    const on = (address: string): string[] =>
      all.filter((entry) => isOn(entry, address)).map(({ name }) => name);
    assert.deepEqual(on('10.1.0.9'), ['close', 'blue']);
    assert.deepEqual(on('10.2.0.9'), ['wide']);
    assert.deepEqual(on('11.0.0.1'), []);
    assert.deepEqual(on('2001:db8:1::9'), ['close', 'blue']);
    assert.deepEqual(on('2001:db8:2::9'), ['wide']);
    assert.deepEqual(on('2001:db9::'), []);
  });

  it('are on every link by link-local addresses, and behind a route that names the interface alone', () => {
    const lan = bench.port('lan', ['10.1.0.1/24']);
    const wan = bench.port('wan', []);
    const tunnel = bench.tunnel('tun', ['10.8.0.1/30']);
    assert.deepEqual(bench.route(through('10.9.0.0/16', 'wan')), []);
    assert.deepEqual([isOn(lan, '10.9.0.1'), isOn(wan, '10.9.0.1')], [false, true]);
    assert.deepEqual([isOn(lan, 'fe80::9'), isOn(wan, 'fe80::9')], [true, true]);
    assert.deepEqual([isOn(tunnel, 'fe80::9'), isOn(tunnel, '10.8.0.2')], [false, false]);
  });

  it("are not the box itself, whichever of the VRF's interfaces has the address", () => {
    const wide = bench.port('wide', ['10.0.0.1/8']);
    const tunnel = bench.tunnel('tun', ['10.8.0.1/30', '10.8.0.1/30']);
    const blue = bench.port('blue', ['10.9.0.1/8'], 1);
    assert.equal(isOn(wide, '10.8.0.1'), false);
    assert.equal(isOn(blue, '10.8.0.1'), true, "another VRF's");
    assert.equal(isOn(wide, '10.0.0.1'), false);
    bench.interfaces.update(tunnel, ['10.8.0.5/30'], 1400, true);
    assert.deepEqual([isOn(wide, '10.8.0.1'), isOn(wide, '10.8.0.5')], [true, false]);
    bench.interfaces.remove(tunnel);
    assert.equal(isOn(wide, '10.8.0.5'), true);
  });

  it('are found without a look at the other interfaces', () => {
    const lan = bench.port('lan', ['10.1.0.1/24']);
    const others = countReads(
      Array.from({ length: 1000 }, (_, i) => bench.tunnel(`tun${i}`, [`10.8.${i >> 8}.${i & 255}/32`])),
    );
    assert.equal(isOn(lan, '10.1.0.9'), true);
    assert.equal(isOn(lan, '10.8.0.9'), false);
    assert.equal(others(), 0);
  });
});
