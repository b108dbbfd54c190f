import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { type Evidence, judge, proveEncryption } from '../../src/demo/proof.js';
import { BRANCH, HOST_DEVICE, HQ } from '../../src/demo/topology.js';
import { measureTcp, ping, startSteadyTraffic } from '../../src/demo/traffic.js';
import { Lab, type LabNode } from '../../src/index.js';

const SPIS = { toHq: [0xc1], toBranch: [0xc2] };

function esp(source: string, destination: string, spi: string): Evidence['frames'][number] {
  return { source, destination, protocol: '50', spi };
}

const TO_HQ = esp(BRANCH.wan.address, HQ.wan.address, '0x000000c1');
const TO_BRANCH = esp(HQ.wan.address, BRANCH.wan.address, '0x000000c2');
const IKE = { source: BRANCH.wan.address, destination: HQ.wan.address, protocol: '17', spi: '' };
const SOUND: Evidence = {
  frames: [IKE, TO_HQ, TO_BRANCH, TO_HQ, TO_BRANCH],
  payloadOnRouter: false,
  payloadAtHost: true,
};

describe('the proof of encryption', () => {
  it('counts the ESP packets of each direction', () => {
    assert.deepEqual(judge(SOUND, SPIS, 2), { espToHq: 2, espToBranch: 2 });
  });

  it('takes ESP in UDP for ESP, and an ICMP error about ESP for none', () => {
    const inUdp = [TO_HQ, TO_HQ, TO_BRANCH, TO_BRANCH].map((frame) => ({ ...frame, protocol: '17' }));
    assert.deepEqual(judge({ ...SOUND, frames: inUdp }, SPIS, 2), { espToHq: 2, espToBranch: 2 });
    const errors = inUdp.map((frame) => ({ ...frame, protocol: '1' }));
    assert.throws(() => judge({ ...SOUND, frames: errors }, SPIS, 2), { message: /saw 0 ESP packets/ });
  });

  const broken: { what: string; evidence: Partial<Evidence>; says: RegExp }[] = [
    {
      what: 'payload on the router',
      evidence: { payloadOnRouter: true },
      says: /crossed the router in clear/,
    },
    { what: 'no payload at the host', evidence: { payloadAtHost: false }, says: /proves nothing/ },
    { what: 'one direction only', evidence: { frames: [TO_HQ, TO_HQ] }, says: /saw 0 ESP packets to 198/ },
    {
      what: 'the SPI of no SA',
      evidence: { frames: [...SOUND.frames, { ...TO_HQ, spi: '0x000000c9' }] },
      says: /SPI 0x000000c9, which is not one of the tunnel's \(0x000000c1\)/,
    },
    {
      what: "a host's address",
      evidence: { frames: [...SOUND.frames, { ...IKE, source: BRANCH.lan.host }] },
      says: /from 10\.1\.0\.2 to .* crossed in clear/,
    },
  ];
  for (const { what, evidence, says } of broken) {
    it(`fails on ${what}`, () => {
      assert.throws(() => judge({ ...SOUND, ...evidence }, SPIS, 2), { message: says });
    });
  }
});

describe("the demo's traffic, where gateways only forward", () => {
  let lab: Lab;
  let branchHost: LabNode;
  let hqHost: LabNode;
  let router: LabNode;

  before(async () => {
    lab = await Lab.create({ name: 'traffic-test' });
    [branchHost, router, hqHost] = await Promise.all([
      lab.host('branch-host'),
      lab.router('router'),
      lab.host('hq-host'),
    ]);
    for (const [{ name, lan }, host] of [
      [BRANCH, branchHost],
      [HQ, hqHost],
    ] as const) {
      const ends = [`${lan.host}/24`, `${lan.gateway}/24`] as const;
      await lab.link(host.port(HOST_DEVICE, ends[0]), router.port(name, ends[1]));
      await host.route('default', lan.gateway);
    }
  });

  after(() => lab.stop());

  it('is seen in clear by the proof', async () => {
    const proof = proveEncryption({ branchHost, hqHost, router }, SPIS);
    await assert.rejects(proof, { message: /payload of the pings crossed the router in clear/ });
  });

  it('ping says how many of its requests were answered', async () => {
    const { received, averageMs } = await ping(branchHost, HQ.lan.host, 3, 'a5');
    assert.equal(received, 3);
    assert.ok(averageMs > 0);
    await assert.rejects(ping(branchHost, '10.9.0.1', 1, 'a5'), {
      message: /^ping from branch-host to 10\.9\.0\.1 failed: 0 of \d+ echo requests were answered$/,
    });
  });

  for (const reverse of [false, true]) {
    it(`iperf3 measures a transfer ${reverse ? 'from' : 'to'} the server`, async () => {
      const { bitsPerSecond, bytes } = await measureTcp(branchHost, hqHost, HQ.lan.host, {
        seconds: 1,
        reverse,
      });
      assert.ok(bytes > 0 && bitsPerSecond > 0);
    });
  }

  it('iperf3 says why it could not measure', async () => {
    const measure = measureTcp(branchHost, hqHost, '10.2.0.1', { seconds: 1, reverse: false });
    await assert.rejects(measure, {
      message: /^iperf3 from branch-host to 10\.2\.0\.1 failed: .*refused/,
    });
  });

  it('flows steadily both ways for the live table', async () => {
    await startSteadyTraffic(branchHost, hqHost, HQ.lan.host, 1);
    const fromHosts = async (): Promise<number[]> => {
      const { stdout } = await router.run(['cat', ...[BRANCH, HQ].map(({ name }) => rxPackets(name))]);
      return stdout.trim().split('\n').map(Number);
    };
    const before = await fromHosts();
    const flowing = async (): Promise<boolean> =>
      (await fromHosts()).every((packets, i) => packets > before[i]! + 100);
    await until('100 packets from either host', flowing);
  });
});

function rxPackets(device: string): string {
  return `/sys/class/net/${device}/statistics/rx_packets`;
}
