import assert from 'node:assert/strict';
import { childSection, childSelectors, connectionSection } from '../../src/index.js';

const child = (changes: object = {}) => childSection.safeParse({ name: 'net', tunnel: 'tun0', ...changes });

describe('a child of a connection', () => {
  it('protects IPv4 in a tunnel unless told otherwise', () => {
    const read = childSection.parse({ name: 'net', tunnel: 'tun0' });
    assert.deepEqual(childSelectors(read), { local: ['0.0.0.0/0'], remote: ['0.0.0.0/0'] });
    assert.deepEqual(
      [
        read.mode,
        read.replay_window,
        read.copy_dscp,
        read.copy_ecn,
        read.copy_df,
        read.tfc_padding,
        read.esn,
      ],
      ['tunnel', 256, 'out', true, true, 0, undefined],
    );
  });

  it('protects the two addresses of its connection in transport mode', () => {
    const read = childSection.parse({ name: 'net', tunnel: 'tun0', mode: 'transport' });
    assert.deepEqual(childSelectors(read), { local: ['dynamic'], remote: ['dynamic'] });
    assert.ok(child({ mode: 'transport', local_ts: ['dynamic[gre]'], remote_ts: ['dynamic[gre]'] }).success);
    assert.ok(
      child({ mode: 'transport', local_ts: ['2001:db8::1/128'], remote_ts: ['2001:db8::2/128'] }).success,
    );
  });

  const wrong: [string, object, (string | number)[], RegExp][] = [
    [
      'networks in transport mode',
      { mode: 'transport', local_ts: ['10.1.0.0/16'], remote_ts: ['dynamic'] },
      ['local_ts', 0],
      /^must be dynamic in transport mode, or one address/,
    ],
    [
      'padding in transport mode',
      { mode: 'transport', tfc_padding: 1200 },
      ['tfc_padding'],
      /only tunnel mode/,
    ],
    [
      'selectors of two families',
      { local_ts: ['2001:db8::/32'] },
      ['remote_ts'],
      /nothing of the same address family and protocol/,
    ],
    [
      'selectors of two protocols',
      { local_ts: ['10.1.0.0/16[tcp]'], remote_ts: ['10.2.0.0/16[udp]'] },
      ['remote_ts'],
      /no packet would match/,
    ],
    [
      'more pairs of selectors than an SA has',
      {
        local_ts: Array.from({ length: 16 }, (_, i) => `10.1.${i}.0/24`),
        remote_ts: Array.from({ length: 16 }, (_, i) => `10.2.${i}.0/24`),
      },
      ['remote_ts'],
      /^makes 256 pairs with local_ts, and an SA has at most 255/,
    ],
    ['a selector that is none', { local_ts: ['10.1.0.0'] }, ['local_ts', 0], /^must be a prefix such as/],
    [
      'extended sequence numbers said twice',
      { esn: 'require', esp_proposals: ['aes128gcm16', 'aes128gcm16-noesn'] },
      ['esp_proposals', 1],
      /where the child has the key esn/,
    ],
    ['an algorithm that is not done', { esp_proposals: ['3des-md5'] }, ['esp_proposals', 0], /"3des" is not/],
    [
      'a window that charon has no room for',
      { replay_window: 4096, esp_proposals: ['aes256gcm16', 'interoperable'] },
      ['replay_window'],
      /^must be at most 2048 with ciphers that need an integrity algorithm/,
    ],
    ['a window that is none', { replay_window: 100 }, ['replay_window'], /./],
  ];
  for (const [what, changes, path, sentence] of wrong) {
    it(`is refused with ${what}`, () => {
      const issue = child(changes).error?.issues[0];
      assert.deepEqual(issue?.path, path);
      assert.match(issue.message, sentence);
    });
  }

  it('may mix families as long as some of both sides match', () => {
    assert.ok(
      child({ local_ts: ['10.1.0.0/16', '2001:db8:1::/48'], remote_ts: ['2001:db8:2::/48'] }).success,
    );
  });
});

describe('a connection', () => {
  const read = (local: string, remote: string) =>
    connectionSection.safeParse({
      name: 'hq',
      local: { address: local },
      remote: { address: remote },
      psk: { file: '/etc/psk' },
      children: [{ name: 'net', tunnel: 'tun0' }],
    });

  it('has both its addresses of one family, of either', () => {
    assert.ok(read('192.0.2.1', '192.0.2.2').success);
    assert.ok(read('2001:db8::1', '2001:db8::2').success);
    const { error } = read('2001:db8::1', '192.0.2.2');
    assert.deepEqual(error?.issues[0]?.path, ['remote', 'address']);
  });
});
