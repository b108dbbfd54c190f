import assert from 'node:assert/strict';
import { framesIn, Lab, type LabNode } from '../src/index.js';
import { sendTcp, sendUdp } from './fixtures/traffic.js';

/** Until two were answered. */
const PING = ['ping', '-c', '2', '-i', '0.05', '-w', '10'];

describe('nodes joined by links', () => {
  let lab: Lab;
  let a: LabNode;
  let b: LabNode;

  beforeEach(async () => {
    lab = await Lab.create({ name: 'network-test' });
    [a, b] = await Promise.all([lab.host('a'), lab.host('b')]);
  });

  afterEach(() => lab.stop());

  async function throughRouter(mtu: number): Promise<void> {
    const router = await lab.router('router');
    await lab.link(a.port('eth0', '10.1.0.2/24'), router.port('left', '10.1.0.1/24'));
    await lab.link(b.port('eth0', '10.2.0.2/24'), router.port('right', '10.2.0.1/24'), { mtu });
    await Promise.all([a.route('default', '10.1.0.1'), b.route('default', '10.2.0.1')]);
  }

  it('a router passes ping, TCP and UDP', async () => {
    await throughRouter(1500);
    assert.match((await a.run([...PING, '10.2.0.2'])).stdout, /ttl=63[\s\S]* 2 received/);
    assert.equal(await sendTcp(a, b, '10.2.0.2', 2 << 20), 2 << 20);
    await sendUdp(a, b, '10.2.0.2', 50);
  });

  it('a host does not forward', async () => {
    const middle = await lab.host('middle');
    await lab.link(a.port('eth0', '10.1.0.2/24'), middle.port('left', '10.1.0.1/24'));
    await lab.link(b.port('eth0', '10.2.0.2/24'), middle.port('right', '10.2.0.1/24'));
    await Promise.all([a.route('default', '10.1.0.1'), b.route('default', '10.2.0.1')]);
    const { code } = await a.run(['ping', '-c', '1', '-W', '1', '10.2.0.2'], { check: false });
    assert.equal(code, 1);
  });

  it('a link has the MTU that it is given, and the router says so', async () => {
    await throughRouter(1400);
    const ping = (size: number): Promise<{ stdout: string }> =>
      a.run(['ping', '-c', '1', '-W', '2', '-M', 'do', '-s', String(size), '10.2.0.2'], { check: false });
    assert.match((await ping(1400 - 28)).stdout, / 1 received/);
    assert.match((await ping(1400 - 27)).stdout, /Frag needed and DF set \(mtu = 1400\)/);
  });

  it('a NAT hides what is behind it, and lets nothing in that nobody asked for', async () => {
    const nat = await lab.nat('nat');
    await lab.link(a.port('eth0', '10.1.0.2/24'), nat.port('lan', '10.1.0.1/24'));
    await lab.link(nat.port('wan', '192.0.2.1/24'), b.port('eth0', '192.0.2.2/24'));
    await a.route('default', '10.1.0.1');
    const capture = await b.capture({ interface: 'eth0', filter: 'icmp' });
    await a.run([...PING, '192.0.2.2']);
    await capture.waitFor(4);
    const sources = (await framesIn(await capture.stop(), ['ip.src'])).map((frame) => frame['ip.src']);
    assert.deepEqual([...new Set(sources)].sort(), ['192.0.2.1', '192.0.2.2']);
    const { code } = await b.run(['ping', '-c', '1', '-W', '1', '10.1.0.2'], { check: false });
    assert.notEqual(code, 0);
  });

  it('a bridge joins its ports into one network', async () => {
    const [lan, c] = await Promise.all([lab.bridge('lan'), lab.host('c')]);
    const hosts = [a, b, c];
    await Promise.all(
      hosts.map((host, i) => lab.link(host.port('eth0', `10.0.0.${i + 1}/24`), lan.port(`port${i}`))),
    );
    await a.run([...PING, '10.0.0.2']);
    await b.run([...PING, '10.0.0.3']);
    assert.equal(await sendTcp(a, c, '10.0.0.3', 1 << 20), 1 << 20);
  });

  it('a rate holds what passes to it', async () => {
    await lab.link(a.port('eth0', '10.0.0.1/24'), b.port('eth0', '10.0.0.2/24'), { rateMbit: 20 });
    const listening = await b.start(['iperf3', '-s', '-1'], { ready: { tcp: 5201 } });
    const began = performance.now();
    const { stdout } = await a.run(['iperf3', '-J', '-c', '10.0.0.2', '-t', '1']);
    // By a clock of its own: a receiver that starts late reports what has waited for it in less time.
    const seconds = (performance.now() - began) / 1000;
    await listening.exited;
    const { end } = JSON.parse(stdout) as { end: { sum_received: { bytes: number } } };
    const mbit = (end.sum_received.bytes * 8) / seconds / 1e6;
    assert.ok(mbit > 0 && mbit < 25, `${mbit} Mbit/s`);
  });

  it('IPv6 is off unless wanted', async () => {
    assert.equal((await a.run(['ip', '-6', 'addr', 'show', 'dev', 'lo'])).stdout, '');
    const [d, e] = await Promise.all([lab.host('d', { ipv6: true }), lab.host('e', { ipv6: true })]);
    await lab.link(d.port('eth0', 'fd00::1/64'), e.port('eth0', 'fd00::2/64'));
    await d.run([...PING, 'fd00::2']);
  });

  it('frames that reach a gateway have their checksums, and those between kernels need not', async () => {
    const gateway = await lab.gateway('gateway');
    await lab.link(a.port('eth0', '10.1.0.2/24'), gateway.port('lan0'));
    await lab.link(a.port('eth1', '10.2.0.2/24'), b.port('eth0', '10.2.0.1/24'));
    // The gateway does not run, so nothing answers ARP for it.
    await a.run(['ip', 'neigh', 'add', '10.1.0.1', 'lladdr', '02:00:00:00:00:01', 'dev', 'eth0']);
    assert.deepEqual(await checksumStates(a, '10.1.0.1', gateway, 'lan0'), ['1']);
    assert.deepEqual(await checksumStates(a, '10.2.0.1', b, 'eth0'), ['0']);
  });
});

/** udp.checksum.status of a datagram, as it is seen where it arrives: 1 is good, 0 is bad. */
async function checksumStates(from: LabNode, to: string, at: LabNode, device: string): Promise<string[]> {
  const capture = await at.capture({ interface: device, filter: 'udp port 9', name: `checksum-${device}` });
  const send = `const s = require('node:dgram').createSocket('udp4'); s.send('sluice', 9, '${to}', () => s.close());`;
  await from.run([process.execPath, '-e', send]);
  await capture.waitFor(1);
  const fields = ['-T', 'fields', '-e', 'udp.checksum.status', '-o', 'udp.check_checksum:TRUE'];
  const { stdout } = await at.run(['tshark', '-n', '-r', await capture.stop(), ...fields]);
  return stdout.trim().split('\n');
}
