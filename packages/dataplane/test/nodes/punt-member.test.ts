// What punt says of DHCP that a bridge received: by which member it came, on the wire to Linux and in what it polices.
import assert from 'node:assert/strict';
import { MEMBER_TAG_BYTES, readMemberTag } from '@sluice/shared';
import { type Bench, testBench } from '../support/bench.js';
import { macText } from '../support/bench-tables.js';
import { BROADCAST, concat, ethernet, ip4, mac, pattern, udp } from '../support/packets.js';
import { tagged } from '../support/vlan.js';

const DISCOVER = ip4({
  ...{ src: '0.0.0.0', dst: '255.255.255.255', protocol: 17 },
  payload: udp(68, 67, pattern(300)),
});

describe('punt, of a bridge', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = testBench({
      frames: 8192,
      interfaces: [
        { name: 'long-port-name1' },
        { name: 'b' },
        { name: 'trunk' },
        { name: 'plain', address: '10.3.0.1/24' },
      ],
      vlans: [
        { name: 'v5', parent: 'trunk', vlan: 5 },
        { name: 'br6', parent: 'br', vlan: 6, address: '10.6.0.1/24' },
      ],
      bridges: [{ name: 'br', members: ['long-port-name1', 'b', 'v5'], address: '10.1.0.1/24' }],
    });
  });
  afterEach(() => bench.close());

  const from = (n: number, packet = DISCOVER, to: string = BROADCAST): Uint8Array =>
    ethernet(to, macText(0x1000 + n), 0x0800, packet);
  const got = (): { interface: number; bytes: Uint8Array; member: string }[] =>
    bench.punted().map(({ interface: row, bytes }) => ({
      ...{ interface: row, bytes },
      member: readMemberTag(bytes, 14 + DISCOVER.length),
    }));

  it('names the member behind the packet: to all, to the bridge alone, by a VLAN of it, and by a VLAN that is a member', () => {
    bench.push('long-port-name1', from(1));
    bench.push('b', from(2, DISCOVER, bench.mac('br')));
    bench.push('b', tagged(from(3), { vid: 6 }));
    bench.push('trunk', tagged(from(4), { vid: 5 }));
    bench.run();
    const all = got();
    assert.deepEqual(
      all.map(({ interface: row, member }) => [row, member]).sort(),
      [
        [bench.row('br'), 'b'],
        [bench.row('br'), 'long-port-name1'],
        [bench.row('br'), 'v5'],
        [bench.row('br6'), 'b'],
      ].sort(),
    );
    for (const { bytes } of all) {
      assert.equal(bytes.length, 14 + DISCOVER.length + MEMBER_TAG_BYTES);
      assert.deepEqual(bytes.subarray(14, 14 + DISCOVER.length), DISCOVER);
    }
    // What stations hear is what the station sent.
    assert.deepEqual(bench.sent('b')[0], from(1));
  });

  it('cuts what a station puts there itself, and says nothing of ports that are no members', () => {
    bench.push('b', from(1));
    bench.run();
    const forged = bench.punted()[0]!.bytes.subarray(14);
    bench.push('long-port-name1', from(2, forged));
    bench.push('plain', from(3, forged));
    bench.run();
    const all = got();
    const by = (name: string) => all.find(({ interface: row }) => row === bench.row(name));
    assert.equal(by('br')?.member, 'long-port-name1');
    assert.equal(by('plain')?.bytes.length, 14 + DISCOVER.length);
  });

  it('leaves other members half of the rate, whatever addresses one makes up', () => {
    const flood = (name: string, count: number, first: number): number => {
      let passed = 0;
      for (let at = 0; at < count; at += 100) {
        bench.push(name, ...Array.from({ length: 100 }, (_, i) => from(first + at + i)));
        bench.run();
        passed += got().length;
      }
      return passed;
    };
    assert.equal(flood('b', 2_000, 0), 100);
    assert.equal(flood('long-port-name1', 100, 5_000), 100);
    assert.equal(bench.moved()['punt/policed_dhcp'], 1_900);
  });

  it('leaves frames alone that are no DHCP', () => {
    const packet = ip4({
      src: '10.1.0.9',
      dst: '10.1.0.255',
      protocol: 17,
      payload: udp(9, 137, pattern(300)),
    });
    bench.push('b', from(1, packet));
    bench.run();
    assert.deepEqual(bench.punted()[0]!.bytes, concat(mac(BROADCAST), from(1, packet).subarray(6)));
  });
});
