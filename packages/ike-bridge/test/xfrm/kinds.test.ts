// What charon can say of a CHILD_SA beside its algorithms, over IPv4 and over IPv6.
import assert from 'node:assert/strict';
import type { TrafficSelector } from '@sluice/shared';
import { type Both, type ChildInput, ConfiguredPair, LEFT6, RIGHT6 } from './configured-pair.js';

const ANY: [number, number] = [0, 65_535];
const anyPorts = { protocol: 0, src_ports: ANY, dst_ports: ANY };
const WINDOWS = [32, 64, 128, 256, 512, 1024, 2048, 4096] as const;
const ESN = ['no', 'prefer', 'require'] as const;

const children: ChildInput[] = [
  { name: 'plain' },
  ...ESN.map((esn) => ({ name: `esn-${esn}`, esn })),
  ...WINDOWS.map((window) => ({ name: `window-${window}`, replay_window: window, esn: 'no' as const })),
  { name: 'esn-window', replay_window: 4096, esn: 'require' },
  {
    name: 'largest',
    replay_window: 2048,
    esn: 'require',
    esp_proposals: ['aes256-sha512'],
    tfc_padding: 'mtu',
    copy_dscp: 'no',
  },
  { name: 'transport', mode: 'transport' },
  { name: 'gre', mode: 'transport', local_ts: ['dynamic[gre]'], remote_ts: ['dynamic[gre]'] },
  { name: 'inner6', local_ts: ['2001:db8:1::/48'], remote_ts: ['2001:db8:2::/48'] },
  { name: 'inner4', local_ts: ['10.1.0.0/16'], remote_ts: ['10.2.0.0/16'] },
  {
    name: 'several',
    local_ts: ['10.1.0.0/16[tcp/1024-2047]', '10.1.0.0/16[icmp/8]', '2001:db8:1::/48'],
    remote_ts: ['10.2.0.0/16', '10.3.0.0/16[tcp/443]', '2001:db8:2::/48[udp/53]'],
  },
  { name: 'dscp-in', copy_dscp: 'in' },
  { name: 'dscp-yes', copy_dscp: 'yes' },
  { name: 'dscp-no', copy_dscp: 'no', copy_ecn: false, copy_df: false },
  { name: 'padded', tfc_padding: 1200 },
  { name: 'padded-mtu', tfc_padding: 'mtu' },
];

