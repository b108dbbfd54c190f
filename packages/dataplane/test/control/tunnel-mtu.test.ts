import assert from 'node:assert/strict';
import { innerMtu, type TunnelShape, tunnelOverhead } from '../../src/control/tunnel-mtu.js';
import { espBytes, espFormat } from '../../src/tables/esp-algorithms.js';
import { espKeyOf } from '../support/esp.js';
import { ESP_VARIANTS } from '../support/esp-variants.js';

const KINDS: Pick<TunnelShape, 'kind' | 'keyed'>[] = [
  { kind: 'ipsec', keyed: false },
  { kind: 'gre', keyed: false },
  { kind: 'gre', keyed: true },
  { kind: 'ipip', keyed: false },
];
const shim = ({ kind, keyed }: Pick<TunnelShape, 'kind' | 'keyed'>): number =>
  kind === 'gre' ? (keyed ? 8 : 4) : 0;

describe("a tunnel's MTU", () => {
  for (const { name, sa } of ESP_VARIANTS) {
    it(`${name}: the largest inner packet whose outer one fits, for each outer family, plain and in UDP`, () => {
      const transform = espKeyOf(sa(1));
      for (const kind of KINDS) {
        for (const family of [4, 6] as const) {
          for (const udp of [false, true]) {
            const shape: TunnelShape = {
              ...kind,
              family: null,
              sealed: true,
              sa: { transform, family, udp },
            };
            const outer = (inner: number): number =>
              (family === 4 ? 20 : 40) + (udp ? 8 : 0) + espBytes(espFormat(transform), inner + shim(kind));
            for (const mtu of [576, 1280, 1400, 1491, 1492, 1499, 1500, 9000]) {
              const inner = innerMtu(mtu, shape);
              assert.ok(outer(inner) <= mtu && outer(inner + 1) > mtu, `MTU ${mtu}: ${inner}`);
              assert.ok(inner + tunnelOverhead(shape) >= mtu - 15, 'the overhead is the most that it can be');
              assert.ok(outer(inner) - inner <= tunnelOverhead(shape));
            }
          }
        }
      }
    });
  }

  it('is the worst that IKE can agree on before there is an SA, and nothing of ESP where none will be', () => {
    const unknown: TunnelShape = { kind: 'ipsec', keyed: false, family: null, sealed: true, sa: null };
    // 40 of IPv6, 8 of UDP, 8 of ESP, 16 of IV, 32 of ICV; then blocks of 16, less the trailer's 2.
    assert.equal(innerMtu(1500, unknown), Math.floor((1500 - 104) / 16) * 16 - 2);
    for (const { sa } of ESP_VARIANTS) {
      const known = { transform: espKeyOf(sa(1)), family: 6 as const, udp: true };
      assert.ok(innerMtu(1500, { ...unknown, sa: known }) >= innerMtu(1500, unknown));
    }
    assert.equal(innerMtu(1500, { ...unknown, family: 4 }), Math.floor((1500 - 84) / 16) * 16 - 2);
    const clear = { sealed: false, sa: null, family: 4 as const };
    assert.equal(innerMtu(1500, { ...clear, kind: 'ipip', keyed: false }), 1480);
    assert.equal(innerMtu(1500, { ...clear, kind: 'gre', keyed: true }), 1472);
    assert.equal(innerMtu(1500, { ...clear, family: 6, kind: 'gre', keyed: false }), 1456);
  });
});
