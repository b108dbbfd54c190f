// Captures from the graph to the file, read by tshark.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CaptureFilter, captureFilterSchema } from '@sluice/shared';
import { CaptureSession } from '../../src/control/capture-session.js';
import {
  allocateCaptureRing,
  CAPTURE_IN,
  CAPTURE_RING_BYTES,
  Capture,
  CaptureReader,
} from '../../src/graph/capture.js';
import { GRAPH } from '../../src/graph/graph.js';
import { allocatePool, PacketPool } from '../../src/memory/packet-pool.js';
import type { Bench } from '../support/bench.js';
import { hex, ip4, pattern } from '../support/packets.js';
import { FAR, HOST, LAN, REMOTE_HOST, site, siteWithTunnel } from '../support/site.js';

describe('capture', () => {
  let directory: string;
  let bench: Bench;
  let session: CaptureSession;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-capture-'));
  });
  afterEach(() => {
    bench.close();
    rmSync(directory, { recursive: true, force: true });
  });

  function open(names: string[]): void {
    session = new CaptureSession(
      directory,
      bench.shared.captures,
      bench.forwarders.map(({ capture }) => ({
        captureStart: async (order) => capture.start(order),
        captureStop: async () => capture.stop(),
      })),
      {
        row: (name) => (names.includes(name) ? bench.row(name) : undefined),
        interface: (row) => names.find((name) => bench.row(name) === row) ?? '',
        reason: (node, reason) => `${GRAPH[node]?.name}/${GRAPH[node]?.counters[reason]?.name}`,
      },
    );
  }
  const start = (filter: Partial<CaptureFilter> = {}): Promise<unknown> =>
    session.start(captureFilterSchema.parse(filter), 0);
  /** What tshark reads: interface, direction flag, comment, source, destination, protocols. */
  async function read(): Promise<string[][]> {
    const { file } = await session.stop();
    const fields = [
      'frame.interface_name',
      'frame.packet_flags_direction',
      'frame.comment',
      'ip.src',
      'ip.dst',
      'frame.protocols',
    ];
    const args = [
      '-r',
      file!,
      '-T',
      'fields',
      '-E',
      'separator=|',
      ...fields.flatMap((field) => ['-e', field]),
    ];
    const out = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('|'));
  }
  const packet = ip4({ src: HOST, dst: FAR, payload: pattern(40) });

  it('shows what crosses interfaces, each way', async () => {
    bench = site();
    open(['lan', 'wan']);
    bench.pushIp('lan', packet);
    bench.run();
    await start();
    bench.pushIp('lan', packet);
    bench.run();
    const inbound = await read();
    assert.deepEqual(
      inbound.map((line) => line.slice(0, 5)),
      [
        ['lan', '0x00000001', '', HOST, FAR],
        ['wan', '0x00000002', '', HOST, FAR],
      ],
    );
    assert.ok(inbound.every((line) => line[5]!.startsWith('eth:ethertype:ip')));
    bench.pushIp('lan', packet);
    bench.run();
    assert.equal(bench.sent('wan').length, 3);
    bench.expect({});
  });

  it('shows drops with their reasons, and nothing else when asked so', async () => {
    bench = site();
    open(['lan', 'wan']);
    await start({ traffic: false, drops: true });
    const wrong = ip4({ src: HOST, dst: FAR, checksum: 1 });
    bench.pushIp('lan', packet, wrong);
    bench.push('lan', pattern(9));
    bench.run();
    assert.deepEqual(
      (await read()).map((line) => line.slice(0, 3)),
      [
        ['lan drops', '', 'dropped: ethernet-input/runt'],
        ['lan drops', '', 'dropped: ip4-input/bad_checksum'],
      ],
    );
    bench.sent('wan');
    bench.expect({ 'ethernet-input/runt': 1, 'ip4-input/bad_checksum': 1 });
  });

  it('shows fragments that were kept and dropped later, each with its reason', async () => {
    bench = site();
    open(['lan', 'wan']);
    await start({ traffic: false, drops: true });
    const part = (at: number, id: number): Uint8Array =>
      ip4({ src: HOST, dst: LAN, id, mf: true, fragmentOffset: at, payload: pattern(16) });
    bench.pushIp('lan', part(16, 1), part(24, 1), part(16, 2));
    bench.run();
    bench.now += 60_000;
    bench.run();
    assert.deepEqual(
      (await read()).map((line) => line[2]),
      ['overlap', 'overlap', 'timeout'].map((reason) => `dropped: ip4-reassembly/${reason}`),
    );
    bench.expect({ 'ip4-reassembly/overlap': 2, 'ip4-reassembly/timeout': 1 });
  });

  it('shows both sides of encryption', async () => {
    bench = siteWithTunnel();
    open(['lan', 'wan', 'tun']);
    await start({ interfaces: ['tun', 'wan'] });
    bench.pushIp('lan', ip4({ src: HOST, dst: REMOTE_HOST, payload: pattern(40) }));
    bench.run();
    const lines = await read();
    assert.deepEqual(
      lines.map(([name, direction, , source, destination, protocols]) => [
        name,
        direction,
        [source, destination].includes(REMOTE_HOST),
        protocols!.includes('esp'),
      ]),
      [
        ['tun', '0x00000002', true, false],
        ['wan', '0x00000002', false, true],
      ],
    );
    bench.sent('wan');
    bench.expect({});
  });

  it('keeps to its filter, its length and its number', async () => {
    bench = site();
    open(['lan', 'wan']);
    await start({ interfaces: ['lan'], prefix: `${FAR}/32`, snap_length: 64, count: 2 });
    for (let i = 0; i < 5; i++) bench.pushIp('lan', packet, ip4({ src: HOST, dst: '198.51.100.9' }));
    bench.run();
    await session.tick(0);
    assert.equal(session.status(0).active, false, 'ended by itself');
    const { file, packets } = await session.stop();
    assert.equal(packets, 2);
    const sizes = execFileSync(
      'tshark',
      ['-r', file!, '-T', 'fields', '-e', 'frame.cap_len', '-e', 'frame.len'],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    assert.equal(sizes, '64\t74\n64\t74\n');
    bench.sent('wan');
    bench.expect({});
  });

  it('ends with a sentence when its file takes no more, and nothing else does', () => {
    const scenario = fileURLToPath(new URL('./scenarios/capture-full-disk.js', import.meta.url));
    // The mount is gone with the last process of its namespace.
    execFileSync('unshare', ['--mount', process.execPath, '--enable-source-maps', scenario, directory], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    bench = site();
  });

  it('ends when nobody asks for it, and takes its file along with the next', async () => {
    bench = site();
    open(['lan']);
    await start();
    const { file } = session.status(1_000);
    await session.tick(10_999);
    assert.equal(session.status(0).active, true);
    await session.tick(11_000);
    assert.equal(session.status(0).active, false);
    assert.ok(readFileSync(file!).length > 0);
    await start();
    assert.throws(() => readFileSync(file!), /ENOENT/);
    await assert.rejects(start({ interfaces: ['nope'] }), /no interface "nope"/);
    await session.stop();
  });
});

