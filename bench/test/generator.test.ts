// The generator's packets and the sink's counts, on a cable between two hosts.
import assert from 'node:assert/strict';
import { framesIn, Lab, type LabNode } from '@sluice/lab';
import { histogramOf } from '../src/wire/latencies.js';
import { lossFreeRate } from '../src/wire/loss-free.js';
import { macOf, setOffloads } from '../src/wire/topology.js';
import { generate, type Load, XdpProgram } from '../src/wire/traffic.js';

const FIELDS = ['eth.dst', 'frame.len', 'ip.src', 'ip.dst', 'ip.ttl', 'ip.checksum', 'udp.dstport'] as const;

/** Of the generator's IPv4 header for a packet of so many octets (RFC 791), as tshark writes it. */
function checksum(octets: number): string {
  const words = [0x4500, octets, 0, 0, (64 << 8) | 17, 0x0a01, 2, 0x0a01, 3];
  const sum = words.reduce((total, word) => total + word, 0);
  const folded = (sum & 0xffff) + (sum >>> 16);
  return `0x${(~folded & 0xffff).toString(16).padStart(4, '0')}`;
}

describe('generator and sink', function () {
  this.timeout(120_000);
  let lab: Lab;
  let near: LabNode;
  let far: LabNode;
  let load: Load;

  before(async () => {
    lab = await Lab.create({ name: 'bench-test' });
    [near, far] = await Promise.all([lab.host('near'), lab.host('far')]);
    await lab.link(near.port('eth0', '10.1.0.2/24'), far.port('eth0', '10.1.0.3/24'));
    // A veth takes XDP frames when it has NAPI.
    await setOffloads(far, 'eth0', 'on', ['gro']);
    load = {
      ...{ fromDevice: 'eth0', toMac: await macOf(far, 'eth0'), from: '10.1.0.2', to: '10.1.0.3' },
      ...{ length: 60, rate: 2_000, seconds: 0.2, core: 0 },
    };
  });
  after(() => lab?.stop());

  for (const sendmmsg of [false, true]) {
    const way = sendmmsg ? 'sendmmsg' : 'live-frames';

    it(`counts all that was sent by ${way}`, async () => {
      const sink = await XdpProgram.attach(far, 'eth0', '--latencies', '10000');
      try {
        const before = await sink.look();
        const sent = await generate(near, { ...load, sendmmsg });
        const file = far.path('latencies');
        const after = await sink.look(file);
        assert.equal(sent.way, way);
        assert.ok(sent.sent > 0);
        assert.equal(after.packets - before.packets, sent.sent);
        assert.equal(after.octets - before.octets, sent.sent * 60);
        const latencies = histogramOf(file);
        assert.equal(latencies.totalCount, sent.sent);
        assert.ok(latencies.minNonZeroValue > 0);
        await sink.look(file);
        assert.equal(histogramOf(file).totalCount, 0);
      } finally {
        await sink.close();
      }
    });

    it(`counts packets of any length by ${way}`, async () => {
      const sink = await XdpProgram.attach(far, 'eth0');
      try {
        const { sent } = await generate(near, { ...load, length: 1514, sendmmsg });
        const { packets, octets } = await sink.look();
        assert.deepEqual({ packets, octets }, { packets: sent, octets: sent * 1514 });
      } finally {
        await sink.close();
      }
    });

    it(`sends whole IPv4 packets of every size by ${way}`, async () => {
      const pass = await XdpProgram.attach(far, 'eth0', '--pass');
      try {
        const capture = await far.capture({ interface: 'eth0', filter: 'udp', name: way });
        // So many that each size is among them, whatever a capture on a busy machine may miss.
        await generate(near, { ...load, length: 'imix', seconds: 0.5, batch: 1, sendmmsg });
        for (const length of [60, 590, 1514]) await capture.waitFor(1, { filter: `frame.len == ${length}` });
        const frames = await framesIn(await capture.stop(), FIELDS);
        const lengths = new Set(frames.map((frame) => frame['frame.len']));
        assert.deepEqual([...lengths].sort(), ['1514', '590', '60']);
        assert.deepEqual(
          frames,
          frames.map(({ 'frame.len': length }) => ({
            ...{ 'eth.dst': load.toMac, 'frame.len': length, 'ip.src': '10.1.0.2', 'ip.dst': '10.1.0.3' },
            ...{ 'ip.ttl': '64', 'ip.checksum': checksum(Number(length) - 14), 'udp.dstport': '9' },
          })),
        );
      } finally {
        await pass.close();
      }
    });
  }
});

describe('the loss-free rate', () => {
  it('is found between one that passes and one that does not', async () => {
    const rate = await lossFreeRate(1_000, 1_000_000, async (rate) => ({
      lost: rate > 70_000 ? 0.2 : 0.001,
      rate,
    }));
    assert.ok(rate <= 70_000 && rate > 60_000, String(rate));
  });

  it('is what was really sent', async () => {
    assert.equal(await lossFreeRate(1_000, 1_000_000, async () => ({ lost: 0, rate: 5_000 })), 5_000);
  });

  it('is the lowest when nothing passes', async () => {
    assert.equal(await lossFreeRate(1_000, 1_000_000, async (rate) => ({ lost: 1, rate })), 1_000);
  });
});
