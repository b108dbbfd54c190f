import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { until } from '@sluice/shared';
import { FlowExporter } from '../../../src/control/flows/flow-exporter.js';
import { IpfixCollector } from '../../../src/control/flows/ipfix-collector.js';
import { IpfixMessage } from '../../../src/control/flows/ipfix-message.js';
import { addFlow, addTemplates } from '../../../src/control/flows/ipfix-templates.js';
import { allocateFlows, FlowTable } from '../../../src/tables/flows.js';
import { viewOf } from '../../support/packets.js';

const NOW = 1_700_000_000_123;
const DOMAIN = 0xf0000001;

/** A table with one flow, written by offsets of its own: 10.1.0.10:4000 → 198.51.100.7:443, TCP. */
function tableOfOne(kind = 6 | (0xb8 << 8)): FlowTable {
  const memory = allocateFlows(16);
  const row = new DataView(memory.rows, 0, 96);
  for (const [i, octet] of [10, 1, 0, 10, 198, 51, 100, 7].entries()) row.setUint8(i, octet);
  row.setUint32(32, (4000 << 16) | 443, true);
  row.setUint32(36, kind, true);
  row.setUint32(40, (3 << 16) | 5, true);
  row.setUint32(44, 6, true);
  row.setUint32(48, 0x1b, true);
  row.setFloat64(56, 12, true);
  row.setFloat64(64, 2 ** 40 + 5, true);
  row.setFloat64(72, NOW - 1_000, true);
  row.setFloat64(80, NOW, true);
  return new FlowTable(memory, 0);
}

/** Sets of a message: their ids and what is in them. */
function setsOf(message: Uint8Array): [number, Uint8Array][] {
  const view = viewOf(message);
  assert.equal(view.getUint16(0), 10);
  assert.equal(view.getUint16(2), message.length);
  const sets: [number, Uint8Array][] = [];
  for (let at = 16; at < message.length; at += view.getUint16(at + 2))
    sets.push([view.getUint16(at), message.subarray(at + 4, at + view.getUint16(at + 2))]);
  return sets;
}

describe('IPFIX messages', () => {
  it('have a header, a set, and a record whose fields stand where the template says', () => {
    const message = new IpfixMessage();
    assert.equal(addFlow(message, tableOfOne(), 0, 1), true);
    message.finish(NOW, 0xfffffffe, DOMAIN);
    const bytes = message.bytes.subarray(0, message.length);
    const view = viewOf(bytes);
    assert.deepEqual(
      [4, 8, 12].map((at) => view.getUint32(at)),
      [1_700_000_000, 0xfffffffe, DOMAIN],
    );
    const [[id, record]] = setsOf(bytes) as [[number, Uint8Array]];
    const fields = viewOf(record);
    assert.deepEqual([id, record.length], [256, 61]);
    assert.deepEqual([...record.subarray(0, 8)], [10, 1, 0, 10, 198, 51, 100, 7]);
    assert.deepEqual(
      [8, 10].map((at) => fields.getUint16(at)),
      [4000, 443],
    );
    assert.deepEqual([...record.subarray(12, 17)], [6, 0xb8, 0, 0x1b, 1]);
    assert.deepEqual(
      [17, 21, 25].map((at) => fields.getUint32(at)),
      [5, 6, 3],
    );
    assert.deepEqual(
      [29, 37, 45, 53].map((at) => Number(fields.getBigUint64(at))),
      [2 ** 40 + 5, 12, NOW - 1_000, NOW],
    );
  });

  it('describe every record that is sent: the octets of each template are those of its records', () => {
    const templates = new IpfixMessage();
    addTemplates(templates, 100);
    templates.finish(NOW, 0, DOMAIN);
    assert.equal(templates.records, 1);
    const octets = new Map<number, number>();
    let options: Uint8Array = new Uint8Array();
    for (const [id, set] of setsOf(templates.bytes.subarray(0, templates.length))) {
      const view = viewOf(set);
      if (id === 260) options = set;
      for (let at = 0; id <= 3 && at < set.length; ) {
        const head = id === 2 ? 4 : 6;
        const count = view.getUint16(at + 2);
        let sum = 0;
        for (let i = 0; i < count; i++) sum += view.getUint16(at + head + 4 * i + 2);
        octets.set(view.getUint16(at), sum);
        at += head + 4 * count;
      }
    }
    assert.equal(octets.get(260), options.length);
    assert.deepEqual([...options], [0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 99]);
    const ip6 = 1 << 16;
    for (const kind of [17, 17 | ip6, 1, 58 | ip6]) {
      const message = new IpfixMessage();
      addFlow(message, tableOfOne(kind), 0, 2);
      message.finish(NOW, 0, DOMAIN);
      const [[id, set]] = setsOf(message.bytes.subarray(0, message.length)) as [[number, Uint8Array]];
      assert.equal(set.length, octets.get(id), `template ${id}`);
      // The last field is the end of the flow, wherever it stands.
      assert.equal(Number(viewOf(set).getBigUint64(set.length - 8)), NOW);
    }
    assert.deepEqual([...octets.keys()], [256, 257, 258, 259, 261, 260]);
  });
});

