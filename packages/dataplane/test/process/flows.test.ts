// Flows as collectors of others read them: nfdump and tshark find what hosts have really sent.
import assert from 'node:assert/strict';
import { type DataplaneState, ipfixSection, until } from '@sluice/shared';
import { type CollectedFlow, Collector, SLOWLY } from './support/collector.js';
import { Gateway, port } from './support/gateway.js';
import { Network } from './support/network.js';

const LAN = port('lan', 'p0', ['10.1.0.1/24', '2001:db8:1::1/64']);
const WAN = port('wan', 'p1', ['10.2.0.1/24', '2001:db8:2::1/64']);
const OPS = port('ops', 'p2', ['10.3.0.1/24'], { vrf: 'ops' });
const HOST = '10.1.0.2';
const HOST6 = '2001:db8:1::2';
const FAR = '10.2.0.2';
const FAR6 = '2001:db8:2::2';
const COLLECTOR = '10.3.0.2';

/** Sends so many datagrams of so many octets each from a port to another. */
const SEND = `
import socket, sys
for order in sys.argv[1:]:
    source, destination, sport, dport, count, octets, tos = order.split(',')
    six = ':' in source
    s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(*((socket.IPPROTO_IPV6, socket.IPV6_TCLASS) if six else (socket.IPPROTO_IP, socket.IP_TOS)), int(tos))
    s.bind((source, int(sport)))
    for _ in range(int(count)):
        s.sendto(bytes(int(octets)), (destination, int(dport)))
`;

