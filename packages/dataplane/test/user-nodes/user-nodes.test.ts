// Users' nodes in the graph of one worker.
import assert from 'node:assert/strict';
import { GraphCounters, USER_SLOT_COUNTERS } from '../../src/graph/counters.js';
import { GRAPH } from '../../src/graph/graph.js';
import { ADJ_FEATURES_IP4, ADJ_SHIFT } from '../../src/tables/adjacencies.js';
import { InterfaceTable } from '../../src/tables/interfaces.js';
import { USER_NODE_COUNTERS } from '../../src/user-nodes/adapt.js';
import type { Bench } from '../support/bench.js';
import { fixChecksum, forwarded, ip4, pattern, udp } from '../support/packets.js';
import { FAR, HOST, site } from '../support/site.js';
import { NodeFiles, nodeSource } from './support.js';

const BIT = 20;

describe("users' nodes", function () {
  this.timeout(120_000);
  let bench: Bench;
  let files: NodeFiles;
  beforeEach(() => {
    bench = site();
    files = new NodeFiles();
  });
  afterEach(() => {
    bench.close();
    files.close();
  });

  const packet = ip4({ src: HOST, dst: FAR, protocol: 17, payload: udp(4000, 53, pattern(20)) });
  const switchOn = (name: string, mask = 1 << BIT): void => {
    new InterfaceTable(bench.shared.interfaces).features4[bench.row(name)] = mask;
  };
  /** Counters of the node in a slot: bad, seen, failed_on, not_seen, held_back. */
  const counted = (slot = 0): number[] => [
    ...new GraphCounters(GRAPH, bench.shared.counters[0]!).ofNode(GRAPH.length + slot).subarray(0, 5),
  ];
  const send = (bytes: Uint8Array = packet): Uint8Array[] => {
    bench.pushIp('lan', bytes);
    bench.run();
    return bench.sentIp('wan');
  };

  it('have room for their counters', () => {
    assert.ok(USER_NODE_COUNTERS <= USER_SLOT_COUNTERS);
  });

  it('see the packets of the interfaces where they are on, and drop under their own counter', async () => {
    const source = nodeSource('packet.count(SEEN); return packet.destinationPort === 53 ? BAD : PASS;');
    await files.loadInto(bench, files.write('a.ts', source));
    assert.deepEqual(send(), [forwarded(packet)], 'off everywhere');
    switchOn('lan');
    assert.deepEqual(send(), []);
    const other = ip4({ src: HOST, dst: FAR, protocol: 17, payload: udp(4000, 54, pattern(20)) });
    assert.deepEqual(send(other), [forwarded(other)]);
    assert.deepEqual(counted(), [1, 2, 0, 0, 0]);
    bench.expect({});
  });

  it('count under their own counters only', async () => {
    const source = nodeSource('for (const i of [-1, 0.5, 1, 2, 4, 99]) packet.count(i); return PASS;');
    await files.loadInto(bench, files.write('a.ts', source));
    switchOn('lan');
    assert.deepEqual(send(), [forwarded(packet)]);
    assert.deepEqual(counted(), [0, 1, 0, 0, 0]);
    bench.expect({});
  });

  it('may change a packet', async () => {
    const file = files.write(
      'a.ts',
      nodeSource('packet.dscp = 46; packet.setU8(packet.length - 1, 7); return PASS;'),
    );
    await files.loadInto(bench, file);
    switchOn('lan');
    const changed = Uint8Array.from(forwarded(packet));
    changed[1] = 46 << 2;
    changed[changed.length - 1] = 7;
    assert.deepEqual(send(), [fixChecksum(changed)]);
    bench.expect({});
  });

  it('stand on the way out, too', async () => {
    await files.loadInto(bench, files.write('a.ts', nodeSource('return BAD;', 'out-node', 'ip4-output')));
    const adjacencies = new Int32Array(bench.shared.adjacencies);
    for (let at = 0; at < 64 << ADJ_SHIFT; at += 1 << ADJ_SHIFT)
      adjacencies[at + ADJ_FEATURES_IP4] = 1 << BIT;
    assert.deepEqual(send(), []);
    assert.deepEqual(counted(), [1, 0, 0, 0, 0]);
    bench.expect({});
  });

  it('come one after the other, and go', async () => {
    await files.loadInto(
      bench,
      files.write('a.ts', nodeSource('packet.count(SEEN); return PASS;', 'first')),
      0,
      20,
    );
    await files.loadInto(bench, files.write('b.ts', nodeSource('return BAD;', 'second')), 1, 21);
    switchOn('lan', 0b11 << 20);
    assert.deepEqual(send(), []);
    bench.forwarders[0]!.userNodes.unload(1);
    assert.deepEqual(send(), [forwarded(packet)], 'a bit without a node passes');
    assert.deepEqual(
      [counted(0), counted(1)],
      [
        [0, 2, 0, 0, 0],
        [1, 0, 0, 0, 0],
      ],
    );
    await files.loadInto(bench, files.write('c.ts', nodeSource('return BAD;', 'third')), 1, 21);
    assert.deepEqual(counted(1), [0, 0, 0, 0, 0], 'a new node in a slot begins at zero');
    await assert.rejects(
      files.loadInto(bench, files.write('d.ts', nodeSource('return PASS;', 'third')), 2, 22),
      /already/,
    );
    bench.expect({});
  });

  const faults: [string, string, RegExp][] = [
    [
      'throws',
      "if (packet.u8(9) === 17) throw new Error('no UDP here'); return PASS;",
      /^Error: no UDP here \(line 12\)$/,
    ],
    [
      'reads beyond the packet',
      'return packet.u32(2000);',
      /^RangeError: offset 2000 is beyond the packet's 48 octets/,
    ],
    ['writes before it', 'packet.setU8(-1, 0); return PASS;', /^RangeError: offset -1/],
    [
      'loops for ever',
      'while (packet.length > 0) {} return PASS;',
      /^LoopBudgetError: looped for more than 20 ms/,
    ],
    ['calls itself for ever', 'const f = (): number => f(); return f();', /^RangeError: Maximum call stack/],
    ['returns a counter that is no drop', 'return SEEN;', /returned 1, which is neither PASS/],
    ['returns nothing', 'return undefined as unknown as number;', /returned undefined/],
    ['returns a fraction', 'return 0.5;', /returned 0\.5/],
  ];
  for (const [what, body, message] of faults) {
    it(`that ${what}: the packet is dropped and named, the node is off, traffic goes on`, async () => {
      await files.loadInto(bench, files.write('a.ts', nodeSource(body)));
      switchOn('lan');
      assert.deepEqual(send(), []);
      assert.deepEqual(send(), [forwarded(packet)]);
      assert.deepEqual(counted(), [0, 0, 1, 1, 0]);
      const [report] = bench.forwarders[0]!.userNodes.faults();
      assert.equal(report?.fault.node, 'test-node');
      assert.match(report.fault.message, message);
      assert.equal(report.fault.packetHex, Buffer.from(packet).toString('hex'));
      bench.expect({});
    });
  }

  it('may be told to hold packets back after a fault', async () => {
    const file = files.write('a.ts', nodeSource("throw new Error('x');"));
    await files.loadInto(bench, file, 0, BIT, 'drop');
    switchOn('lan');
    assert.deepEqual([send(), send(), send()], [[], [], []]);
    assert.deepEqual(counted(), [0, 0, 1, 0, 2]);
    bench.expect({});
  });

  it('see each packet of a vector as itself', async () => {
    await files.loadInto(
      bench,
      files.write('a.ts', nodeSource('return packet.u8(packet.length - 1) & 1 ? BAD : PASS;')),
    );
    switchOn('lan');
    const packets = Array.from({ length: 64 }, (_, i) =>
      ip4({ src: HOST, dst: FAR, payload: Uint8Array.of(i) }),
    );
    for (const one of packets) bench.pushIp('lan', one);
    bench.run();
    assert.deepEqual(
      bench.sentIp('wan'),
      packets.filter((_, i) => i % 2 === 0).map((one) => forwarded(one)),
    );
    assert.deepEqual(counted(), [32, 0, 0, 0, 0]);
    bench.expect({});
  });
});

