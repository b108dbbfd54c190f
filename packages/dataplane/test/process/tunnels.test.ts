// GRE and IPIP tunnels in clear and required to be protected, and IPsec's audit log, as a process.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { type AuditEvent, type TunnelSection, until } from '@sluice/shared';
import { Gateway, port } from './support/gateway.js';
import { Network } from './support/network.js';
import { ping, pingAll } from './support/ping.js';

// The compiler leaves Python where it is: this file runs from dist/test/process.
const TUNNEL_END = fileURLToPath(new URL('../../../test/process/support/tunnel-end.py', import.meta.url));
const NEAR = '10.1.0.2';
const FAR = '10.2.0.2';
const BEHIND = '10.9.0.7';
/** Sends ESP of an SPI that nobody has. */
const STRANGER = `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 50)
s.sendto(bytes.fromhex("0badcafe00000007") + bytes(40), ("10.2.0.1", 0))`;

describe('tunnels of the data plane process', function () {
  this.timeout(120_000);
  let network: Network;
  let gateway: Gateway;
  let near: string;
  let far: string;

  const tunnel = (more: Partial<TunnelSection>): TunnelSection => ({
    name: 'tun',
    local: '10.2.0.1',
    remote: FAR,
    vrf: 'default',
    outer_vrf: 'default',
    enabled: true,
    addresses: ['172.16.0.1/30'],
    ...more,
  });
  const apply = async (section: TunnelSection): Promise<void> => {
    await gateway.apply({
      interfaces: [port('lan', 'p0', ['10.1.0.1/24']), port('wan', 'p1', ['10.2.0.1/24'])],
      tunnels: [section],
      routes: [{ prefix: '10.9.0.0/24', vrf: 'default', interface: 'tun' }],
    });
  };
  const mtu = async (): Promise<number | undefined> =>
    (await gateway.counters()).find(({ name }) => name === 'tun')?.mtu;

  before(() => {
    network = new Network();
    near = network.host('near', 'p0', `${NEAR}/24`, '10.1.0.1');
    far = network.host('far', 'p1', `${FAR}/24`, '10.2.0.1');
    gateway = new Gateway(network);
  });
  after(async () => {
    await gateway?.close();
    await network?.close();
  });

  const kinds: [string, Partial<TunnelSection>, string[], number][] = [
    ['GRE', { kind: 'gre' }, ['gre'], 1476],
    ['GRE with a key', { kind: 'gre', key: 4_000_000_000 }, ['gre', '4000000000'], 1472],
    ['IPIP', { kind: 'ipip' }, ['ipip'], 1480],
  ];
  for (const [what, section, args, size] of kinds) {
    it(`${what}: carries packets in clear where that is asked for, and none where it is not`, async () => {
      const end = network.start(far, '/usr/bin/python3', TUNNEL_END, ...args);
      await until('the far end listens', () => end.output().includes('listening'));
      await apply(tunnel({ ...section, protect: 'none' }));
      assert.equal(await mtu(), size);
      await pingAll(network, near, '-c', '3', '-i', '0.2', '-M', 'do', '-s', `${size - 28}`, BEHIND);
      assert.match(end.output(), new RegExp(`answered ${size}`));
      const answered = end.output();

      await apply(tunnel(section));
      const refused = await gateway.count('tunnel-encap/unprotected');
      const { received } = await ping(network, near, '-c', '2', '-i', '0.2', '-W', '1', BEHIND);
      assert.equal(received, 0);
      assert.equal(await gateway.count('tunnel-encap/unprotected'), refused + 2);
      assert.equal(end.output(), answered, 'nothing came through');
      end.child.kill('SIGKILL');
      await end.ended;
    });
  }

  it('tells of ESP that it has no SA for: an event, a line in the log, a counter', async () => {
    const events: AuditEvent[] = [];
    let ready = false;
    const subscription = gateway.client.subscribe('audit', {
      onSnapshot: () => {
        ready = true;
      },
      onEvent: (event) => {
        events.push(event);
      },
    });
    await until('subscribed', () => ready);
    await network.run(far, '/usr/bin/python3', '-c', STRANGER);
    await until('the event', () => events.length > 0);
    subscription.close();
    const { at_ms: at, ...event } = events[0]!;
    assert.ok(at > 0);
    assert.deepEqual(event, {
      kind: 'refused',
      reason: 'unknown_spi',
      spi: 0x0badcafe,
      sequence: 7,
      interface: 'wan',
      outer: { src: FAR, dst: '10.2.0.1' },
      flow_label: null,
      inner: null,
    });
    assert.equal(await gateway.count('esp-input/unknown_spi'), 1);
    assert.match(gateway.log, /IPsec refused packets/);
  });
});
