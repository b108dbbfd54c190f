// How the process ends, comes back, and idles.
import assert from 'node:assert/strict';
import { type SaSpec, until } from '@sluice/shared';
import { spec } from '../control/support/sa-bench.js';
import { Gateway, port } from './support/gateway.js';
import { ip, Network } from './support/network.js';
import { pingAll } from './support/ping.js';

const NEAR = '10.1.0.2';
const FAR = '10.2.0.2';
const REMOTE = '10.99.0.0/16';
/** Sequence numbers that are reserved at once. */
const BLOCK = 2 ** 23;
const IF_ID = 77;

describe('data plane process, its life', function () {
  this.timeout(120_000);
  let network: Network;
  let gateway: Gateway;
  let near: string;
  const state = {
    interfaces: [
      port('lan', 'p0', ['10.1.0.1/24']),
      port('wan', 'p1', ['10.2.0.1/24'], { driver: 'af_packet' as const }),
    ],
    routes: [{ prefix: REMOTE, vrf: 'default', next_hop: FAR }],
  };
  const tunnel = {
    name: 'tun',
    if_id: IF_ID,
    vrf: 'default',
    outer_vrf: 'default',
    enabled: true,
    addresses: ['10.8.0.1/30'],
  };
  const outbound: SaSpec = spec(0x2001, 'out', { if_id: IF_ID, src: '10.2.0.1', dst: FAR });
  const inbound: SaSpec = spec(0x1001, 'in', { if_id: IF_ID, src: FAR, dst: '10.2.0.1' });

  beforeEach(() => {
    network = new Network();
    near = network.host('near', 'p0', `${NEAR}/24`, '10.1.0.1');
    network.host('far', 'p1', `${FAR}/24`, '10.2.0.1');
    gateway = new Gateway(network);
  });

  afterEach(async () => {
    await gateway.close();
    await network.close();
  });

  const onLinux = (): string =>
    ['address', 'route'].map((what) => ip('-n', network.gateway, '-br', what)).join();

  it('leaves twins, addresses and routes to Linux when it is killed, and takes them again', async () => {
    await gateway.apply(state);
    await pingAll(network, near, '-c', '1', FAR);
    await gateway.end('SIGKILL');
    for (const what of [
      /lan .*10\.1\.0\.1\/24/,
      /wan .*10\.2\.0\.1\/24/,
      /10\.99\.0\.0\/16 via 10\.2\.0\.2/,
    ]) {
      assert.match(onLinux(), what);
    }
    gateway.restart();
    await gateway.apply(state);
    await pingAll(network, near, '-c', '3', '-i', '0.2', FAR);
    await pingAll(network, near, '-c', '1', '10.2.0.1');
    await pingAll(network, network.gateway, '-c', '1', FAR);
    await pingAll(network, network.gateway, '-c', '1', NEAR);
  });

  it('removes after a kill what the next configuration does not have, and only its own', async () => {
    await gateway.apply(state);
    await gateway.end('SIGKILL');
    network.sync(network.gateway, 'ip', 'tuntap', 'add', 'mode', 'tap', 'name', 'foreign');
    gateway.restart();
    await gateway.apply({ interfaces: [state.interfaces[0]!] });
    assert.doesNotMatch(onLinux(), /wan|10\.99/);
    assert.match(onLinux(), /foreign/);
    await pingAll(network, near, '-c', '1', '10.1.0.1');
  });

  it('never gives a sequence number twice, however often it is killed', async () => {
    let last = 0;
    for (let life = 0; life < 3; life++) {
      await gateway.apply({ ...state, tunnels: [tunnel] });
      await gateway.client.request('sa-install', outbound);
      const { counters } = await gateway.client.request('sa-counters', { dst: FAR, spi: outbound.spi });
      assert.equal(counters?.sequence, life * BLOCK);
      // Into the tunnel, whose packets nobody answers.
      await network.run(network.gateway, 'ping', '-c', '3', '-i', '0.01', '-W', '1', '10.8.0.2');
      const used = await until('the last one has been sealed', async () => {
        const sa = await gateway.client.request('sa-counters', { dst: FAR, spi: outbound.spi });
        const sequence = sa.counters?.sequence ?? 0;
        return sequence >= life * BLOCK + 3 && sequence;
      });
      assert.equal(used, life * BLOCK + 3);
      assert.ok(life * BLOCK + 3 > last);
      last = life * BLOCK + 3;
      await gateway.end('SIGKILL');
      gateway.restart();
    }
  });

  it('takes SAs before its configuration, and before their tunnel', async () => {
    // The process is still starting.
    const early = gateway.client.request('sa-install', inbound, { deadlineMs: 30_000 });
    await gateway.apply(state);
    await early;
    await gateway.client.request('sa-install', outbound);
    const shown = async (): Promise<string[]> =>
      (await gateway.client.request('show-sa', {})).sas
        .map((sa) => `${sa.direction} ${sa.interface} ${sa.active}`)
        .sort();
    assert.deepEqual(await shown(), ['in null true', 'out null false']);
    await gateway.apply({ ...state, tunnels: [tunnel] });
    assert.deepEqual(await shown(), ['in tun true', 'out tun true']);
    const dump = await gateway.client.request('sa-dump', {});
    assert.deepEqual(
      dump.sas.map((sa) => sa.spec.crypto.key_hex),
      [inbound.crypto.key_hex, outbound.crypto.key_hex],
    );
    assert.ok(!gateway.log.includes(inbound.crypto.key_hex), 'a key in the log');
    assert.deepEqual(await gateway.client.request('sa-remove', { dst: FAR, spi: 0x2001 }), {
      removed: true,
      counters: dump.sas[1]!.counters,
    });
  });

  it('gives Linux its devices back at SIGTERM, without a twin', async () => {
    await gateway.apply({ ...state, tunnels: [tunnel] });
    await pingAll(network, near, '-c', '1', FAR);
    assert.equal(await gateway.end('SIGTERM'), 0, gateway.log);
    assert.doesNotMatch(onLinux(), /lan|wan|tun/);
    for (const [device, address, peer] of [
      ['p0', '10.1.0.1/24', NEAR],
      ['p1', '10.2.0.1/24', FAR],
    ] as const) {
      assert.doesNotMatch(ip('-n', network.gateway, 'link', 'show', device), /NOARP|PROMISC|xdp/);
      ip('-n', network.gateway, 'address', 'add', address, 'dev', device);
      await pingAll(network, network.gateway, '-c', '1', peer);
    }
    for (const setting of ['ipv4.conf.p0.rp_filter', 'ipv6.conf.p0.disable_ipv6']) {
      const [of, byDefault] = [setting, setting.replace('p0', 'default')].map((name) =>
        network.sync(network.gateway, 'sysctl', '-n', `net.${name}`).trim(),
      );
      assert.equal(of, byDefault, setting);
    }
  });

  it('ends in order although a device has gone', async () => {
    await gateway.apply(state);
    ip('-n', network.gateway, 'link', 'del', 'p1');
    assert.equal(await gateway.end('SIGTERM'), 0, gateway.log);
    assert.doesNotMatch(onLinux(), /lan|wan/);
  });

  it('uses next to no processor time when nothing comes in', async () => {
    await gateway.apply({ ...state, tunnels: [tunnel] });
    await pingAll(network, near, '-c', '1', FAR);
    const start = performance.now();
    const used = gateway.cpuSeconds();
    await until('three seconds have passed', () => performance.now() - start >= 3000);
    const share = (gateway.cpuSeconds() - used) / ((performance.now() - start) / 1000);
    assert.ok(share < 0.1, `${Math.round(share * 100)} % of a core`);
  });
});
