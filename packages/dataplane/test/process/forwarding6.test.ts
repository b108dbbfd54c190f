// Two hosts of IPv6 and the data plane between them, over either driver.
import assert from 'node:assert/strict';
import { interfaceDrivers, until } from '@sluice/shared';
import { Gateway, port } from './support/gateway.js';
import { ip, Network } from './support/network.js';
import { ping, pingAll } from './support/ping.js';

const NEAR = '2001:db8:1::2';
const FAR = '2001:db8:2::2';
const LAN = '2001:db8:1::1';
const WAN = '2001:db8:2::1';
const WAN_MTU = 1400;

/** Sends back what it gets, until the other side ends; says when it listens. */
const server = (address: string): string =>
  `require('net').createServer((s) => s.pipe(s)).listen(7777, '${address}', () => console.log('listening'))`;
const client = (address: string): string => `
const sent = require('crypto').randomBytes(4 << 20);
const got = [];
const socket = require('net').connect(7777, '${address}', () => socket.end(sent));
socket.on('data', (data) => got.push(data)).on('end', () => console.log(Buffer.concat(got).equals(sent)));`;

for (const driver of interfaceDrivers) {
  describe(`data plane process of IPv6 over ${driver}`, function () {
    this.timeout(120_000);
    let network: Network;
    let gateway: Gateway;
    let near: string;
    let far: string;
    /** What was lost before the twins were up: what hosts say of themselves when their link comes up. */
    let lostBefore: string[];

    before(async () => {
      network = new Network();
      near = network.host('near', 'p0', '10.1.0.2/24', '10.1.0.1');
      far = network.host('far', 'p1', '10.2.0.2/24', '10.2.0.1');
      network.address6(near, `${NEAR}/64`, LAN);
      network.address6(far, `${FAR}/64`, WAN);
      // A link has one MTU: a veth drops what is larger than its peer's.
      ip('-n', far, 'link', 'set', 'eth0', 'mtu', `${WAN_MTU}`);
      gateway = new Gateway(network);
      await gateway.apply({
        interfaces: [
          port('lan', 'p0', ['10.1.0.1/24', `${LAN}/64`], { driver }),
          port('wan', 'p1', ['10.2.0.1/24', `${WAN}/64`], { driver, mtu: WAN_MTU }),
        ],
      });
    });

    after(async () => {
      await gateway?.close();
      await network?.close();
    });

    /** The link-local address that the gateway has on a port. */
    const linkLocal = async (name: string): Promise<string> => {
      const found = (await gateway.counters()).find((each) => each.name === name);
      const address = found?.addresses.find((each) => each.startsWith('fe80::'));
      return address?.split('/')[0] ?? assert.fail(`${name} has no link-local address`);
    };
    /** What ports and the way to Linux have lost so far. */
    const losses = async (): Promise<string[]> =>
      (await gateway.errors())
        .filter(({ drop, node }) => drop && (node.startsWith('port ') || node === 'host-io'))
        .map(({ node, reason, count }) => `${node}: ${reason} ${count}`);
    const tcp = async (from: string, to: string, address: string): Promise<void> => {
      const running = network.start(to, process.execPath, '-e', server(address));
      await until('the server listens', () => running.output().includes('listening'));
      const { output } = await network.run(from, process.execPath, '-e', client(address));
      running.child.kill('SIGKILL');
      await running.ended;
      assert.equal(output.trim(), 'true');
    };

    it('forwards both ways, once it knows that its addresses are its own', async () => {
      await until('both networks are connected', async () => {
        const { routes } = await gateway.client.request('show-routes', {});
        const networks = ['2001:db8:1::/64', '2001:db8:2::/64'];
        return networks.every((prefix) => routes.some((route) => route.prefix === prefix));
      });
      lostBefore = await losses();
      await pingAll(network, near, '-c', '3', '-i', '0.2', FAR);
      await pingAll(network, far, '-c', '3', '-i', '0.2', NEAR);
    });

    it('answers pings itself, by its global and its link-local addresses', async () => {
      await pingAll(network, near, '-c', '3', '-i', '0.2', LAN);
      await pingAll(network, near, '-c', '3', '-i', '0.2', WAN);
      await pingAll(network, near, '-c', '3', '-i', '0.2', `${await linkLocal('lan')}%eth0`);
      await pingAll(network, far, '-c', '3', '-i', '0.2', `${await linkLocal('wan')}%eth0`);
      assert.ok((await gateway.count('ip6-icmp-echo/replies')) >= 12);
    });

    it('shows addresses of both families, and has them on the twins', async () => {
      const [lan] = await gateway.counters();
      const own = await linkLocal('lan');
      assert.deepEqual(lan!.addresses, ['10.1.0.1/24', `${LAN}/64`, `${own}/64`]);
      const shown = ip('-n', network.gateway, '-6', 'address', 'show', 'dev', 'lan');
      assert.match(shown, new RegExp(`inet6 ${LAN}/64`));
      assert.match(shown, new RegExp(`inet6 ${own}/64`));
      assert.doesNotMatch(shown, /tentative/);
    });

    it('lets Linux ping through the twins', async () => {
      await pingAll(network, network.gateway, '-c', '3', '-i', '0.2', NEAR);
      await pingAll(network, network.gateway, '-c', '3', '-i', '0.2', FAR);
    });

    it('carries TCP between hosts whose links differ in MTU, and to Linux', async () => {
      await tcp(near, far, FAR);
      await tcp(far, near, NEAR);
      await tcp(near, network.gateway, LAN);
    });

    it('says what cannot be delivered: hop limit, network, scope', async () => {
      const hops = await ping(network, near, '-c', '1', '-W', '5', '-t', '1', FAR);
      assert.match(hops.output, new RegExp(`From ${LAN} .*Time exceeded: Hop limit`));
      const net = await ping(network, near, '-c', '1', '-W', '5', '3fff::9');
      assert.match(net.output, new RegExp(`From ${LAN} .*Destination unreachable: No route`));
      const mtu = await ping(network, near, '-c', '1', '-W', '5', '-M', 'do', '-s', '1452', FAR);
      assert.match(mtu.output, new RegExp(`Packet too big: mtu=${WAN_MTU}`));
    });

    it('has hosts fragment for the narrower link, and answers what is large itself', async () => {
      // The first one may tell the host the MTU instead of arriving.
      await ping(network, near, '-c', '1', '-W', '5', '-s', '1452', FAR);
      for (const size of [64, 1232, 1352, 1400, 1452, 4000]) {
        await pingAll(network, near, '-c', '2', '-i', '0.2', '-s', `${size}`, FAR);
        await pingAll(network, far, '-c', '2', '-i', '0.2', '-s', `${size}`, NEAR);
      }
      await pingAll(network, near, '-c', '2', '-i', '0.2', '-s', '4000', LAN);
    });

    it('has lost nothing on the way', async () => {
      assert.deepEqual(await losses(), lostBefore);
    });
  });
}
