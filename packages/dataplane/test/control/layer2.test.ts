import assert from 'node:assert/strict';
import type { BridgeSection, DataplaneState, InterfaceSection, VlanSection } from '@sluice/shared';
import { BridgeMacs } from '../../src/control/bridge-macs.js';
import type { Interface } from '../../src/control/interface.js';
import { Layer2 } from '../../src/control/layer2.js';
import { ADJ_GLEAN, ADJ_LOCAL, ADJ_UNREACHABLE } from '../../src/tables/adjacencies.js';
import { HashU32, HashU32Writer } from '../../src/tables/hash-u32.js';
import {
  INTERFACE_DOWN,
  INTERFACE_UP,
  INTERFACES_MAX,
  KIND_BRIDGE,
  KIND_LOOPBACK,
  KIND_VLAN,
} from '../../src/tables/interfaces.js';
import { allocateMacMemory, MacTable } from '../../src/tables/macs.js';
import { tagsOf } from '../../src/tables/vlans.js';
import { TableBench } from './support/table-bench.js';

function vlan(name: string, parent: string, more: Partial<VlanSection> = {}): VlanSection {
  return { name, parent, vlan: 7, vrf: '0', enabled: true, addresses: [], ...more };
}

function bridge(name: string, members: string[], more: Partial<BridgeSection> = {}): BridgeSection {
  return { name, members, vrf: '0', enabled: true, addresses: [], ageing_s: 300, mac_limit: 10, ...more };
}

type Wanted = Partial<Pick<DataplaneState, 'vlans' | 'bridges' | 'loopbacks'>>;

class Setting {
  readonly bench = new TableBench();
  readonly vlans: HashU32;
  readonly layer2: Layer2;
  private readonly macs: MacTable;

  constructor() {
    const tags = HashU32.allocate(INTERFACES_MAX);
    const memory = allocateMacMemory();
    const { interfaces, table, epoch } = this.bench;
    this.vlans = new HashU32(tags);
    this.macs = new MacTable(memory);
    this.layer2 = new Layer2(
      interfaces,
      table,
      new HashU32Writer(tags, epoch),
      new BridgeMacs(memory, epoch),
    );
  }

  /** Brings everything but ports to a state, as the convergence does; returns what was said. */
  async apply(wanted: Wanted): Promise<string[]> {
    const state = { vlans: [], bridges: [], loopbacks: [], ...wanted } as unknown as DataplaneState;
    const { interfaces } = this.bench;
    const isWanted = (entry: Interface): boolean =>
      entry.kind === 'ethernet' || this.layer2.isWanted(entry, state, isWanted);
    for (const entry of interfaces.list()) {
      if (isWanted(entry)) continue;
      this.layer2.forget(entry);
      interfaces.remove(entry);
    }
    const said: string[] = [];
    this.layer2.prune(state);
    await this.layer2.ensure(
      state,
      {
        vrfId: Number,
        update: (entry, addresses, mtu, enabled) => interfaces.update(entry, addresses, mtu, enabled),
      },
      async (what, step) => {
        try {
          step();
        } catch (error) {
          said.push(`${what}: ${(error as Error).message}`);
        }
      },
    );
    return said;
  }

  removePort(name: string): void {
    const entry = this.entry(name);
    this.layer2.forget(entry);
    this.bench.interfaces.remove(entry);
  }

  entry(name: string): Interface {
    const entry = this.bench.interfaces.get(name);
    assert.ok(entry !== undefined, name);
    return entry;
  }

  state(name: string): number {
    return this.bench.table.state[this.entry(name).row]!;
  }

  members(name: string): string[] | null {
    return this.layer2.details(this.entry(name)).members;
  }

  knows(bridgeName: string, mac0: number, mac2: number): boolean {
    return this.macs.lookup(this.entry(bridgeName).row, mac0, mac2) >= 0;
  }
}

