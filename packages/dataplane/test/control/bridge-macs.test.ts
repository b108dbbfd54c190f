import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BridgeMacs } from '../../src/control/bridge-macs.js';
import { membersOf, removeMember, setMembers } from '../../src/control/bridge-members.js';
import { allocateEpoch, EpochControl, EpochReader } from '../../src/memory/epoch.js';
import { InterfaceTable } from '../../src/tables/interfaces.js';
import { allocateMacMemory, MAC_MEMBER, MAC_SEEN, MacTable } from '../../src/tables/macs.js';

const AGEING_MS = 10_000;

class Setting {
  readonly memory = allocateMacMemory();
  readonly epoch: EpochControl;
  readonly worker: EpochReader;
  readonly table = new MacTable(this.memory);
  readonly macs: BridgeMacs;

  constructor() {
    const buffer = allocateEpoch(1);
    this.epoch = new EpochControl(buffer);
    this.worker = new EpochReader(buffer, 0);
    this.macs = new BridgeMacs(this.memory, this.epoch);
  }

  /** The member behind which a worker finds an address; 0 for none. */
  member(bridge: number, mac0: number, mac2: number): number {
    const at = this.table.lookup(bridge, mac0, mac2);
    return at < 0 ? 0 : this.table.words[at + MAC_MEMBER]!;
  }

  /** A worker hears an address where it is. */
  hear(bridge: number, mac0: number, mac2: number): void {
    const at = this.table.lookup(bridge, mac0, mac2);
    if (at >= 0) this.table.words[at + MAC_SEEN] = 1;
  }
}

describe('MAC addresses of bridges', () => {
  it('are learnt, moved, aged and forgotten as by a slow model', () => {
    const bridge = fc.constantFrom(1, 2);
    const member = fc.integer({ min: 10, max: 12 });
    const mac = fc.tuple(fc.constantFrom(0x0002, 0xfff2), fc.constantFrom(0, 1, -1, 0x0a000000));
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ op: fc.constant('heard' as const), bridge, member, mac }) },
      { weight: 4, arbitrary: fc.record({ op: fc.constant('frame' as const), bridge, mac }) },
      { weight: 3, arbitrary: fc.record({ op: fc.constant('wait' as const), ms: fc.nat(12_000) }) },
      { weight: 1, arbitrary: fc.record({ op: fc.constant('down' as const), member }) },
      { weight: 1, arbitrary: fc.record({ op: fc.constant('remove' as const), bridge }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const setting = new Setting();
        const limits = { ageingMs: AGEING_MS, macs: 3 };
        for (const each of [1, 2]) setting.macs.configure(each, limits);
        const model = new Map<string, { bridge: number; member: number; at: number }>();
        let now = 0;
        let refused = 0;
        for (const each of steps) {
          const key = 'mac' in each ? `${each.bridge} ${each.mac}` : '';
          const known = model.get(key);
          if (each.op === 'heard') {
            setting.macs.heard(each.bridge, each.member, ...each.mac, now);
            const count = [...model.values()].filter((entry) => entry.bridge === each.bridge).length;
            if (known !== undefined || count < limits.macs)
              model.set(key, { bridge: each.bridge, member: each.member, at: now });
            else refused++;
          } else if (each.op === 'frame') {
            setting.hear(each.bridge, ...each.mac);
            // The tick right behind it is when the control side sees the flag.
            setting.macs.tick(now);
            if (known !== undefined) known.at = now;
          } else if (each.op === 'wait') {
            now += each.ms;
            setting.macs.tick(now);
            for (const [name, { at }] of model) if (now - at >= AGEING_MS) model.delete(name);
          } else if (each.op === 'down') {
            setting.macs.forgetMember(each.member);
            for (const [name, entry] of model) if (entry.member === each.member) model.delete(name);
          } else {
            setting.macs.removeBridge(each.bridge);
            setting.macs.configure(each.bridge, limits);
            for (const [name, entry] of model) if (entry.bridge === each.bridge) model.delete(name);
          }
          setting.epoch.reclaim();
          for (const row of [1, 2]) {
            for (const mac0 of [0x0002, 0xfff2]) {
              for (const mac2 of [0, 1, -1, 0x0a000000]) {
                const expected = model.get(`${row} ${[mac0, mac2]}`)?.member ?? 0;
                assert.equal(setting.member(row, mac0, mac2), expected);
              }
            }
          }
        }
        assert.equal(setting.macs.refused, refused);
        assert.equal(setting.macs.list().length, model.size);
      }),
    );
  });

  it('count how often one moved', () => {
    const { macs } = new Setting();
    macs.configure(1, { ageingMs: AGEING_MS, macs: 10 });
    for (const member of [10, 11, 11, 10]) macs.heard(1, member, 2, 7, member);
    assert.deepEqual(
      macs.list().map(({ member, moves, heardAt }) => ({ member, moves, heardAt })),
      [{ member: 10, moves: 2, heardAt: 10 }],
    );
    assert.equal(macs.moved, 2);
  });

  it('keep an entry apart until no worker can hold it', () => {
    const setting = new Setting();
    setting.worker.online();
    setting.macs.configure(1, { ageingMs: AGEING_MS, macs: 10 });
    setting.macs.heard(1, 10, 2, 7, 0);
    const held = setting.table.lookup(1, 2, 7);
    setting.macs.forgetMember(10);
    setting.epoch.reclaim();
    setting.macs.heard(1, 11, 2, 8, 0);
    assert.notEqual(setting.table.lookup(1, 2, 8), held, 'the worker may be reading it');
    setting.worker.quiescent();
    setting.epoch.reclaim();
    setting.macs.heard(1, 12, 2, 9, 0);
    assert.equal(setting.table.lookup(1, 2, 9), held);
  });

  it('of a bridge that is not there are not learnt', () => {
    const { macs } = new Setting();
    macs.heard(5, 10, 2, 7, 0);
    assert.deepEqual(macs.list(), []);
  });
});

describe('members of bridges', () => {
  it('are in one list each, whatever changes', () => {
    const sets = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.uniqueArray(fc.integer({ min: 10, max: 15 }))), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(sets, (changes) => {
        const table = new InterfaceTable(InterfaceTable.allocate());
        const model = new Map<number, number[]>([
          [1, []],
          [2, []],
        ]);
        for (const [bridge, rows] of changes) {
          // As the configuration: whoever joins has left the other bridge before.
          const other = model.get(3 - bridge)!;
          for (const row of rows) {
            if (other.includes(row)) removeMember(table, row);
          }
          model.set(
            3 - bridge,
            other.filter((row) => !rows.includes(row)),
          );
          const before = model.get(bridge)!;
          const gone = setMembers(table, bridge, rows);
          assert.deepEqual(gone.sort(), before.filter((row) => !rows.includes(row)).sort());
          model.set(bridge, rows);
          for (const [each, members] of model) {
            assert.deepEqual(membersOf(table, each).sort(), [...members].sort());
            for (const row of members) assert.equal(table.bridge[row], each);
          }
        }
      }),
    );
  });
});