describe('data plane process: flows', function () {
  this.timeout(120_000);
  let network: Network;
  let gateway: Gateway;
  let host: string;
  let far: string;
  let ops: string;
  let collector: Collector;

  beforeEach(async () => {
    network = new Network();
    host = network.host('host', 'p0', `${HOST}/24`, '10.1.0.1');
    far = network.host('far', 'p1', `${FAR}/24`, '10.2.0.1');
    ops = network.host('ops', 'p2', `${COLLECTOR}/24`, '10.3.0.1');
    network.address6(host, `${HOST6}/64`, '2001:db8:1::1');
    network.address6(far, `${FAR6}/64`, '2001:db8:2::1');
    collector = new Collector(network, ops);
    gateway = new Gateway(network);
  });
  afterEach(async () => {
    await gateway.close();
    await network.close();
    collector.close();
  });

  const apply = (more: Partial<DataplaneState['ipfix']> = {}): Promise<unknown> =>
    gateway.apply({
      vrfs: [{ name: 'default' }, { name: 'ops' }],
      interfaces: [LAN, WAN, OPS],
      ipfix: ipfixSection.parse({
        interfaces: ['lan'],
        collectors: [{ host: COLLECTOR, vrf: 'ops' }],
        idle_timeout_s: 1,
        ...more,
      }),
    });
  const send = async (...orders: string[]): Promise<void> => {
    const { code, output } = await network.run(host, 'python3', '-c', SEND, ...orders);
    assert.equal(code, 0, output);
  };
  const shown = () => gateway.client.request('show-flows', {});
  /** What nfdump found of UDP. Neighbour discovery, which hosts do as they like, is metered too. */
  const collected = async () => (await collector.flows()).filter(({ protocol }) => protocol === 17);
  /** Likewise, in however many records each flow came. */
  const sums = async () => (await collected()).map(({ records: _, ...flow }) => flow);
  const allEnded = (): Promise<unknown> =>
    until('all flows have ended', async () => (await shown()).total === 0, SLOWLY);
  /** Likewise, and the collector, which has listened from the beginning, has read all messages. */
  const allExported = async (): Promise<void> => {
    await allEnded();
    const { messages } = (await shown()).collectors[0]!;
    await until('the collector has read all messages', () => collector.read() >= messages, SLOWLY);
  };
  const flow = (more: Partial<CollectedFlow>): Omit<CollectedFlow, 'records'> => ({
    src: HOST,
    dst: FAR,
    protocol: 17,
    srcPort: 5001,
    dstPort: 6001,
    tos: 0,
    flags: '........',
    packets: 1,
    octets: 0,
    ...more,
  });

  it('are exported when they are idle, and collected as they were sent: octets, packets, ports, class', async () => {
    await collector.listen();
    await collector.capture();
    await apply({ idle_timeout_s: 2 });
    await send(
      `${HOST},${FAR},5001,6001,5,100,0`,
      `${HOST},${FAR},5002,6002,7,1000,184`,
      `${HOST6},${FAR6},5003,6003,4,500,40`,
    );
    await allExported();
    const { messages: given } = (await shown()).collectors[0]!;
    await collector.stop();
    assert.deepEqual(await sums(), [
      flow({ packets: 5, octets: 5 * 128 }),
      flow({ srcPort: 5002, dstPort: 6002, tos: 184, packets: 7, octets: 7 * 1028 }),
      flow({ src: HOST6, dst: FAR6, srcPort: 5003, dstPort: 6003, tos: 40, packets: 4, octets: 4 * 548 }),
    ]);

    // tshark sees the same, one message after the other, none lost, each flow with its end.
    const fields = ['version', 'octets', 'packets', 'flow_end_reason', 'sequence', 'if_name'];
    const messages = await collector.dissected(given, ...fields.map((field) => `cflow.${field}`));
    const values = (at: number): string[] =>
      messages.flatMap((cells) => cells[at]!.split(',')).filter(Boolean);
    assert.deepEqual(new Set(values(0)), new Set(['10']));
    for (const [octets, packets] of [
      [640, 5],
      [7196, 7],
      [2192, 4],
    ])
      assert.equal(values(2)[values(1).indexOf(`${octets}`)], `${packets}`);
    assert.deepEqual(new Set(values(3)), new Set(['1']));
    assert.deepEqual(new Set(values(5)), new Set(['lan', 'wan', 'ops']));
    let sequence = 0;
    for (const cells of messages) {
      assert.equal(Number(cells[4]), sequence);
      for (const at of [1, 5]) sequence += cells[at]!.split(',').filter(Boolean).length;
    }
    const { lost_records: lost, problem } = (await shown()).collectors[0]!;
    assert.deepEqual({ lost, problem }, { lost: 0, problem: null });
    const { problems } = await gateway.give({ ipfix: ipfixSection.parse({ max_flows: 100 }) });
    assert.deepEqual(problems, ['ipfix.max_flows is 65536 until the data plane is restarted']);
  });

  it('that go on are exported in parts, whose octets are those that iperf3 has sent', async () => {
    await collector.listen();
    await apply({ active_timeout_s: 1, idle_timeout_s: 2 });
    const server = network.start(far, 'iperf3', '-s', '-1', '--forceflush');
    await until('iperf3 listens', () => server.output().includes('listening'));
    const sent = await network.run(host, 'iperf3', '-c', FAR, '-u', '-b', '2M', '-l', '500', '-t', '3', '-J');
    assert.equal(sent.code, 0, sent.output);
    await server.ended;
    const { packets, bytes } = (
      JSON.parse(sent.output) as { end: { sum: { packets: number; bytes: number } } }
    ).end.sum;
    await allExported();
    await collector.stop();
    const all = await collected();
    const [stream] = all;
    assert.equal(all.length, 1);
    assert.ok(stream!.records >= 2, `${stream!.records} records`);
    // Before its datagrams iperf3 sends one of four octets, by which the server knows the port.
    assert.deepEqual(
      { packets: stream!.packets, octets: stream!.octets },
      { packets: packets + 1, octets: bytes + 4 + 28 * (packets + 1) },
    );
  });

  it('are lost to a collector that is not there, which is told the templates when it is; none is lost at the end', async () => {
    const timeouts = { template_refresh_s: 1 };
    network.sync(ops, 'sysctl', '-qw', 'net.ipv4.icmp_ratelimit=0');
    await apply(timeouts);
    let source = 5100;
    await until(
      'a refused record',
      async () => {
        await send(`${HOST},${FAR},${source++},6001,1,10,0`);
        return (await shown()).collectors[0]!.lost_records > 0;
      },
      { intervalMs: 500 },
    );
    await allEnded();
    await collector.listen();
    await until('templates again', () => collector.read() > 0, SLOWLY);
    await send(`${HOST},${FAR},5002,6002,3,10,0`);
    await allEnded();

    await apply({ ...timeouts, idle_timeout_s: 600, active_timeout_s: 600 });
    await send(`${HOST},${FAR},5003,6003,2,10,0`);
    await until(
      'counted',
      async () => (await shown()).flows.some(({ src_port: port, packets }) => port === 5003 && packets === 2),
      SLOWLY,
    );
    assert.equal(await gateway.end('SIGTERM'), 0, gateway.log);
    await collector.stop();
    const wanted = (await sums()).filter(({ srcPort }) => srcPort < 5100);
    assert.deepEqual(wanted, [
      flow({ srcPort: 5002, dstPort: 6002, packets: 3, octets: 3 * 38 }),
      flow({ srcPort: 5003, dstPort: 6003, packets: 2, octets: 2 * 38 }),
    ]);
  });
});
