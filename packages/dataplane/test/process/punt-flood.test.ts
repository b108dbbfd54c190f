// Floods of what the box hands to Linux, class by class: a session and IKE go on, and forwarding keeps its share.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { until } from '@sluice/shared';
import { Gateway, port } from './support/gateway.js';
import { ip, Network, type Running } from './support/network.js';
import { pingAll } from './support/ping.js';

// The compiler leaves Python where it is: this file runs from dist/test/process.
const script = (name: string): string =>
  fileURLToPath(new URL(`../../../test/process/support/${name}`, import.meta.url));
const BOX = '10.1.0.1';
const FAR = '10.2.0.2';
const CLASSES = ['arp', 'nd', 'ike', 'dhcp', 'login', 'routing', 'icmp', 'tcp', 'other'];
const FLOOD_S = 3;
const PACKETS = 500;
/** Of what is forwarded without a flood. Generous: sender, gateway and receiver share the processors. */
const SHARE = 0.5;

describe('data plane process under floods of punted packets', function () {
  this.timeout(180_000);
  let network: Network;
  let gateway: Gateway;
  let near: string;
  let far: string;
  let mac: string;
  let sessions: Running;

  before(async () => {
    network = new Network();
    near = network.host('near', 'p0', '10.1.0.2/24', BOX);
    far = network.host('far', 'p1', `${FAR}/24`, '10.2.0.1');
    gateway = new Gateway(network);
    await gateway.apply({
      interfaces: [port('lan', 'p0', [`${BOX}/24`, '2001:db8:1::1/64']), port('wan', 'p1', ['10.2.0.1/24'])],
    });
    mac = (await gateway.counters()).find(({ name }) => name === 'lan')!.mac!;
    await pingAll(network, near, '-c', '1', FAR);
    await until('the IPv6 address is there', async () =>
      (await gateway.counters())[0]?.addresses.includes('2001:db8:1::1/64'),
    );
    const echo = network.start(network.gateway, '/usr/bin/python3', script('echo.py'), BOX);
    await until('the echo listens', () => echo.output().includes('listens'));
    sessions = network.start(near, '/usr/bin/python3', script('sessions.py'), BOX);
    await until('the session is there', () => sessions.output().includes('connected'));
  });

  after(async () => {
    await gateway?.close();
    await network?.close();
  });

  const received = (): number =>
    (
      JSON.parse(ip('-n', far, '-statistics', '-json', 'link', 'show', 'eth0')) as {
        stats64: { rx: { packets: number } };
      }[]
    )[0]!.stats64.rx.packets;

  /** How many of a stream of echo requests, 2 ms apart, reach the far host. */
  async function forwarded(): Promise<number> {
    const before = received();
    await network.run(near, 'ping', '-n', '-q', '-c', `${PACKETS}`, '-i', '0.002', '-W', '1', FAR);
    return received() - before;
  }

  const rounds = (): number => sessions.output().match(/done/g)?.length ?? 0;

  for (const kind of CLASSES) {
    it(`of ${kind}: a session and IKE go on, and so does forwarding`, async () => {
      const calm = await forwarded();
      const flood = network.start(
        near,
        '/usr/bin/python3',
        script('flood.py'),
        'eth0',
        mac,
        kind,
        `${FLOOD_S}`,
      );
      const policed = await gateway.count(`punt/policed_${kind}`);
      await until(
        'the flood is policed',
        async () => (await gateway.count(`punt/policed_${kind}`)) > policed,
      );
      const before = rounds();
      sessions.child.stdin?.write('go\n');
      const during = await forwarded();
      await until(
        () => `the session goes on: ${sessions.output()}`,
        () => rounds() > before,
        { deadlineMs: 30_000 },
      );
      const { output } = await flood.ended;
      assert.ok(Number(output.trim()) > 10_000, output);
      assert.ok(during >= SHARE * calm, `${during} of ${calm} packets were forwarded`);
    });
  }
});