describe('an IPFIX collector', () => {
  let listener: Socket;
  let received: Uint8Array[];
  let exporter: FlowExporter;
  let now: number;
  const listen = async (port = 0): Promise<number> => {
    listener = createSocket('udp4', (message) => received.push(new Uint8Array(message)));
    listener.bind(port, '127.0.0.1');
    await once(listener, 'listening');
    return (listener.address() as AddressInfo).port;
  };
  const collect = (port: number): IpfixCollector =>
    new IpfixCollector({
      section: { host: '127.0.0.1', port, vrf: 'default' },
      namespace: '',
      domain: DOMAIN,
      sampling: 1,
      refreshMs: 60_000,
    });
  beforeEach(() => {
    received = [];
    now = NOW;
    exporter = new FlowExporter(() => now);
  });
  afterEach(() => {
    exporter.close();
    listener.close();
  });
  const isTemplates = (message: Uint8Array): boolean => viewOf(message).getUint16(16) === 2;
  const sequences = (): number[] =>
    received.filter((message) => !isTemplates(message)).map((message) => viewOf(message).getUint32(8));

  it('is told the templates first and again in time; records come in messages of at most 1,352 octets, and are counted', async () => {
    const collector = collect(await listen());
    exporter.collectors = [collector];
    const table = tableOfOne();
    for (let i = 0; i < 50; i++) exporter.add(table, 0, 1);
    exporter.flush();
    exporter.flush();
    await until('four messages', () => received.length === 4);
    assert.deepEqual(received.map(isTemplates), [true, false, false, false]);
    assert.deepEqual(sequences(), [0, 21, 42]);
    assert.deepEqual(
      received.slice(1).map(({ length }) => length),
      [20 + 21 * 61, 20 + 21 * 61, 20 + 8 * 61],
    );
    now += 59_999;
    exporter.tick();
    now += 1;
    exporter.tick();
    await until('templates again', () => received.length === 5);
    assert.ok(isTemplates(received[4]!));
    assert.equal(viewOf(received[4]!).getUint32(8), 50);
    const { messages, records, lost, problem } = collector;
    assert.deepEqual(
      { messages, records, lost, problem },
      { messages: 5, records: 50, lost: 0, problem: null },
    );
  });

  it('is told what interfaces are called, in as many messages as it takes, and again when that changes', async () => {
    const collector = collect(await listen());
    exporter.collectors = [collector];
    const names = Array.from({ length: 100 }, (_, i) => [i + 1, `interface-${i + 1}`] as const);
    collector.name(names);
    exporter.tick();
    await until('templates and two messages', () => received.length === 3);
    assert.ok(received.every(({ length }) => length <= 1_352));
    const told: [number, string][] = [];
    for (const message of received.slice(1)) {
      const [[id, set]] = setsOf(message) as [[number, Uint8Array]];
      assert.equal(id, 261);
      for (let at = 0; at < set.length; at += 5 + set[at + 4]!)
        told.push([
          viewOf(set).getUint32(at),
          String.fromCharCode(...set.subarray(at + 5, at + 5 + set[at + 4]!)),
        ]);
    }
    assert.deepEqual(told, names);
    collector.name(names.map(([row, name]) => [row, name] as const));
    now += 2_000;
    exporter.tick();
    collector.name([[7, 'lan']]);
    exporter.tick();
    await until('templates and one message', () => received.length === 5);
    assert.deepEqual(setsOf(received[4]!), [[261, Uint8Array.of(0, 0, 0, 7, 3, 108, 97, 110)]]);
    assert.deepEqual([viewOf(received[4]!).getUint32(8), collector.records], [100, 101]);
  });

  it('that refuses is counted as having lost records, and told the templates before the next ones', async () => {
    const port = await listen();
    listener.close();
    const collector = collect(port);
    exporter.collectors = [collector];
    const table = tableOfOne();
    let sent = 0;
    const send = (): void => {
      now += 1;
      sent++;
      exporter.add(table, 0, 1);
      exporter.flush();
    };
    await until('a refusal', () => {
      send();
      return collector.lost > 0;
    });
    await listen(port);
    send();
    await until('templates, then the record', () => received.length === 2);
    assert.deepEqual(received.map(isTemplates), [true, false]);
    assert.deepEqual(sequences(), [sent - 1]);
    assert.equal(collector.records + collector.lost, sent);
  });

  it('in a namespace that is not there is a problem, and its records are lost', async () => {
    await listen();
    const section = { host: '127.0.0.1', port: 4739, vrf: 'blue' };
    const settings = {
      section,
      namespace: '/run/netns/sluice-no-such',
      domain: 1,
      sampling: 1,
      refreshMs: 60_000,
    };
    exporter.collectors = [new IpfixCollector(settings)];
    exporter.add(tableOfOne(), 0, 1);
    exporter.flush();
    assert.match(
      exporter.problems().join(),
      /^collector 127\.0\.0\.1 port 4739 in VRF blue: opening a UDP socket in \/run\/netns\/sluice-no-such: ENOENT/,
    );
    assert.equal(exporter.collectors[0]!.lost, 1);
  });
});