describe('CHILD_SAs of every kind', function () {
  this.timeout(120_000);
  let pair: ConfiguredPair;
  before(async () => {
    pair = await ConfiguredPair.start();
  });
  after(() => pair?.stop());

  function brought(
    title: string,
    connection: 'four' | 'six',
    name: string,
    check: (both: Both) => void,
  ): void {
    it(title, async () => {
      const child = children.find((candidate) => candidate.name === name);
      assert.ok(child !== undefined);
      const both = await pair.bringUp(connection, child);
      assert.deepEqual(both.left.in.crypto, both.right.out.crypto);
      assert.deepEqual(both.left.out.crypto, both.right.in.crypto);
      assert.deepEqual(both.left.in.selectors, both.right.out.selectors);
      assert.deepEqual(both.left.out.selectors, both.right.in.selectors);
      check(both);
      await pair.end(connection, child);
    });
  }

  for (const [connection, local, remote] of [
    ['four', '192.0.2.1', '192.0.2.2'],
    ['six', LEFT6, RIGHT6],
  ] as const) {
    describe(`between ${local} and ${remote}`, () => {
      const host = connection === 'four' ? 32 : 128;
      const [localHost, remoteHost] = [`${local}/${host}`, `${remote}/${host}`];

      brought(
        'are in tunnel mode with what charon does unless told otherwise',
        connection,
        'plain',
        (both) => {
          assert.deepEqual([both.left.out.src, both.left.out.dst], [local, remote]);
          assert.deepEqual([both.left.in.src, both.left.in.dst], [remote, local]);
          for (const sa of [both.left.in, both.left.out]) {
            assert.deepEqual(
              [sa.mode, sa.ecn, sa.df, sa.encap, sa.tfc_bytes],
              ['tunnel', true, 'copy', null, undefined],
            );
            assert.deepEqual(sa.selectors, [{ ...anyPorts, src: '0.0.0.0/0', dst: '0.0.0.0/0' }]);
          }
          assert.deepEqual([both.left.in.dscp, both.left.out.dscp], ['keep', 'copy']);
        },
      );

      brought('are in transport mode for the two hosts', connection, 'transport', ({ left }) => {
        assert.deepEqual([left.in.mode, left.out.mode], ['transport', 'transport']);
        assert.deepEqual(left.out.selectors, [{ ...anyPorts, src: localHost, dst: remoteHost }]);
        assert.deepEqual(left.in.selectors, [{ ...anyPorts, src: remoteHost, dst: localHost }]);
      });

      brought('are in transport mode for GRE alone', connection, 'gre', ({ left }) => {
        assert.equal(left.out.mode, 'transport');
        assert.deepEqual(left.out.selectors, [
          { ...anyPorts, protocol: 47, src: localHost, dst: remoteHost },
        ]);
      });

      for (const [child, src, dst] of [
        ['inner4', '10.1.0.0/16', '10.2.0.0/16'],
        ['inner6', '2001:db8:1::/48', '2001:db8:2::/48'],
      ] as const) {
        brought(`carry ${src}`, connection, child, ({ left }) => {
          assert.deepEqual(left.out.selectors, [{ ...anyPorts, src, dst }]);
          assert.deepEqual(left.in.selectors, [{ ...anyPorts, src: dst, dst: src }]);
        });
      }
    });
  }

  for (const [esn, expected] of [
    ['no', false],
    ['prefer', true],
    ['require', true],
  ] as const) {
    brought(
      `have extended sequence numbers where wanted: ${esn}`,
      'four',
      `esn-${esn}`,
      ({ left, right }) => {
        for (const sa of [left.in, left.out, right.in, right.out]) assert.equal(sa.esn, expected);
      },
    );
  }

  for (const window of WINDOWS) {
    brought(`have a replay window of ${window}`, 'four', `window-${window}`, ({ left }) => {
      assert.deepEqual([left.in.replay_window, left.in.esn], [window, false]);
    });
  }
  brought('have a large replay window with extended numbers', 'four', 'esn-window', ({ left }) => {
    assert.deepEqual([left.in.replay_window, left.in.esn], [4096, true]);
  });

  brought('have the largest window that fits beside the longest keys', 'four', 'largest', ({ left }) => {
    assert.deepEqual([left.in.replay_window, left.out.tfc_bytes], [2048, 0xffffffff]);
  });

  brought('have all selectors that both sides allow', 'four', 'several', ({ left }) => {
    const four = { src: '10.1.0.0/16', dst: '10.2.0.0/16', dst_ports: ANY };
    const expected: TrafficSelector[] = [
      { ...four, protocol: 6, src_ports: [1024, 2047] },
      { ...four, protocol: 6, src_ports: [1024, 2047], dst: '10.3.0.0/16', dst_ports: [443, 443] },
      { ...four, protocol: 1, src_ports: [0x0800, 0x08ff] },
      {
        src: '2001:db8:1::/48',
        dst: '2001:db8:2::/48',
        protocol: 17,
        src_ports: ANY,
        dst_ports: [53, 53],
      },
    ];
    const sorted = (list: TrafficSelector[] | null): string[] =>
      (list ?? []).map((one) => JSON.stringify(Object.entries(one).sort())).sort();
    assert.deepEqual(sorted(left.out.selectors), sorted(expected));
  });

  for (const [child, inbound, outbound, ecn, df] of [
    ['dscp-in', 'copy', 'keep', true, 'copy'],
    ['dscp-yes', 'copy', 'copy', true, 'copy'],
    ['dscp-no', 'keep', 'keep', false, 'clear'],
  ] as const) {
    brought(`copy what they are told to: ${child}`, 'four', child, ({ left }) => {
      assert.deepEqual([left.in.dscp, left.out.dscp], [inbound, outbound]);
      assert.deepEqual([left.in.ecn, left.out.ecn, left.out.df], [ecn, ecn, df]);
    });
  }

  brought('are padded to a length', 'four', 'padded', ({ left }) => assert.equal(left.out.tfc_bytes, 1200));
  brought('are padded to the MTU', 'four', 'padded-mtu', ({ left }) =>
    assert.equal(left.out.tfc_bytes, 0xffffffff),
  );
});
