import assert from 'node:assert/strict';
import { framesIn, Lab, type LabNode } from '../src/index.js';

describe('a capture', () => {
  let lab: Lab;
  let a: LabNode;
  let b: LabNode;

  beforeEach(async () => {
    lab = await Lab.create({ name: 'capture-test' });
    [a, b] = await Promise.all([lab.host('a'), lab.host('b')]);
    await lab.link(a.port('eth0', '10.0.0.1/24'), b.port('eth0', '10.0.0.2/24'));
  });

  afterEach(() => lab.stop());

  it('has every frame that was sent, from the first on', async () => {
    const capture = await b.capture({ interface: 'eth0', filter: 'icmp' });
    await a.run(['ping', '-c', '5', '-i', '0.02', '-W', '2', '10.0.0.2']);
    await capture.waitFor(5, { filter: 'icmp.type == 0' });
    const frames = await framesIn(await capture.stop(), ['ip.src', 'ip.dst', 'icmp.type', 'icmp.seq']);
    assert.deepEqual(
      frames.filter((frame) => frame['icmp.type'] === '8').map((frame) => frame['icmp.seq']),
      ['1', '2', '3', '4', '5'],
    );
    assert.equal(frames.length, 10);
  });

  it('leaves out what its filter does', async () => {
    const capture = await b.capture({ interface: 'eth0', filter: 'arp' });
    await a.run(['ping', '-c', '1', '-W', '2', '10.0.0.2']);
    await capture.waitFor(2);
    assert.deepEqual(await framesIn(await capture.stop(), ['frame.number'], 'icmp'), []);
  });

  it('says what is wrong with its filter or interface', async () => {
    await assert.rejects(b.capture({ interface: 'eth0', filter: 'nonsense here' }), {
      message: /syntax error/,
    });
    await assert.rejects(b.capture({ interface: 'eth7' }), { message: /eth7/ });
  });
});
