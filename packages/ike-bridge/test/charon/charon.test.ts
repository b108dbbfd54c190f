// Against one real charon.
import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '@sluice/shared';
import {
  type DesiredIke,
  ifIdsOf,
  loadConnMessage,
  PLUGINS,
  Reconciler,
  toCharon,
} from '../../src/charon/index.js';
import {
  decimal,
  getConns,
  getShared,
  listConns,
  listPolicies,
  loadConn,
  rekey,
  reloadSettings,
  stats,
  subsection,
  text,
  textList,
  ViciClient,
  ViciConnection,
  ViciError,
  type ViciSection,
  version,
} from '../../src/vici/index.js';
import { connection, TUNNELS } from './fixtures.js';
import { type Charon, Namespaces } from './namespaces.js';

describe('charon', function () {
  this.timeout(60_000);
  let hosts: Namespaces;
  let charon: Charon;
  let client: ViciClient;
  let psk: string;

  before(async () => {
    hosts = new Namespaces();
    psk = join(hosts.dir, 'psk');
    writeFileSync(psk, 'horse-battery-staple\n', { mode: 0o600 });
    charon = await hosts.charon(0);
    client = new ViciClient({ path: charon.socket });
    client.start();
    await until('charon answers', () => client.up);
  });
  after(async () => {
    client?.close();
    await hosts?.stop();
  });
  afterEach(async () => {
    await new Reconciler().reconcile(client, { connections: [], tunnels: [] });
  });

  const office = (changes: Partial<Record<string, unknown>> = {}) =>
    connection({ psk: { file: psk }, ...changes });
  const desired = (...connections: DesiredIke['connections']): DesiredIke => ({
    connections,
    tunnels: TUNNELS,
  });
  const logCount = (pattern: RegExp): number => [...charon.log().matchAll(pattern)].length;

  async function conns(): Promise<Map<string, ViciSection>> {
    const found = new Map<string, ViciSection>();
    for await (const event of listConns(client)) {
      for (const [name, section] of event) if (section instanceof Map) found.set(name, section);
    }
    return found;
  }

  it('answers version and stats, with the plugins that were asked for', async () => {
    const answer = await version(client);
    assert.equal(answer.daemon, 'charon-systemd');
    assert.match(answer.version, /^\d+\.\d+/);
    const statistics = await stats(client);
    assert.deepEqual(textList(statistics, 'plugins'), ['charon-systemd', ...PLUGINS]);
    assert.equal(decimal(subsection(statistics, 'ikesas'), 'total'), 0);
    await reloadSettings(client);
  });

  it('writes a log that only its owner can read', () => {
    assert.equal(statSync(charon.logFile).mode & 0o777, 0o600);
    assert.match(charon.log(), /loaded plugins/);
  });

  it('refuses what it does not know', async () => {
    const own = await ViciConnection.connect({ path: charon.socket });
    try {
      await assert.rejects(
        own.request('no-such-command'),
        (error) => error instanceof ViciError && error.code === 'unknown',
      );
      await assert.rejects(
        own.register('no-such-event'),
        (error) => error instanceof ViciError && error.code === 'unknown',
      );
      await assert.rejects(loadConn(own, { x: { nonsense: 'y' } }), /charon refused load-conn: .*nonsense/);
      assert.equal(await rekey(own, { ike: 'nobody' }), 0);
      for await (const policy of listPolicies(own, { trap: true, drop: true, pass: true }))
        assert.fail(String(policy));
    } finally {
      own.close();
    }
  });

  it('lists a connection as it was loaded', async () => {
    const wanted = office({
      children: [
        { name: 'net', tunnel: 'tun0', remote_ts: ['10.2.0.0/16', '10.3.0.0/16'], rekey_bytes: 2 ** 30 },
      ],
    });
    await loadConn(client, loadConnMessage(toCharon(wanted, ifIdsOf(TUNNELS))));
    const listed = (await conns()).get('office');
    assert.deepEqual(textList(listed, 'local_addrs'), ['192.0.2.1']);
    assert.deepEqual(textList(listed, 'remote_addrs'), ['192.0.2.2']);
    assert.equal(text(listed, 'version'), 'IKEv2');
    assert.equal(text(listed, 'unique'), 'UNIQUE_NEVER');
    assert.equal(decimal(listed, 'rekey_time'), 14_400);
    assert.equal(text(subsection(listed, 'remote-1'), 'id'), 'b.example');
    assert.equal(text(subsection(listed, 'local-1'), 'class'), 'pre-shared key');
    const child = subsection(subsection(listed, 'children'), 'net');
    assert.equal(text(child, 'mode'), 'TUNNEL');
    assert.equal(decimal(child, 'rekey_time'), 3600);
    assert.equal(decimal(child, 'rekey_bytes'), 2 ** 30);
    assert.equal(decimal(child, 'rekey_packets'), 3 * 2 ** 30);
    assert.deepEqual(textList(child, 'remote-ts'), ['10.2.0.0/16', '10.3.0.0/16']);
  });

  it('takes every proposal that a configuration may name', async () => {
    const esp = ['aes128', 'aes256'].flatMap((cipher) =>
      [
        '',
        '-x25519',
        '-curve25519',
        '-ecp256',
        '-ecp384',
        '-ecp521',
        '-modp2048',
        '-modp3072',
        '-modp4096',
      ].flatMap((group) => ['', '-esn', '-noesn'].map((esn) => `${cipher}gcm16${group}${esn}`)),
    );
    const wanted = office({
      children: [
        {
          name: 'net',
          tunnel: 'tun0',
          esp_proposals: esp,
          rekey_bytes: Number.MAX_SAFE_INTEGER,
          rekey_packets: 2 ** 50,
        },
      ],
    });
    await loadConn(client, loadConnMessage(toCharon(wanted, ifIdsOf(TUNNELS))));
    assert.deepEqual(await getConns(client), ['office']);
  });

  it('changes only what differs', async () => {
    const reconciler = new Reconciler();
    const other = office({ name: 'other', remote: { address: '192.0.2.3', id: 'c.example' } });
    const none = { loaded: [], unloaded: [], ended: [], problems: [], warnings: [] };

    const first = await reconciler.reconcile(client, desired(office(), other));
    assert.deepEqual(first, { ...none, loaded: ['office', 'other'] });
    assert.deepEqual((await getShared(client)).sort(), ['psk:office', 'psk:other']);

    const loads = /(added|updated|replaced) vici connection|loaded IKE shared key/g;
    const before = logCount(loads);
    assert.deepEqual(await reconciler.reconcile(client, desired(office(), other)), none);
    assert.equal(logCount(loads), before);

    const changed = office({ dpd_delay_s: 30 });
    assert.deepEqual(await reconciler.reconcile(client, desired(changed, other)), {
      ...none,
      loaded: ['office'],
    });
    assert.equal(logCount(loads), before + 1);
    assert.match(charon.log(), /replaced vici connection: office/);

    assert.deepEqual(await reconciler.reconcile(client, desired(other)), { ...none, unloaded: ['office'] });
    assert.deepEqual(await getConns(client), ['other']);
    assert.deepEqual(await getShared(client), ['psk:other']);
  });

  it('loads again what somebody has unloaded', async () => {
    const reconciler = new Reconciler();
    await reconciler.reconcile(client, desired(office()));
    await client.request('unload-conn', { name: 'office' });
    await client.request('unload-shared', { id: 'psk:office' });
    assert.deepEqual((await reconciler.reconcile(client, desired(office()))).loaded, ['office']);
    assert.deepEqual(await getShared(client), ['psk:office']);
  });

  it('gives charon a changed key, and touches no connection for it', async () => {
    const file = join(hosts.dir, 'changing');
    writeFileSync(file, 'one', { mode: 0o600 });
    const wanted = desired(office({ psk: { file } }));
    const reconciler = new Reconciler();
    await reconciler.reconcile(client, wanted);
    const keys = logCount(/loaded IKE shared key/g);
    writeFileSync(file, 'two');
    assert.deepEqual((await reconciler.reconcile(client, wanted)).loaded, []);
    assert.equal(logCount(/loaded IKE shared key/g), keys + 1);
  });

  it('reports a connection that cannot be loaded, and loads the others', async () => {
    const report = await new Reconciler().reconcile(
      client,
      desired(
        office({ name: 'keyless', psk: { file: join(hosts.dir, 'nothing') } }),
        { ...office({ name: 'odd' }), proposals: ['rot13-md2'] },
        office({ name: 'lost', children: [{ name: 'net', tunnel: 'tun9' }] }),
        office(),
      ),
    );
    assert.deepEqual(report.loaded, ['office']);
    const [keyless, odd, lost] = report.problems;
    assert.match(
      keyless ?? '',
      /Connection keyless is not loaded\. The secret file .*nothing is missing: create it/,
    );
    assert.match(
      odd ?? '',
      /Connection odd is not loaded\. charon refused load-conn: invalid value for: proposals/,
    );
    assert.match(lost ?? '', /Connection lost is not loaded\. Child net .* names the tunnel tun9/);
    assert.deepEqual(await getConns(client), ['office']);
  });

  it('never logs the key', () => assert.doesNotMatch(charon.log(), /horse|battery/));
});
