import assert from 'node:assert/strict';
import { contains, contains6, parseIp4Prefix, parseIp6Prefix, type TrafficSelector } from '@sluice/shared';
import { seed } from '@sluice/shared/test-support';
import { SelectorRuns } from '../../src/control/selector-runs.js';
import { allocateEpoch, EpochControl } from '../../src/memory/epoch.js';
import { allocateSelectors, runCount, SELECTORS_MAX, selectorsAllow } from '../../src/tables/selectors.js';
import { concat, ip, ip4, pattern } from '../support/packets.js';
import { extension, fragmentHeader, ip6, words6 } from '../support/packets6.js';
import { xorshift } from './random.js';

const ANY: [number, number] = [0, 65_535];
const OPAQUE: [number, number] = [65_535, 0];

/** A packet, and what a selector may look at of it; ports null where it has none that can be known. */
interface Sample {
  packet: Uint8Array;
  src: string;
  dst: string;
  protocol: number;
  ports: [number, number] | null;
  portsKnown: [number, number] | null;
}

/** RFC 4301 section 4.4.1.1 word by word. */
function allows(selectors: readonly TrafficSelector[], sample: Sample): boolean {
  const six = sample.src.includes(':');
  const inside = (prefix: string, address: string): boolean => {
    const [four, net6] = [parseIp4Prefix(prefix), parseIp6Prefix(prefix)];
    if (six) return net6 !== null && contains6(net6, words6(address));
    return four !== null && contains(four, ip(address));
  };
  const ports = sample.ports ?? sample.portsKnown;
  const port = ([first, last]: readonly [number, number], value: number | undefined): boolean =>
    value === undefined ? first > last || (first === 0 && last === 65_535) : value >= first && value <= last;
  return selectors.some(
    (selector) =>
      inside(selector.src, sample.src) &&
      inside(selector.dst, sample.dst) &&
      (selector.protocol === 0 || selector.protocol === sample.protocol) &&
      port(selector.src_ports, ports?.[0]) &&
      port(selector.dst_ports, ports?.[1]),
  );
}

describe('traffic selectors', () => {
  const words = new Int32Array(allocateSelectors());
  const makeRuns = (): SelectorRuns => new SelectorRuns(words, new EpochControl(allocateEpoch(1)));

  it(`allow what RFC 4301 section 4.4.1.1 says, for random selectors and packets (seed ${seed})`, () => {
    const random = xorshift(seed);
    const pick = <T>(values: readonly T[]): T => values[random() % values.length]!;
    const hosts = ['10.1.0.1', '10.1.0.129', '10.2.7.9', '192.0.2.1'];
    const hosts6 = ['2001:db8:1::1', '2001:db8:1:2::3', '2001:db8:2::ffff', 'fe80::1'];
    const nets = ['0.0.0.0/0', '0.0.0.0/0', '10.0.0.0/8', '10.1.0.0/25', '10.1.0.1/32', '192.0.2.0/31'];
    const nets6 = [
      '::/0',
      '::/0',
      '2001:db8::/32',
      '2001:db8:1::/48',
      '2001:db8:1:2::/63',
      '2001:db8:2::ffff/128',
    ];
    const ranges: [number, number][] = [
      ANY,
      ANY,
      ANY,
      [80, 80],
      [0, 1023],
      [1024, 65_535],
      OPAQUE,
      [0x0800, 0x08ff],
    ];
    const protocols = [1, 6, 17, 47, 58, 132, 135, 253];
    const selector = (): TrafficSelector => {
      const from = random() % 2 === 0 ? nets : nets6;
      const protocol = pick([0, 0, ...protocols]);
      return { src: pick(from), dst: pick(from), protocol, src_ports: pick(ranges), dst_ports: pick(ranges) };
    };
    const sample = (): Sample => {
      const six = random() % 2 === 0;
      const [src, dst] = six ? [pick(hosts6), pick(hosts6)] : [pick(hosts), pick(hosts)];
      const protocol = pick(protocols);
      const later = random() % 4 === 0;
      const length = random() % 5 === 0 ? random() % 5 : 12;
      const payload = pattern(12, random() % 250).subarray(0, length);
      let ports: [number, number] | null = null;
      if (!later && length >= 4) {
        const high = (payload[0]! << 8) | payload[1]!;
        if ([6, 17, 132].includes(protocol)) ports = [high, (payload[2]! << 8) | payload[3]!];
        else if (protocol === 1 || protocol === 58) ports = [high, 0];
        else if (protocol === 135) ports = [payload[2]! << 8, 0];
      }
      const known: [number, number] | null = later && random() % 2 === 0 ? [80, 1024] : null;
      if (!six) {
        const options = pattern(4 * (random() % 3)).fill(1);
        const fragmentOffset = later ? 64 : 0;
        return {
          packet: ip4({ src, dst, protocol, payload, options, fragmentOffset }),
          src,
          dst,
          protocol,
          ports,
          portsKnown: known,
        };
      }
      let chain = concat(later ? fragmentHeader(protocol, 64, false) : new Uint8Array(), payload);
      let nextHeader = later ? 44 : protocol;
      for (let i = random() % 3; i > 0; i--) {
        chain = concat(extension(nextHeader, pattern(random() % 20).fill(0)), chain);
        nextHeader = 60;
      }
      return {
        packet: ip6({ src, dst, nextHeader, payload: chain }),
        src,
        dst,
        protocol,
        ports,
        portsKnown: known,
      };
    };
    let passed = 0;
    for (let i = 0; i < 400; i++) {
      const selectors = Array.from({ length: 1 + (random() % 4) }, selector);
      const run = makeRuns().add(selectors);
      assert.equal(runCount(run), selectors.length);
      for (let k = 0; k < 50; k++) {
        const one = sample();
        const at = 4 * (random() % 8);
        const bytes = concat(new Uint8Array(at).fill(0xa5), one.packet, new Uint8Array(16).fill(0xa5));
        const known = one.portsKnown === null ? 0 : (one.portsKnown[0] << 16) | one.portsKnown[1];
        const got = selectorsAllow(
          words,
          run,
          bytes,
          at,
          at + one.packet.length,
          one.portsKnown === null ? 0 : 1,
          known,
        );
        assert.equal(got, allows(selectors, one), JSON.stringify({ selectors, ...one, packet: null }));
        if (got) passed++;
      }
    }
    assert.ok(passed > 300, 'the test must see both answers');
  });

  it('end when the table is full, and go on when some are given back', () => {
    const epoch = new EpochControl(allocateEpoch(1));
    const runs = new SelectorRuns(words, epoch);
    const one = { src: '10.0.0.0/8', dst: '0.0.0.0/0', protocol: 0, src_ports: ANY, dst_ports: ANY };
    const many = new Array<TrafficSelector>(255).fill(one);
    const all: number[] = [];
    for (let i = 0; i < Math.floor((SELECTORS_MAX - 1) / 255); i++) all.push(runs.add(many));
    assert.equal(new Set(all).size, all.length);
    assert.throws(() => runs.add(many), /all 65536 traffic selectors are in use/);
    runs.retire(all[3]!);
    epoch.reclaim();
    epoch.reclaim();
    assert.equal(runs.add(many), all[3]);
    assert.throws(() => runs.add([...many, one]), /from 1 to 255/);
  });
});
