import assert from 'node:assert/strict';
import { ifIdsOf, toCharon } from '../../src/charon/index.js';
import { connection, TUNNELS } from './fixtures.js';

describe('connections', () => {
  it('maps a connection to the terms of swanctl.conf', () => {
    const { name, ike, rounds, children } = toCharon(connection(), ifIdsOf(TUNNELS));
    assert.equal(name, 'office');
    assert.deepEqual(ike, {
      version: 2,
      local_addrs: ['192.0.2.1'],
      remote_addrs: ['192.0.2.2'],
      proposals: [
        'aes256gcm16-prfsha384-x25519',
        'aes128gcm16-prfsha256-x25519',
        'aes256gcm16-prfsha384-ecp384',
        'aes256-sha384-ecp384',
      ],
      encap: false,
      dpd_delay: 8,
      dpd_timeout: 38,
      mobike: false,
      unique: 'never',
      keyingtries: 0,
      send_certreq: false,
      rekey_time: 14_400,
      over_time: 1440,
      rand_time: 1440,
      reauth_time: 0,
    });
    assert.deepEqual(rounds, {
      local: { auth: 'psk', id: 'a.example' },
      remote: { auth: 'psk', id: 'b.example' },
    });
    assert.deepEqual(Object.fromEntries(children), {
      net: {
        mode: 'tunnel',
        local_ts: ['0.0.0.0/0'],
        remote_ts: ['0.0.0.0/0'],
        esp_proposals: ['aes256gcm16-x25519', 'aes128gcm16-x25519', 'aes256gcm16-ecp384'],
        replay_window: 256,
        copy_dscp: 'out',
        copy_ecn: true,
        copy_df: true,
        tfc_padding: 0,
        if_id_in: 7,
        if_id_out: 7,
        rekey_time: 3600,
        life_time: 3960,
        rand_time: 360,
        rekey_packets: 3 * 2 ** 30,
        life_packets: 3 * 2 ** 30 + 3 * 2 ** 28,
        rand_packets: Math.floor((3 * 2 ** 30) / 10),
        start_action: 'none',
        dpd_action: 'clear',
        close_action: 'none',
      },
    });
  });

  it('uses addresses as identities where there are no others, and gives up sooner where the peer initiates', () => {
    const { ike, rounds } = toCharon(
      connection({ local: { address: '192.0.2.1' }, remote: { address: '192.0.2.2' }, start: 'respond' }),
      ifIdsOf(TUNNELS),
    );
    assert.deepEqual(rounds.local, { auth: 'psk', id: '192.0.2.1' });
    assert.deepEqual(rounds.remote, { auth: 'psk', id: '192.0.2.2' });
    assert.equal(ike.keyingtries, 1);
  });

  it('has MOBIKE where it is asked for', () => {
    const { ike } = toCharon(connection({ mobike: true }), ifIdsOf(TUNNELS));
    assert.equal(ike.mobike, true);
  });

  it('refuses a child of a tunnel that is not there', () => {
    assert.throws(
      () => toCharon(connection(), new Map()),
      /Child net of connection office names the tunnel tun0, which is not/,
    );
  });

  const child = (changes: Record<string, unknown>) => {
    const section = connection({ children: [{ name: 'net', tunnel: 'tun0', ...changes }] });
    return toCharon(section, ifIdsOf(TUNNELS)).children.get('net')!;
  };

  it('leaves a margin for rekeying when lifetimes are short', () => {
    const short = child({ rekey_time_s: 10, rekey_bytes: 1 << 20, rekey_packets: 1000 });
    assert.equal(short.life_time, 70);
    assert.equal(short.rand_time, 1);
    assert.equal(short.life_bytes, 2 ** 20 + 2 ** 28);
    assert.equal(short.rand_bytes, Math.floor(2 ** 20 / 10));
    assert.equal(short.life_packets, 1_001_000);
  });

  it('never lets sequence numbers cycle without ESN', () => {
    const huge = child({ rekey_packets: 2 ** 40 });
    assert.equal(huge.rekey_packets, 3 * 2 ** 30);
    assert.ok((huge.life_packets as number) <= 0xffffffff);
    assert.equal(child({ esp_proposals: ['aes256gcm16-noesn'] }).rekey_packets, 3 * 2 ** 30);
    assert.equal(child({ esp_proposals: ['aes256gcm16-esn'] }).rekey_packets, undefined);
    assert.equal(
      child({ esp_proposals: ['aes256gcm16-esn'], rekey_packets: 2 ** 40 }).rekey_packets,
      2 ** 40,
    );
  });

  it('names protocols and ports by numbers, and has its own addresses in transport mode', () => {
    const gre = child({ mode: 'transport', local_ts: ['dynamic[gre]'] });
    assert.deepEqual([gre.mode, gre.local_ts, gre.remote_ts], ['transport', ['dynamic[47]'], ['dynamic']]);
    const several = child({
      local_ts: ['10.1.0.0/16[tcp/1024-2047]', '2001:db8::/32[icmpv6/128]', '10.3.0.0/16[any]'],
      remote_ts: ['10.2.0.0/16[tcp/443]', '::/0'],
    });
    assert.deepEqual(several.local_ts, [
      '10.1.0.0/16[6/1024-2047]',
      '2001:db8::/32[58/32768-33023]',
      '10.3.0.0/16',
    ]);
    assert.deepEqual(several.remote_ts, ['10.2.0.0/16[6/443]', '::/0']);
  });

  it('writes addresses as charon lists them', () => {
    const { ike, rounds } = toCharon(
      connection({ local: { address: '2001:DB8:0::1' }, remote: { address: '2001:db8:0:0::2' } }),
      ifIdsOf(TUNNELS),
    );
    assert.deepEqual([ike.local_addrs, ike.remote_addrs], [['2001:db8::1'], ['2001:db8::2']]);
    assert.deepEqual(rounds.local, { auth: 'psk', id: '2001:db8::1' });
  });

  it('writes no number that charon cannot read', () => {
    const extreme = child({ rekey_bytes: Number.MAX_SAFE_INTEGER, esp_proposals: ['aes256gcm16-esn'] });
    for (const key of ['rekey_bytes', 'life_bytes', 'rand_bytes'])
      assert.ok(String(extreme[key]).length <= 15, key);
  });
});
