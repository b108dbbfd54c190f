import assert from 'node:assert/strict';
import type { ErrorCounter, InterfaceReport } from '@sluice/shared';
import { BridgeMacs } from '../../src/control/bridge-macs.js';
import { Clearing } from '../../src/control/clearing.js';
import type { Interface } from '../../src/control/interface.js';
import { allocateEpoch, EpochControl } from '../../src/memory/epoch.js';
import { allocateMacMemory, MacTable } from '../../src/tables/macs.js';
import { HEARD_ADVERTISEMENT, HEARD_OVERRIDE, HEARD_SOLICITED } from '../../src/tables/neighbour-records.js';
import { MAC_A, NeighbourBench } from './support/neighbour-bench.js';

const WAN = 3;
const LAN = 4;
const ANSWERS = HEARD_ADVERTISEMENT | HEARD_SOLICITED | HEARD_OVERRIDE;
const HOST = 0x0a010014;
const OTHER = 0x0a010015;

describe('what an operator clears', () => {
  let bench: NeighbourBench;
  let table: MacTable;
  let macs: BridgeMacs;
  let clearing: Clearing;

  beforeEach(() => {
    bench = new NeighbourBench();
    const memory = allocateMacMemory();
    table = new MacTable(memory);
    macs = new BridgeMacs(memory, new EpochControl(allocateEpoch(1)));
    const rows = new Map([
      ['wan', WAN],
      ['lan', LAN],
    ]);
    const get = (name: string): Interface | undefined => {
      const row = rows.get(name);
      return row === undefined ? undefined : ({ row } as Interface);
    };
    clearing = new Clearing({ get }, { neighbours: bench.neighbours, macs });
  });

  const error = (reason: string, count: number): ErrorCounter => ({
    ...{ node: 'ip4-input', reason, count },
    ...{ severity: 'error', drop: true, help: 'a reason' },
  });
  const figures = (name: string, by: number): InterfaceReport =>
    ({
      ...{ name, rx_packets: by, rx_bytes: 10 * by, tx_packets: 2 * by, tx_bytes: 20 * by },
      ...{ drops: by, punted: by, injected: by },
    }) as InterfaceReport;

  it('errors are shown as they grow from there, and those that have not grown are not', () => {
    clearing.clearErrors([error('bad_checksum', 7), error('too_short', 2)]);
    assert.deepEqual(clearing.errors([error('bad_checksum', 7), error('too_short', 5)]), [
      error('too_short', 3),
    ]);
    assert.deepEqual(clearing.errors([error('no_route', 1)]), [error('no_route', 1)]);
  });

  it('a counter that has begun anew is shown as it is', () => {
    clearing.clearErrors([error('bad_checksum', 7)]);
    assert.deepEqual(clearing.errors([error('bad_checksum', 4)]), [error('bad_checksum', 4)]);
    clearing.clearInterfaces([figures('wan', 100)]);
    assert.deepEqual(clearing.interfaceReports([figures('wan', 3)]), [figures('wan', 3)]);
    // What it had before counts no more.
    assert.deepEqual(clearing.interfaceReports([figures('wan', 103)]), [figures('wan', 103)]);
  });

  it('interfaces are cleared one by one, or all', () => {
    clearing.clearInterfaces([figures('wan', 5), figures('lan', 6)], 'wan');
    const grown = [figures('wan', 8), figures('lan', 9)];
    assert.deepEqual(clearing.interfaceReports(grown), [figures('wan', 3), figures('lan', 9)]);
    clearing.clearInterfaces(grown);
    assert.deepEqual(clearing.interfaceReports(grown), [figures('wan', 0), figures('lan', 0)]);
    assert.throws(() => clearing.clearInterfaces(grown, 'wna'), /there is no interface "wna"/);
  });

  it('neighbours are forgotten, and asked for at once where a route leads to them', () => {
    const { neighbours } = bench;
    neighbours.reference(WAN, HOST, 0);
    neighbours.resolve(LAN, HOST, 0);
    neighbours.resolve(LAN, OTHER, 0);
    for (const [row, address] of [
      [WAN, HOST],
      [LAN, HOST],
      [LAN, OTHER],
    ] as const)
      neighbours.heard(row, address, { flags: ANSWERS, mac: MAC_A }, 0);
    bench.asked();
    assert.equal(clearing.clearNeighbours({ interface: 'lan', address: '10.1.0.21' }, 1), 1);
    assert.deepEqual(bench.asked(), []);
    assert.equal(neighbours.get(LAN, OTHER), undefined);
    assert.equal(neighbours.get(LAN, HOST)?.state, 'reachable');
    assert.equal(clearing.clearNeighbours({}, 2), 2);
    assert.deepEqual(bench.asked(), [{ row: WAN, address: HOST, mac: null }]);
    assert.equal(neighbours.get(WAN, HOST)?.state, 'incomplete');
    assert.equal(neighbours.get(LAN, HOST), undefined);
    neighbours.heard(WAN, HOST, { flags: ANSWERS, mac: MAC_A }, 3);
    assert.equal(neighbours.get(WAN, HOST)?.state, 'reachable');
    assert.equal(clearing.clearNeighbours({ address: '10.1.0.99' }, 4), 0);
    assert.throws(() => clearing.clearNeighbours({ interface: 'nope' }, 4), /there is no interface "nope"/);
  });

  it('stations behind bridges are forgotten, of one bridge or one address', () => {
    for (const bridge of [WAN, LAN]) {
      macs.configure(bridge, { ageingMs: 1000, macs: 10 });
      // 02:00:00:00:0a:01 and …:02, as tables/interfaces.ts has them.
      for (const last of [0x010a0000, 0x020a0000]) macs.heard(bridge, 9, 0x0002, last, 0);
    }
    assert.equal(clearing.clearMacs({ bridge: 'lan', mac: '02:00:00:00:0A:01' }), 1);
    assert.ok(table.lookup(LAN, 0x0002, 0x010a0000) < 0);
    assert.ok(table.lookup(LAN, 0x0002, 0x020a0000) >= 0);
    assert.equal(clearing.clearMacs({ bridge: 'wan' }), 2);
    assert.equal(clearing.clearMacs({}), 1);
    assert.deepEqual(macs.list(), []);
  });
});
