// VLANs, a bridge and a loopback between real hosts; the kernel has no VLANs, so tagged hosts are a script.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { type DataplaneState, interfaceDrivers, messageOf, until } from '@sluice/shared';
import { Gateway, port } from './support/gateway.js';
import { gatewayFigures, linuxFigures, moved } from './support/movement.js';
import { ip, Network } from './support/network.js';
import { pingAll } from './support/ping.js';

const VLAN_HOST = fileURLToPath(new URL('../../../test/process/support/vlan-host.py', import.meta.url));
const ONE = '10.1.0.11';
const TWO = '10.1.0.12';
const THREE = '10.1.0.13';
const FAR = '10.2.0.2';

for (const driver of interfaceDrivers) {
  describe(`VLANs and bridges over ${driver}`, function () {
    this.timeout(120_000);
    let network: Network;
    let gateway: Gateway;
    let one: string;
    let two: string;
    let trunk: string;
    let far: string;

    const config = (members: string[]): Partial<DataplaneState> => ({
      interfaces: [
        port('p1', 'd1', [], { driver }),
        port('p2', 'd2', [], { driver }),
        port('trunk', 'd3', ['10.3.0.1/24'], { driver }),
        port('wan', 'd4', ['10.2.0.1/24'], { driver }),
      ],
      vlans: [
        { name: 'v5', parent: 'trunk', vlan: 5, vrf: 'default', enabled: true, addresses: ['10.5.0.1/24'] },
        { name: 'v6', parent: 'trunk', vlan: 6, vrf: 'default', enabled: true, addresses: [] },
        {
          name: 'q7',
          parent: 'trunk',
          vlan: 7,
          inner_vlan: 30,
          vrf: 'default',
          enabled: true,
          addresses: ['10.7.0.1/24'],
        },
      ],
      bridges: [
        {
          name: 'lan',
          members,
          vrf: 'default',
          enabled: true,
          addresses: ['10.1.0.1/24'],
          ageing_s: 300,
          mac_limit: 100,
        },
      ],
      loopbacks: [{ name: 'loop', vrf: 'default', addresses: ['10.255.0.1/32'] }],
    });
    const tagged = async (address: string, tags: string, peer: string): Promise<string[]> => {
      const { output, code } = await network.run(
        trunk,
        'python3',
        VLAN_HOST,
        'eth0',
        address,
        tags,
        peer,
        '3',
      );
      assert.equal(code, 0, output);
      return output.trim().split('\n').slice(1);
    };

    before(async () => {
      network = new Network();
      one = network.host('one', 'd1', `${ONE}/24`, '10.1.0.1');
      two = network.host('two', 'd2', `${TWO}/24`, '10.1.0.1');
      trunk = network.host('trunk', 'd3', '10.3.0.2/24', '10.3.0.1');
      far = network.host('far', 'd4', `${FAR}/24`, '10.2.0.1');
      // Two tags need four octets more than Linux lets pass.
      ip('-n', trunk, 'link', 'set', 'eth0', 'mtu', '1504');
      gateway = new Gateway(network);
      await gateway.apply(config(['p1', 'p2', 'v6']));
    });
    after(async () => {
      await gateway?.close();
      await network?.close();
    });

    it('lets hosts behind two members ping each other, the bridge itself, and what is beyond', async () => {
      await pingAll(network, one, '-c', '3', '-i', '0.2', TWO);
      await pingAll(network, two, '-c', '3', '-i', '0.2', '10.1.0.1');
      await pingAll(network, one, '-c', '3', '-i', '0.2', FAR);
      await pingAll(network, far, '-c', '3', '-i', '0.2', TWO);
      await pingAll(network, one, '-c', '2', '-i', '0.2', '-s', '1472', '-M', 'do', TWO);
    });

    it('has learnt who is where', async () => {
      const { macs } = await gateway.client.request('show-macs', {});
      const macOf = (namespace: string): string =>
        (JSON.parse(ip('-n', namespace, '-json', 'link', 'show', 'eth0')) as { address: string }[])[0]!
          .address;
      const known = macs.map(({ mac, member, bridge }) => `${mac} ${member} ${bridge}`);
      assert.ok(known.includes(`${macOf(one)} p1 lan`), known.join('; '));
      assert.ok(known.includes(`${macOf(two)} p2 lan`), known.join('; '));
      const { bridges } = await gateway.client.request('show-bridges', {});
      const [first] = (await gateway.counters()).filter(({ name }) => name === 'p1');
      assert.equal(bridges[0]!.mac, first!.mac);
      assert.deepEqual(
        bridges[0]!.members.map(({ name, state }) => `${name} ${state}`),
        ['p1 up', 'p2 up', 'v6 up'],
      );
    });

    it('speaks with hosts in VLANs, of one tag and of two', async () => {
      assert.deepEqual(await tagged('10.5.0.9', '5!', '10.5.0.1'), new Array(3).fill('81000005 True'));
      assert.deepEqual(
        await tagged('10.7.0.9', '88a8:7.30', '10.7.0.1'),
        new Array(3).fill('88a800078100001e True'),
      );
      await pingAll(network, trunk, '-c', '3', '-i', '0.2', '10.3.0.1');
    });

    it('bridges a VLAN with untagged members', async () => {
      assert.deepEqual(await tagged(THREE, '6', ONE), new Array(3).fill('81000006 True'));
      assert.deepEqual(await tagged(THREE, '6!', '10.1.0.1'), new Array(3).fill('81000006 True'));
    });

    it('lets Linux on the box ping through the twins', async () => {
      const host = network.start(trunk, 'python3', VLAN_HOST, 'eth0', '10.5.0.9', '5');
      await until('the host in the VLAN is ready', () => host.output().includes('ready'));
      await pingAll(network, network.gateway, '-c', '3', '-i', '0.2', '10.5.0.9');
      host.child.kill('SIGKILL');
      await host.ended;
      await pingAll(network, network.gateway, '-c', '3', '-i', '0.2', TWO);
      await pingAll(network, network.gateway, '-c', '3', '-i', '0.2', '-I', '10.255.0.1', FAR);
      assert.doesNotMatch(ip('-n', network.gateway, 'link'), / p1:| v6:/, 'members have no twins');
    });

    it("answers at the loopback's address, whichever link the question comes by", async () => {
      await pingAll(network, far, '-c', '2', '-i', '0.2', '10.255.0.1');
      await pingAll(network, one, '-c', '2', '-i', '0.2', '10.255.0.1');
    });

    it('has sub-interfaces down with their parent, and up again', async () => {
      const stateOf = async (name: string): Promise<string> =>
        (await gateway.counters()).find((entry) => entry.name === name)!.state;
      const down = config(['p1', 'p2', 'v6']);
      down.interfaces![2]!.enabled = false;
      await gateway.apply(down);
      assert.equal(await stateOf('v5'), 'down');
      assert.equal(await stateOf('q7'), 'down');
      assert.equal(await stateOf('lan'), 'up');
      await gateway.apply(config(['p1', 'p2', 'v6']));
      assert.deepEqual(await tagged('10.5.0.9', '5', '10.5.0.1'), new Array(3).fill('81000005 True'));
    });

    it('lets a member go while the others lose nothing, and takes it back', async () => {
      const wires = [one, two, network.gateway];
      const before = await gatewayFigures(gateway);
      const around = linuxFigures(wires);
      const heard = 'p2.rx_packets';
      const pinging = pingAll(network, one, '-c', '30', '-i', '0.1', TWO);
      await until(
        'it is under way',
        async () => (await gatewayFigures(gateway)).get(heard)! > before.get(heard)!,
      );
      await gateway.apply(config(['p1', 'p2']));
      const { bridges } = await gateway.client.request('show-bridges', {});
      assert.deepEqual(
        bridges[0]!.members.map(({ name }) => name),
        ['p1', 'p2'],
      );
      await gateway.apply(config(['p1', 'p2', 'v6']));
      await pinging.catch(async (error: unknown) => {
        const inside = moved(before, await gatewayFigures(gateway));
        throw new Error(`${messageOf(error)}\n${inside}\n${moved(around, linuxFigures(wires))}`);
      });
      assert.deepEqual(await tagged(THREE, '6', TWO), new Array(3).fill('81000006 True'));
    });

    it('has lost nothing on the way', async () => {
      const losses = (await gateway.errors()).filter(
        (counter) => counter.drop && (counter.node.startsWith('port ') || counter.node === 'host-io'),
      );
      assert.deepEqual(losses, []);
    });
  });
}