describe('the ring of a capture', () => {
  it('gives back what was written, across its end, and counts what did not fit', () => {
    const pool = new PacketPool(allocatePool(1), 1);
    const buffer = allocateCaptureRing();
    const capture = new Capture(pool, buffer);
    const reader = new CaptureReader(buffer);
    capture.start({ rows: null, traffic: true, drops: false, snapLength: 2048 });
    let written = 0;
    let read = 0;
    const take = (): void => {
      for (const { bytes, length, row, time } of reader.read()) {
        const size = 60 + (read % 1500);
        assert.deepEqual([length, row], [size, read % 7]);
        assert.equal(hex(bytes), hex(pattern(size, read)));
        assert.ok(time > 1.6e15);
        read++;
      }
    };
    for (; written < 8_000; written++) {
      const size = 60 + (written % 1500);
      pool.offset[0] = 256;
      pool.length[0] = size;
      pool.bytes.set(pattern(size, written), 256);
      capture.packet(0, written % 7, CAPTURE_IN, false);
      if (written % 100 === 99) take();
    }
    take();
    assert.deepEqual([read, reader.missed], [written, 0]);
    const before = Math.floor(CAPTURE_RING_BYTES / 96);
    pool.length[0] = 64;
    for (let i = 0; i < before + 10; i++) capture.packet(0, 0, CAPTURE_IN, false);
    assert.equal(reader.missed, 10);
    assert.equal(reader.read().length, before);
  });
});
