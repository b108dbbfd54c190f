// SAs of every kind outlive what happens to them: another bridge, another address of the peer, a rekeying.
import assert from 'node:assert/strict';
import { type SaSpec, until } from '@sluice/shared';
import { specOf } from '../../src/xfrm/sa-spec.js';
import { type ChildInput, ConfiguredPair, installed } from './configured-pair.js';

describe('SAs that go on', function () {
  this.timeout(120_000);
  let pair: ConfiguredPair;
  afterEach(() => pair?.stop());

  const child: ChildInput = {
    name: 'net',
    esp_proposals: ['aes256-sha512'],
    esn: 'require',
    replay_window: 2048,
    local_ts: ['10.1.0.0/16[tcp/443]', '2001:db8:1::/48'],
    remote_ts: ['10.2.0.0/16', '2001:db8:2::/48'],
    copy_dscp: 'in',
    copy_ecn: false,
    copy_df: false,
    tfc_padding: 1200,
  };

  for (const [title, one] of [
    ['in tunnel mode', child],
    [
      'in transport mode',
      { name: 'net', mode: 'transport', esp_proposals: ['chacha20poly1305'], local_ts: ['dynamic[gre]'] },
    ],
  ] as [string, ChildInput][]) {
    it(`are the same for the next bridge, which can end them: ${title}`, async () => {
      pair = await ConfiguredPair.start();
      const { left } = pair.pair;
      await pair.bringUp('six', one);
      const before = new Map([...left.sink.sas].map(([key, { spec }]) => [key, spec]));
      const installs = left.sink.history.length;
      await left.stopBridge();
      await left.startBridge();
      assert.equal(left.xfrm.sad.size, 2);
      const adopted = left.xfrm.sad.all().map(specOf);
      assert.deepEqual(new Set(adopted), new Set(before.values()));
      await until('charon listens again', () => (left.server?.listeners ?? 0) > 0);
      assert.equal(left.sink.history.length, installs, 'nothing was installed again');
      await pair.end('six', one);
    });

    it(`are rekeyed without a moment in which one is missing: ${title}`, async () => {
      pair = await ConfiguredPair.start();
      const sides = [pair.pair.left, pair.pair.right];
      const before = await pair.bringUp('six', one);
      const noted = sides.map(({ sink }) => sink.populations.length);
      const after = await pair.rekey('six', one);
      assert.deepEqual(after.left.in.crypto, after.right.out.crypto);
      assert.deepEqual(after.left.out.crypto, after.right.in.crypto);
      const kind = ({ crypto, mode, esn, replay_window, selectors, dscp, ecn, df, tfc_bytes }: SaSpec) => [
        ...[crypto.cipher, crypto.integrity, crypto.icv_bytes, mode, esn, replay_window],
        ...[selectors, dscp, ecn, df, tfc_bytes],
      ];
      for (const way of ['in', 'out'] as const) {
        assert.deepEqual(kind(after.left[way]), kind(before.left[way]));
        assert.notEqual(after.left[way].crypto.key_hex, before.left[way].crypto.key_hex);
      }
      for (const [i, { sink }] of sides.entries())
        assert.ok(sink.populations.slice(noted[i]).every((has) => has.in >= 1 && has.out >= 1));
    });
  }

  it('move with their keys when an authenticated peer has a new address', async () => {
    pair = await ConfiguredPair.start();
    // Who responded follows a peer that a NAT gives another address.
    const { right } = pair.pair;
    const before = (await pair.bringUp('four', child, { force_udp_encapsulation: true })).right;
    assert.deepEqual(before.in.encap, { src_port: 4500, dst_port: 4500 });
    right.xfrm.mapping(before.in, '192.0.2.77', 5000);
    // Numbers of the one that sends go on with a margin, because its worker may have sent some more.
    const same = ({ start_sequence: _start, added_at_ms: _added, encap: _encap, ...sa }: SaSpec) => sa;
    // charon installs the policies again one by one, and selectors come with them.
    await until('both SAs have moved with all that they carry', () => {
      const moved = installed(right);
      assert.deepEqual(same(moved.in), { ...same(before.in), src: '192.0.2.77' });
      assert.deepEqual(same(moved.out), { ...same(before.out), dst: '192.0.2.77' });
      return true;
    });
    const after = installed(right);
    assert.deepEqual(
      [after.in.encap, after.out.encap],
      [
        { src_port: 5000, dst_port: 4500 },
        { src_port: 4500, dst_port: 5000 },
      ],
    );
    assert.ok((after.out.start_sequence ?? 0) > 0);
  });
});
