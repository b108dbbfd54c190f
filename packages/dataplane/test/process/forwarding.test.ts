// Two hosts and the data plane between them, over either driver.
import assert from 'node:assert/strict';
import { interfaceDrivers, until } from '@sluice/shared';
import { Gateway, port } from './support/gateway.js';
import { ip, Network } from './support/network.js';
import { ping, pingAll } from './support/ping.js';

const NEAR = '10.1.0.2';
const FAR = '10.2.0.2';
const WAN_MTU = 1400;

/** Sends back what it gets, until the other side ends; says when it listens. */
const ECHO_SERVER = `require('net').createServer((s) => s.pipe(s)).listen(7777, '10.1.0.1', () => console.log('listening'))`;
const ECHO_CLIENT = `
const sent = require('crypto').randomBytes(1 << 20);
const got = [];
const socket = require('net').connect(7777, '10.1.0.1', () => socket.end(sent));
socket.on('data', (data) => got.push(data)).on('end', () => console.log(Buffer.concat(got).equals(sent)));`;

for (const driver of interfaceDrivers) {
  describe(`data plane process over ${driver}`, function () {
    this.timeout(120_000);
    let network: Network;
    let gateway: Gateway;
    let near: string;
    let far: string;

    before(async () => {
      network = new Network();
      near = network.host('near', 'p0', `${NEAR}/24`, '10.1.0.1');
      far = network.host('far', 'p1', `${FAR}/24`, '10.2.0.1');
      // A link has one MTU: a veth drops what is larger than its peer's.
      ip('-n', far, 'link', 'set', 'eth0', 'mtu', `${WAN_MTU}`);
      gateway = new Gateway(network);
      await gateway.apply({
        interfaces: [
          port('lan', 'p0', ['10.1.0.1/24'], { driver }),
          port('wan', 'p1', ['10.2.0.1/24'], { driver, mtu: WAN_MTU }),
        ],
      });
    });

    after(async () => {
      await gateway?.close();
      await network?.close();
    });

    it('forwards from the first packet on, which waits for ARP', async () => {
      await pingAll(network, near, '-c', '3', '-i', '0.2', FAR);
      const { neighbours } = await gateway.client.request('show-neighbours', {});
      const known = neighbours.map((each) => `${each.interface} ${each.address}`).sort();
      assert.deepEqual(known, [`lan ${NEAR}`, `wan ${FAR}`]);
      // The one that was asked has answered; the other has asked itself, which proves no way back.
      const stateOf = (address: string) => neighbours.find((each) => each.address === address)?.state;
      assert.equal(stateOf(FAR), 'reachable');
      assert.match(stateOf(NEAR) ?? '', /^(stale|delay|reachable)$/);
      assert.ok((await gateway.count('ip4-arp/waiting')) > 0);
    });

    it('answers pings itself', async () => {
      await pingAll(network, near, '-c', '3', '-i', '0.2', '10.1.0.1');
      await pingAll(network, near, '-c', '3', '-i', '0.2', '10.2.0.1');
      assert.equal(await gateway.count('host-io/refused'), 0);
    });

    it('lets Linux ping through the twins', async () => {
      await pingAll(network, network.gateway, '-c', '3', '-i', '0.2', NEAR);
      await pingAll(network, network.gateway, '-c', '3', '-i', '0.2', FAR);
      const [lan] = await gateway.counters();
      assert.ok(lan!.punted >= 3 && lan!.injected >= 3, JSON.stringify(lan));
    });

    it('carries TCP to a server that runs on Linux', async () => {
      const server = network.start(network.gateway, process.execPath, '-e', ECHO_SERVER);
      await until('the server listens', () => server.output().includes('listening'));
      const { output } = await network.run(near, process.execPath, '-e', ECHO_CLIENT);
      server.child.kill('SIGKILL');
      await server.ended;
      assert.equal(output.trim(), 'true');
    });

    it('says what cannot be delivered: TTL, network, host', async () => {
      const ttl = await ping(network, near, '-c', '1', '-W', '5', '-t', '1', FAR);
      assert.match(ttl.output, /From 10\.1\.0\.1 .*Time to live exceeded/);
      const net = await ping(network, near, '-c', '1', '-W', '5', '203.0.113.9');
      assert.match(net.output, /From 10\.1\.0\.1 .*Destination Net Unreachable/);
      const host = await ping(network, near, '-c', '1', '-W', '8', '10.2.0.99');
      assert.match(host.output, /From 10\.1\.0\.1 .*Destination Host Unreachable/);
      assert.equal(await gateway.count('ip4-arp/unresolved'), 1);
    });

    it('says the MTU to what may not be fragmented', async () => {
      const { output } = await ping(network, near, '-c', '1', '-W', '5', '-M', 'do', '-s', '1472', FAR);
      assert.match(
        output,
        new RegExp(`From 10\\.1\\.0\\.1 .*[Ff]rag needed and DF set \\(mtu = ${WAN_MTU}\\)`),
      );
      // Linux keeps what it was told: the next one does not leave the host.
      network.sync(near, 'ip', 'route', 'flush', 'cache');
      await pingAll(network, near, '-c', '1', '-M', 'do', '-s', `${WAN_MTU - 28}`, FAR);
    });

    it('fragments what may be, also what is a fragment already', async () => {
      for (const size of [64, 512, 1400, 1472, 8972]) {
        network.sync(near, 'ip', 'route', 'flush', 'cache');
        await pingAll(network, near, '-c', '2', '-i', '0.2', '-M', 'dont', '-s', `${size}`, FAR);
        await pingAll(network, far, '-c', '2', '-i', '0.2', '-M', 'dont', '-s', `${size}`, NEAR);
      }
      assert.ok((await gateway.count('ip4-frag/fragments')) > 0);
    });

    it('reassembles nothing for Linux but gets a large ping to the box answered', async () => {
      await pingAll(network, near, '-c', '2', '-i', '0.2', '-s', '8972', '10.1.0.1');
    });

    if (driver === 'af_packet') {
      it('carries TCP that hosts leave to be segmented, and that it leaves to them', async () => {
        // As hosts have it by themselves; the network's wires have it off for AF_XDP.
        const ends = [[near, 'eth0'] as const, [far, 'eth0'] as const];
        const ports = [[network.gateway, 'p0'] as const, [network.gateway, 'p1'] as const];
        for (const [namespace, device] of [...ends, ...ports]) {
          network.sync(namespace, 'ethtool', '-K', device, 'tx', 'on', 'tso', 'on', 'gso', 'on');
        }
        const server = network.start(far, process.execPath, '-e', ECHO_SERVER.replace('10.1.0.1', FAR));
        await until('the server listens', () => server.output().includes('listening'));
        const before = await gateway.counters();
        const { output } = await network.run(
          near,
          process.execPath,
          '-e',
          ECHO_CLIENT.replace('10.1.0.1', FAR),
        );
        server.child.kill('SIGKILL');
        await server.ended;
        assert.equal(output.trim(), 'true');
        // Each segment went through the graph, and none was longer than a link takes.
        const after = await gateway.counters();
        for (const name of ['lan', 'wan']) {
          const of = (report: typeof after) => report.find((entry) => entry.name === name)!;
          const packets = of(after).rx_packets - of(before).rx_packets;
          const bytes = of(after).rx_bytes - of(before).rx_bytes;
          assert.ok(
            packets > (1 << 20) / 1460 && bytes / packets <= 1514,
            `${packets} packets, ${bytes} octets`,
          );
        }
      });
    }

    it('has lost nothing on the way', async () => {
      const losses = (await gateway.errors()).filter(
        (counter) => counter.drop && (counter.node.startsWith('port ') || counter.node === 'host-io'),
      );
      assert.deepEqual(losses, []);
    });
  });
}
