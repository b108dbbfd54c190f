// Brings twins and routes of a namespace of its own to what they should be; the namespace is this process's.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { until } from '@sluice/shared';
import { LinuxTwins, type TwinSpec } from '../../../src/control/linux-twins.js';
import type { TwinRoute } from '../../../src/control/twin-routes.js';
import { closeFd } from '../../../src/native/index.js';

function via(prefix: string, nextHop: string | null, name: string): TwinRoute {
  return { prefix, refusal: null, ways: [{ nextHop, interface: name, weight: 1 }] };
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8' });
}

interface Link {
  ifname: string;
  ifindex: number;
  address: string;
  mtu: number;
  flags: string[];
  addr_info: { local: string; prefixlen: number; tentative?: boolean }[];
}

function links(): Map<string, Link> {
  const all = JSON.parse(ip('-json', 'address', 'show')) as Link[];
  return new Map(all.map((link) => [link.ifname, link]));
}

function addresses(name: string): string[] {
  return links()
    .get(name)!
    .addr_info.map((each) => `${each.local}/${each.prefixlen}`);
}

const added: number[] = [];
const io = {
  addTwin: async ({ row }: { row: number }) => {
    added.push(row);
  },
  removeTwin: async (row: number) => {
    added.splice(added.indexOf(row), 1);
  },
};

const lan: TwinSpec = {
  name: 'lan',
  row: 1,
  kind: 'tap',
  mac: '02:00:00:00:00:01',
  mtu: 1400,
  up: true,
  running: true,
  namespace: null,
  addresses: ['10.1.0.1/24', '10.1.1.1/24', '2001:db8:1::1/64', 'fe80::1/64'],
  worker: 0,
};
const tun: TwinSpec = {
  ...lan,
  name: 'tun',
  row: 2,
  kind: 'tun',
  mac: null,
  mtu: 1300,
  addresses: ['10.8.0.1/30', '2001:db8:8::1/128'],
};
const routes: TwinRoute[] = [
  via('0.0.0.0/0', '10.1.0.254', 'lan'),
  via('10.6.0.0/16', null, 'tun'),
  via('10.7.0.1/32', '10.1.1.9', 'lan'),
];

// What others have.
ip('tuntap', 'add', 'mode', 'tap', 'name', 'foreign');
ip('link', 'set', 'foreign', 'up');
ip('address', 'add', '10.20.0.1/24', 'dev', 'foreign');
ip('route', 'add', '10.21.0.0/16', 'dev', 'foreign', 'proto', 'static');

const twins = new LinuxTwins(io);
await twins.converge([lan, tun], routes);
assert.deepEqual(addresses('lan'), lan.addresses);
assert.deepEqual(addresses('tun'), tun.addresses);
for (const { addr_info } of links().values())
  assert.ok(addr_info.every(({ tentative }) => tentative !== true));
assert.equal(links().get('lan')!.address, lan.mac);
assert.equal(links().get('lan')!.mtu, 1400);
assert.deepEqual(added, [1, 2]);
const shown = ip('route');
assert.match(shown, /default via 10\.1\.0\.254 dev lan proto 171/);
assert.match(shown, /10\.6\.0\.0\/16 dev tun proto 171/);
assert.match(shown, /10\.7\.0\.1 via 10\.1\.1\.9 dev lan proto 171/);

// Again: Linux announces every change that is made, and this must make none.
const state = (): string => ip('-details', 'address') + ip('route');
const before = state();
let heard = '';
function listen() {
  heard = '';
  const monitor = spawn('ip', ['monitor', 'link', 'address', 'route'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  monitor.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
  });
  return monitor;
}
const monitor = listen();
async function hears(what: string): Promise<void> {
  await until(
    () => `the monitor to hear of ${what}, in ${heard}`,
    () => {
      if (heard.includes(what)) return true;
      // A change of its own, until the monitor listens and says so: announcements come in order.
      ip('route', 'replace', what, 'dev', 'foreign');
      ip('route', 'del', what);
      return false;
    },
  );
}
await hears('10.200.0.0/24');
await twins.converge([lan, tun], routes);
await hears('10.201.0.0/24');
monitor.kill();
const ours = heard.split('\n').filter((line) => line !== '' && !/10\.20[01]\./.test(line));
assert.deepEqual(ours, []);
assert.equal(state(), before);

// Another address of the same network instead, and back: the routes by the device are there all the time.
const moved = { ...lan, addresses: ['10.1.0.7/24', ...lan.addresses.slice(2)] };
for (const spec of [moved, lan]) {
  const watching = listen();
  await hears('10.200.0.0/24');
  await twins.converge([spec, tun], routes.slice(0, 2));
  await hears('10.201.0.0/24');
  watching.kill();
  assert.deepEqual(addresses('lan').sort(), [...spec.addresses].sort());
  assert.doesNotMatch(heard, /Deleted default/);
  assert.match(ip('route'), /default via 10\.1\.0\.254 dev lan proto 171/);
}
await twins.converge([lan, tun], routes);

