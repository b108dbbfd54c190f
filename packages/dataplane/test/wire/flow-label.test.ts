import assert from 'node:assert/strict';
import { flowLabel } from '../../src/wire/flow-label.js';
import { ip4, udp } from '../support/packets.js';
import { extension, fragmentHeader, ip6 } from '../support/packets6.js';

const memory = new ArrayBuffer(256);
const bytes = new Uint8Array(memory);
const i32 = new Int32Array(memory);

function labelOf(packet: Uint8Array, seed = 5): number {
  bytes.fill(0xa5).set(packet, 16);
  return flowLabel(bytes, i32, 16, 16 + packet.length, seed);
}

const ports = (src: number, dst: number): Uint8Array => udp(src, dst, new Uint8Array(4));
const four = (payload: Uint8Array, more = {}): Uint8Array =>
  ip4({ src: '10.0.0.1', dst: '10.0.0.2', protocol: 17, payload, ...more });
const six = (payload: Uint8Array, more = {}): Uint8Array =>
  ip6({ src: '2001:db8::1', dst: '2001:db8::2', nextHeader: 17, payload, ...more });

describe('flow label', () => {
  it('has 20 bits and is never 0', () => {
    const labels = Array.from({ length: 5000 }, (_, port) => labelOf(four(ports(port, 53))));
    assert.ok(labels.every((label) => label > 0 && label < 2 ** 20));
    // Of so many among a million, a dozen fall together.
    assert.ok(new Set(labels).size > 4900);
  });

  for (const [family, packet, changes] of [
    ['IPv4', four, [{ src: '10.0.0.3' }, { dst: '10.0.0.3' }, { protocol: 6 }]],
    ['IPv6', six, [{ src: '2001:db8::3' }, { dst: '2001:db8::3' }, { nextHeader: 6 }]],
  ] as const) {
    it(`${family}: changes with addresses, protocol, ports and seed`, () => {
      const labels = [
        labelOf(packet(ports(1, 2))),
        labelOf(packet(ports(1, 2)), 6),
        labelOf(packet(ports(2, 1))),
        labelOf(packet(ports(1, 3))),
        ...changes.map((change) => labelOf(packet(ports(1, 2), change))),
      ];
      assert.equal(new Set(labels).size, labels.length, labels.join());
    });
  }

  it('does not change with options and extension headers', () => {
    assert.equal(
      labelOf(four(ports(1, 2), { options: Uint8Array.of(1, 1, 1, 1) })),
      labelOf(four(ports(1, 2))),
    );
    const extended = extension(17, Uint8Array.of(1, 4, 0, 0, 0, 0));
    const packet = six(Uint8Array.of(...extended, ...ports(1, 2)), { nextHeader: 60 });
    assert.equal(labelOf(packet), labelOf(six(ports(1, 2))));
  });

  it('is the same for all fragments of a packet, which is that without ports', () => {
    const none = labelOf(four(ports(1, 2), { mf: true }));
    assert.notEqual(none, labelOf(four(ports(1, 2))));
    assert.equal(labelOf(four(ports(7, 8), { fragmentOffset: 80 })), none);
    const part = (at: number, more: boolean, payload: Uint8Array): Uint8Array =>
      six(Uint8Array.of(...fragmentHeader(17, at, more), ...payload), { nextHeader: 44 });
    assert.equal(labelOf(part(0, true, ports(1, 2))), labelOf(part(80, false, ports(7, 8))));
  });
});