describe('layer 2 of the control side', () => {
  let setting: Setting;
  beforeEach(() => {
    setting = new Setting();
    for (const name of ['a', 'b', 'c']) setting.bench.port(name, []);
  });

  it('makes a VLAN of its parent: tags, MAC address, MTU, routes', async () => {
    const { bench } = setting;
    const sections = [
      vlan('v7', 'a', { addresses: ['10.7.0.1/24'] }),
      vlan('q', 'a', { inner_vlan: 30, mtu: 1400 }),
      vlan('s', 'a', { outer_tag: '802.1ad' }),
    ];
    assert.deepEqual(await setting.apply({ vlans: sections }), []);
    const [a, v7, q, s] = ['a', 'v7', 'q', 's'].map((name) => setting.entry(name));
    assert.equal(bench.table.kind[v7!.row], KIND_VLAN);
    assert.equal(bench.table.state[v7!.row], INTERFACE_UP);
    assert.equal(setting.vlans.lookup(tagsOf(7, 0, false), a!.row), v7!.row);
    assert.equal(setting.vlans.lookup(tagsOf(7, 30, true), a!.row), q!.row);
    assert.equal(setting.vlans.lookup(tagsOf(7, 0, true), a!.row), s!.row);
    assert.equal(bench.table.parent[q!.row], a!.row);
    assert.equal(bench.table.tags[q!.row], tagsOf(7, 30, true));
    assert.deepEqual([v7!.mac, v7!.mtu, q!.mtu], [a!.mac, 1500, 1400]);
    assert.equal(bench.adjacencies.kind(bench.lookup('10.7.0.1')), ADJ_LOCAL);
    assert.equal(bench.adjacencies.kind(bench.lookup('10.7.0.9')), ADJ_GLEAN);
    assert.equal(bench.adjacencies.kind(bench.lookup('10.7.0.255')), ADJ_LOCAL);

    assert.deepEqual(await setting.apply({ vlans: [vlan('v7', 'a', { vlan: 8 })] }), []);
    assert.equal(setting.vlans.lookup(tagsOf(7, 0, false), a!.row), -1);
    assert.equal(setting.vlans.lookup(tagsOf(8, 0, false), a!.row), setting.entry('v7').row);
    assert.equal(bench.lookup('10.7.0.1'), 0);
    assert.equal(bench.interfaces.get('q'), undefined);
  });

  it("has a VLAN's state and MTU follow its parent's, and a VLAN of a bridge the bridge's", async () => {
    const { interfaces } = setting.bench;
    const wanted = { vlans: [vlan('v7', 'a'), vlan('v8', 'br')], bridges: [bridge('br', ['b', 'c'])] };
    assert.deepEqual(await setting.apply(wanted), []);
    const states = (): number[] => ['v7', 'br', 'v8'].map((name) => setting.state(name));
    assert.deepEqual(states(), [INTERFACE_UP, INTERFACE_UP, INTERFACE_UP]);
    interfaces.setRunning(setting.entry('a'), false);
    interfaces.setRunning(setting.entry('b'), false);
    assert.deepEqual(states(), [INTERFACE_DOWN, INTERFACE_UP, INTERFACE_UP]);
    interfaces.setRunning(setting.entry('c'), false);
    assert.deepEqual(states(), [INTERFACE_DOWN, INTERFACE_DOWN, INTERFACE_DOWN]);
    for (const name of ['a', 'b']) interfaces.setRunning(setting.entry(name), true);
    assert.deepEqual(states(), [INTERFACE_UP, INTERFACE_UP, INTERFACE_UP]);
    interfaces.update(setting.entry('a'), [], 1300, false);
    await setting.apply(wanted);
    assert.deepEqual([setting.entry('v7').mtu, setting.state('v7')], [1300, INTERFACE_DOWN]);
  });

  it("gives a bridge its first member's MAC address for as long as that is one", async () => {
    const { table } = setting.bench;
    const own = (name: string): number[] => {
      const { row } = setting.entry(name);
      return [table.mac0[row]!, table.mac2[row]!];
    };
    for (const [i, name] of ['a', 'b', 'c'].entries()) {
      const entry = setting.entry(name);
      entry.macOctets = Uint8Array.of(2, 0, 0, 0, 0, 10 + i);
      table.setMac(entry.row, entry.macOctets);
    }
    await setting.apply({ bridges: [bridge('br', ['a', 'b'], { addresses: ['10.1.0.1/24'] })] });
    const { row } = setting.entry('br');
    assert.equal(table.kind[row], KIND_BRIDGE);
    assert.deepEqual(own('br'), own('a'));
    await setting.apply({ bridges: [bridge('br', ['c', 'b', 'a'], { addresses: ['10.1.0.1/24'] })] });
    assert.deepEqual([setting.entry('br').row, own('br')], [row, own('a')]);
    assert.deepEqual(setting.members('br')?.sort(), ['a', 'b', 'c']);
    await setting.apply({ bridges: [bridge('br', ['c', 'b'], { addresses: ['10.1.0.1/24'] })] });
    assert.deepEqual(own('br'), own('c'));
    assert.deepEqual(setting.members('br'), ['c', 'b']);
    assert.equal(table.bridge[setting.entry('a').row], 0);
  });

  it('leaves a member without any address, and says whose it is', async () => {
    const linkLocal = (name: string): number => setting.entry(name).addresses6.length;
    assert.equal(linkLocal('a'), 1);
    await setting.apply({ bridges: [bridge('br', ['a', 'b'])] });
    assert.deepEqual([linkLocal('a'), linkLocal('br'), linkLocal('c')], [0, 1, 1]);
    assert.equal(setting.layer2.details(setting.entry('a')).bridge, 'br');
    assert.ok(setting.layer2.isMember(setting.entry('a')));
    await setting.apply({});
    const section = { addresses: [], mtu: 1500, enabled: true } satisfies Partial<InterfaceSection>;
    setting.bench.interfaces.update(setting.entry('a'), section.addresses, section.mtu, section.enabled);
    assert.equal(linkLocal('a'), 1);
  });

  it('moves members between bridges, with the stations behind them forgotten', async () => {
    await setting.apply({ bridges: [bridge('br', ['a', 'b']), bridge('br2', ['c'])] });
    const heard = (name: string, mac2: number): void =>
      setting.layer2.heard(setting.entry(name).row, 2, mac2, 0);
    heard('a', 1);
    heard('b', 2);
    heard('c', 3);
    assert.deepEqual([setting.knows('br', 2, 1), setting.knows('br', 2, 2)], [true, true]);
    await setting.apply({ bridges: [bridge('br', ['a']), bridge('br2', ['b', 'c'])] });
    assert.deepEqual(setting.members('br'), ['a']);
    assert.deepEqual(setting.members('br2')?.sort(), ['b', 'c']);
    assert.deepEqual(
      [setting.knows('br', 2, 1), setting.knows('br', 2, 2), setting.knows('br2', 2, 3)],
      [true, false, true],
    );
    setting.bench.interfaces.setRunning(setting.entry('c'), false);
    assert.equal(setting.knows('br2', 2, 3), false, 'its link is down: it may come back elsewhere');
  });

  it('waits for what is not there, and goes on with what is', async () => {
    const wanted = {
      vlans: [vlan('v7', 'd'), vlan('v8', 'br')],
      bridges: [bridge('br', ['a', 'd']), bridge('none', ['d', 'e'])],
    };
    assert.deepEqual(await setting.apply(wanted), [
      'v7: waits for d',
      'br: is without d',
      'none: waits for d, e',
    ]);
    assert.deepEqual(setting.members('br'), ['a']);
    setting.bench.port('d', []);
    assert.deepEqual(await setting.apply(wanted), ['none: is without e']);
    assert.deepEqual(setting.members('br'), ['a', 'd']);
    setting.removePort('d');
    assert.deepEqual(await setting.apply(wanted), [
      'v7: waits for d',
      'br: is without d',
      'none: is without d, e',
    ]);
    assert.equal(setting.bench.interfaces.get('v7'), undefined);
    assert.equal(setting.state('none'), INTERFACE_DOWN);
    assert.equal(setting.state('br'), INTERFACE_UP);
  });

  it('has loopbacks up with nothing beneath, their networks unreachable but for their own addresses', async () => {
    const { bench } = setting;
    await setting.apply({
      loopbacks: [{ name: 'loop', vrf: '1', addresses: ['10.255.0.1/32', '10.254.0.1/24'] }],
    });
    const { row, mac } = setting.entry('loop');
    assert.equal(bench.table.kind[row], KIND_LOOPBACK);
    assert.deepEqual([mac, setting.state('loop')], [null, INTERFACE_UP]);
    assert.equal(bench.adjacencies.kind(bench.lookup('10.255.0.1', 1)), ADJ_LOCAL);
    assert.equal(bench.adjacencies.kind(bench.lookup('10.254.0.9', 1)), ADJ_UNREACHABLE);
    assert.equal(bench.adjacencies.kind(bench.lookup('10.254.0.255', 1)), ADJ_UNREACHABLE);
    assert.equal(bench.lookup('10.255.0.1', 0), 0);
    await setting.apply({});
    assert.equal(bench.lookup('10.255.0.1', 1), 0);
  });
});