// The difference, and nothing else.
const { ifindex } = links().get('lan')!;
await twins.converge(
  [
    { ...lan, addresses: ['10.1.1.1/24', '10.1.2.1/24', '2001:db8:2::1/64', 'fe80::1/64'], mtu: 1500 },
    { ...tun, up: false },
  ],
  [via('10.9.0.0/16', '10.1.2.9', 'lan'), ...routes.slice(1)],
);
assert.equal(links().get('lan')!.ifindex, ifindex);
assert.deepEqual(addresses('lan'), ['10.1.1.1/24', '10.1.2.1/24', '2001:db8:2::1/64', 'fe80::1/64']);
assert.deepEqual(addresses('tun'), ['10.8.0.1/30'], 'a link that is down has no IPv6');
assert.ok(!links().get('tun')!.flags.includes('UP'));
assert.match(ip('route'), /10\.9\.0\.0\/16 via 10\.1\.2\.9/);
assert.doesNotMatch(ip('route'), /default|10\.6\.0\.0/);

// Several ways, and routes that refuse; again nothing changes that is right.
const more: TwinRoute[] = [
  {
    prefix: '10.10.0.0/16',
    refusal: null,
    ways: [
      { nextHop: '10.1.0.8', interface: 'lan', weight: 3 },
      { nextHop: '10.1.0.9', interface: 'lan', weight: 1 },
      { nextHop: null, interface: 'tun', weight: 1 },
    ],
  },
  { prefix: '10.11.0.0/16', refusal: 'blackhole', ways: [] },
  { prefix: '10.12.0.1/32', refusal: 'unreachable', ways: [] },
  { prefix: '10.13.0.0/16', refusal: 'prohibit', ways: [] },
];
await twins.converge([lan, tun], more);
const several = ip('route', 'show', 'proto', '171');
assert.match(several, /^blackhole 10\.11\.0\.0\/16/m);
assert.match(several, /^unreachable 10\.12\.0\.1/m);
assert.match(several, /^prohibit 10\.13\.0\.0\/16/m);
assert.match(several, /nexthop via 10\.1\.0\.8 dev lan weight 3/);
assert.match(several, /nexthop dev tun weight 1/);
await twins.converge([lan, tun], more);
assert.equal(ip('route', 'show', 'proto', '171'), several);
await twins.converge([lan, { ...tun, up: false }], more.slice(0, 1));
assert.doesNotMatch(ip('route', 'show', 'proto', '171'), /blackhole|tun/);

// A process that was killed leaves its twins; the next one takes them, or removes them.
await twins.converge([lan, tun], routes);
const left = links();
const fds = (twins as unknown as { open: Map<string, { fd: number }> }).open;
for (const { fd } of fds.values()) closeFd(fd);
const next = new LinuxTwins(io);
await next.converge([{ ...tun, kind: 'tap', mac: '02:00:00:00:00:02' }], []);
assert.ok(!links().has('lan'));
assert.notEqual(links().get('tun')!.ifindex, left.get('tun')!.ifindex, 'it is of another kind now');
assert.doesNotMatch(ip('route'), /proto 171/);

// One that cannot be made keeps no other from being.
await assert.rejects(
  next.converge([{ ...tun, name: 'lo' }, lan], [via('10.6.0.0/16', '10.1.0.9', 'lan')]),
  /Linux has another device named lo/,
);
assert.deepEqual(addresses('lan'), lan.addresses);
assert.match(ip('route'), /10\.6\.0\.0\/16 via 10\.1\.0\.9 dev lan/);
await assert.rejects(next.converge([lan], [via('10.6.0.0/16', '10.66.0.1', 'lan')]), /10\.66/);

// One whose packets nobody takes yet is tried again.
const failing = new LinuxTwins({
  addTwin: (() => {
    let calls = 0;
    return async (twin: { row: number }) => {
      if (calls++ === 0) throw new Error('the thread has no room');
      await io.addTwin(twin);
    };
  })(),
  removeTwin: io.removeTwin,
});
const extra: TwinSpec = { ...lan, name: 'extra', row: 9, mac: '02:00:00:00:00:09', addresses: [] };
await next.close();
await assert.rejects(failing.converge([extra], []), /no room/);
assert.ok(!added.includes(9));
await failing.converge([extra], []);
assert.ok(added.includes(9), 'the second attempt gave it to the thread');
await failing.close();
assert.deepEqual([...links().keys()], ['lo', 'foreign']);
assert.equal(ip('route').trim().split('\n').length, 2, 'what others have is as it was');