describe("loading users' files", function () {
  this.timeout(120_000);
  let files: NodeFiles;
  beforeEach(() => {
    files = new NodeFiles();
  });
  afterEach(() => files.close());

  it('says what a file is', async () => {
    const { node, hash } = await files.load(files.write('a.ts', nodeSource('return PASS;')));
    assert.deepEqual(
      [node.name, node.arc, node.counters.map(({ name }) => name)],
      ['test-node', 'ip4-unicast', ['bad', 'seen']],
    );
    const other = await files.load(files.write('b.ts', nodeSource('return BAD;')));
    assert.notEqual(other.hash, hash);
  });

  const bad: [string, string, RegExp][] = [
    ['throws when it is loaded', "throw new Error('early');", /Error: early/],
    ['never finishes loading', 'for (;;) {}', /LoopBudgetError/],
    ['waits for ever', 'await new Promise(() => {});', /not loaded within|ended the thread/],
    ['ends the process', 'process.exit(0);', /ended the thread/],
    ['exports nothing', 'export const x = 1;', /no default export/],
    ['has a bad name', nodeSource('return PASS;', 'Bad_Name'), /lower-case words/],
    [
      'names no arc',
      nodeSource('return PASS;', 'ok', 'ip5-unicast'),
      /"ip5-unicast" is no arc: use one of ip4-unicast/,
    ],
  ];
  for (const [what, source, message] of bad) {
    it(`refuses one that ${what}`, async () => {
      await assert.rejects(files.load(files.write('a.ts', source)), message);
    });
  }

  it('refuses one that is not there, or that others may write', async () => {
    await assert.rejects(files.load('/nonexistent/x.ts'), /\/nonexistent\/x\.ts cannot be read: ENOENT/);
    const file = files.write('a.ts', nodeSource('return PASS;'));
    const { chmodSync } = await import('node:fs');
    chmodSync(file, 0o666);
    await assert.rejects(files.load(file), /may be written by others than root/);
  });
});
