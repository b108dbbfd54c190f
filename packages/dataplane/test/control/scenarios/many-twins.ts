// Twins of more interfaces than are looked at in one call; the namespace is this process's.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { LinuxTwins, type TwinSpec } from '../../../src/control/linux-twins.js';

const TWINS = 150;
/** In each call (linux-twins.ts). */
const LOOKED_AT = 64;
const CALLS = Math.ceil(TWINS / LOOKED_AT);

interface Link {
  ifname: string;
  ifindex: number;
  mtu: number;
  addr_info: { local: string }[];
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8' });
}

function links(): Map<string, Link> {
  const all = JSON.parse(ip('-json', 'address', 'show')) as Link[];
  return new Map(all.map((link) => [link.ifname, link]));
}

/** Index and MTU by name, of all but one. */
function others(than: string): [string, number, number][] {
  return [...links().values()]
    .filter(({ ifname }) => ifname !== than)
    .map(({ ifname, ifindex, mtu }) => [ifname, ifindex, mtu]);
}

const given = new Set<number>();
const twins = new LinuxTwins({
  addTwin: async ({ row }) => {
    assert.ok(!given.has(row), `row ${row} is given once`);
    given.add(row);
  },
  removeTwin: async (row) => {
    assert.ok(given.delete(row), `row ${row} was given`);
  },
});
const repairs: string[] = [];
twins.onRepair = (text) => repairs.push(text);

const specs = Array.from(
  { length: TWINS },
  (_, i): TwinSpec => ({
    ...{ name: `tun${i}`, row: i + 1, kind: 'tun', mac: null, mtu: 1400, up: true, running: true },
    ...{ namespace: null, addresses: [`10.8.${i}.1/32`], worker: 0 },
  }),
);

/** Whether so many calls in a row find that one is missing. */
function found(calls: number): boolean {
  return Array.from({ length: calls }, () => twins.lost()).includes(true);
}

await twins.converge(specs, []);
assert.equal(given.size, TWINS);
assert.equal(links().size, TWINS + 1);
for (let i = 0; i < TWINS; i++) assert.equal(links().get(`tun${i}`)?.addr_info[0]?.local, `10.8.${i}.1`);
assert.equal(found(2 * CALLS), false, 'all are there');

// Wherever one is in the order, and wherever the looking has come to.
for (const i of [0, LOOKED_AT, TWINS - 1]) {
  const name = `tun${i}`;
  const before = others(name);
  ip('link', 'del', 'dev', name);
  assert.equal(found(CALLS), true, `${name} is missed`);
  await twins.converge(specs, []);
  assert.equal(links().get(name)?.addr_info[0]?.local, `10.8.${i}.1`);
  assert.deepEqual(others(name), before, 'the others were not touched');
  assert.equal(given.size, TWINS);
  assert.equal(found(2 * CALLS), false, 'all are there again');
}
assert.equal(repairs.length, 3, repairs.join('\n'));

// One that is changed, and one that goes, among many.
const [first, second, ...rest] = specs;
const before = others('tun0').filter(([name]) => name !== 'tun1');
await twins.converge([{ ...first!, mtu: 1300 }, ...rest], []);
assert.equal(links().get('tun0')?.mtu, 1300);
assert.ok(!links().has('tun1'));
assert.ok(!given.has(second!.row));
assert.deepEqual(others('tun0'), before);

await twins.close();
assert.equal(given.size, 0);
assert.deepEqual([...links().keys()], ['lo']);
