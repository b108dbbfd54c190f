import assert from 'node:assert/strict';
import { Features } from '../../src/control/features.js';
import { setMssClamp } from '../../src/control/mss-clamp.js';
import type { TunnelShape } from '../../src/control/tunnel-mtu.js';
import { tunnelDf, tunnelSize } from '../../src/control/tunnel-size.js';
import { AdjacencyTable } from '../../src/tables/adjacencies.js';
import { InterfaceTable } from '../../src/tables/interfaces.js';

const GCM = { cipher: 'aes-gcm', integrity: 'none', icvBytes: 16 } as const;
const CBC = { cipher: 'aes-cbc', integrity: 'hmac-sha2-256', icvBytes: 16 } as const;

const shape = (more: Partial<TunnelShape['sa'] & object> = {}): TunnelShape => ({
  kind: 'ipsec',
  family: null,
  keyed: false,
  sealed: true,
  sa: { transform: GCM, family: 4, udp: false, ...more },
});

describe('sizes of tunnels', () => {
  // AES-GCM: 20 of IPv4, 8 of ESP, 8 of IV, 2 of trailer, 16 of ICV; what is left is a multiple of 4 with the trailer.
  const cases: [string, Parameters<typeof tunnelSize>, { mtu: number; whole: number }][] = [
    ['what fits the outer interface', [{}, 1500, null, shape()], { mtu: 1446, whole: 1446 }],
    ['the same in UDP', [{}, 1500, null, shape({ udp: true })], { mtu: 1438, whole: 1438 }],
    [
      'with an IV and blocks of 16 octets',
      [{}, 1500, null, shape({ transform: CBC })],
      { mtu: 1438, whole: 1438 },
    ],
    ['over IPv6', [{}, 1500, null, shape({ family: 6 })], { mtu: 1426, whole: 1426 }],
    ['a configured MTU', [{ mtu: 1300 }, 1500, null, shape()], { mtu: 1300, whole: 1300 }],
    ['one that is larger than fits', [{ mtu: 1600 }, 1500, null, shape()], { mtu: 1600, whole: 1446 }],
    ['a narrow path', [{}, 1500, 1400, shape()], { mtu: 1346, whole: 1346 }],
    ['one that is wider than the interface', [{}, 1500, 1600, shape()], { mtu: 1446, whole: 1446 }],
    ['a narrow path and a configured MTU', [{ mtu: 1440 }, 1500, 1400, shape()], { mtu: 1346, whole: 1346 }],
    ['after encryption', [{ fragmentation: 'after' }, 1500, null, shape()], { mtu: 1500, whole: 1446 }],
    [
      'after, configured',
      [{ fragmentation: 'after', mtu: 9000 }, 1500, null, shape()],
      { mtu: 9000, whole: 1446 },
    ],
    [
      'after, on a narrow path',
      [{ fragmentation: 'after' }, 1500, 1400, shape()],
      { mtu: 1500, whole: 1346 },
    ],
    [
      'after, on a narrow path that must not fragment',
      [{ fragmentation: 'after', df: 'copy' }, 1500, 1400, shape()],
      { mtu: 1346, whole: 1346 },
    ],
    [
      'after, on a narrow IPv6 path, where nobody fragments',
      [{ fragmentation: 'after' }, 1500, 1400, shape({ family: 6 })],
      { mtu: 1326, whole: 1326 },
    ],
  ];
  for (const [what, args, expected] of cases) {
    it(what, () => {
      assert.deepEqual(tunnelSize(...args), expected);
    });
  }

  it("leave DF to the SA before encryption, and clear it after, unless the tunnel's section says otherwise", () => {
    assert.equal(tunnelDf({}), null);
    assert.equal(tunnelDf({ fragmentation: 'before' }), null);
    assert.equal(tunnelDf({ fragmentation: 'after' }), 'clear');
    assert.equal(tunnelDf({ fragmentation: 'after', df: 'set' }), 'set');
  });

  it('hold TCP to what needs no fragments, on every arc of the interface', () => {
    const table = new InterfaceTable(InterfaceTable.allocate());
    const features = new Features(table, new AdjacencyTable(AdjacencyTable.allocate()));
    const state = (): unknown[] => [
      table.mss4[5],
      table.mss6[5],
      ...(['ip4-unicast', 'ip4-output', 'ip6-unicast', 'ip6-output'] as const).map((arc) =>
        features.isOn(5, arc, 16),
      ),
    ];
    setMssClamp(features, table, 5, true, 1446);
    assert.deepEqual(state(), [1406, 1386, true, true, true, true]);
    setMssClamp(features, table, 5, 1200, 1446);
    assert.deepEqual(state(), [1200, 1200, true, true, true, true]);
    setMssClamp(features, table, 5, false, 1446);
    assert.deepEqual(state(), [0, 0, false, false, false, false]);
  });
});
