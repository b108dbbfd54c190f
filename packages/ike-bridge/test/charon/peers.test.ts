// Two real charons. They do ESP themselves (kernel-libipsec), so any kernel with TUN will do.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ConnectionSection,
  type IkeEvent,
  type IkeSaReport,
  ikeEventSchema,
  ikeSaReportSchema,
  until,
} from '@sluice/shared';
import {
  CHARON_EVENTS,
  type CharonClient,
  collectSas,
  type DesiredIke,
  explainFailure,
  ikeEvents,
  ikeSaReport,
  KeepUp,
  Reconciler,
} from '../../src/charon/index.js';
import { initiate, rekey, terminate, ViciClient, ViciError } from '../../src/vici/index.js';
import { connection, TUNNELS } from './fixtures.js';
import { type Charon, Namespaces, PEER_PLUGINS } from './namespaces.js';

class Side {
  readonly events: IkeEvent[] = [];
  readonly reconciler = new Reconciler();
  readonly client: ViciClient;
  readonly charon: Charon;

  private constructor(charon: Charon) {
    this.charon = charon;
    this.client = new ViciClient({
      path: charon.socket,
      events: CHARON_EVENTS,
      onEvent: (name, message) => this.events.push(...ikeEvents(name, message)),
    });
  }

  static async start(hosts: Namespaces, host: 0 | 1): Promise<Side> {
    const side = new Side(await hosts.charon(host, PEER_PLUGINS));
    side.client.start();
    await until('charon answers', () => side.client.up);
    return side;
  }

  async load(...connections: ConnectionSection[]): Promise<void> {
    const wanted: DesiredIke = { connections, tunnels: TUNNELS };
    assert.deepEqual((await this.reconciler.reconcile(this.client, wanted)).problems, []);
  }

  async sas(): Promise<IkeSaReport[]> {
    return (await collectSas(this.client)).map((sa) => ikeSaReportSchema.parse(ikeSaReport(sa)));
  }

  /** Initiates and returns what charon logged on the way. */
  async initiate(child: string): Promise<string[]> {
    const lines: string[] = [];
    const log = (entry: { message: string }): number => lines.push(entry.message);
    try {
      await this.client.dedicated((own) =>
        initiate(own, { ike: 'office', child, timeoutMs: 8000, onLog: log }),
      );
    } catch (error) {
      if (!(error instanceof ViciError) || error.code !== 'refused') throw error;
      lines.push(error.message);
    }
    return lines;
  }
}

describe('two charons', function () {
  this.timeout(120_000);
  let hosts: Namespaces;
  let a: Side;
  let b: Side;
  let psk: string;
  let otherPsk: string;

  beforeEach(async () => {
    hosts = new Namespaces();
    psk = join(hosts.dir, 'psk');
    otherPsk = join(hosts.dir, 'other-psk');
    writeFileSync(psk, 'horse-battery-staple\n', { mode: 0o600 });
    writeFileSync(otherPsk, 'another\n', { mode: 0o600 });
    [a, b] = await Promise.all([Side.start(hosts, 0), Side.start(hosts, 1)]);
  });
  afterEach(async () => {
    a?.client.close();
    b?.client.close();
    await hosts?.stop();
  });

  // Two children, so that a change of one shows whether the other is left alone.
  const children = (mine: string, theirs: string) =>
    [1, 2].map((i) => ({
      name: `net${i}`,
      tunnel: `tun${i - 1}`,
      local_ts: [`10.${mine}.${i}.0/24`],
      remote_ts: [`10.${theirs}.${i}.0/24`],
    }));
  const sideA = (changes: Partial<Record<string, unknown>> = {}): ConnectionSection =>
    connection({ psk: { file: psk }, children: children('1', '2'), ...changes });
  const sideB = (changes: Partial<Record<string, unknown>> = {}): ConnectionSection =>
    connection({
      local: { address: '192.0.2.2', id: 'b.example' },
      remote: { address: '192.0.2.1', id: 'a.example' },
      psk: { file: psk },
      start: 'respond',
      children: children('2', '1'),
      ...changes,
    });

  const seen = (side: Side, kind: IkeEvent['kind'], up: boolean) =>
    until(`${kind} ${up ? 'up' : 'down'} is announced`, () =>
      side.events.find((event) => event.kind === kind && 'up' in event && event.up === up),
    );

  /** Events have a connection of their own, so they may come after the answer to what caused them. */
  const announced = (side: Side, count: number) =>
    until(`${count} events have come`, () => side.events.length >= count);

  it('make, list, rekey and end an SA', async () => {
    await Promise.all([a.load(sideA()), b.load(sideB())]);
    await a.initiate('net1');

    const [mine] = await a.sas();
    const [theirs] = await b.sas();
    const [child] = mine!.children;
    assert.equal(mine?.name, 'office');
    assert.equal(mine.version, 2);
    assert.equal(mine.state, 'ESTABLISHED');
    assert.equal(mine.local_address, '192.0.2.1');
    assert.equal(mine.remote_id, 'b.example');
    assert.deepEqual([mine.initiator, theirs?.initiator], [true, false]);
    assert.equal(mine.algorithm, 'AES_GCM_16-256/PRF_HMAC_SHA2_384/CURVE_25519');
    assert.ok(mine.established_s !== null && mine.rekey_in_s !== null && mine.rekey_in_s > 12_000);
    assert.equal(child?.name, 'net1');
    assert.equal(child.state, 'INSTALLED');
    assert.equal(child.if_id, 7);
    assert.match(child.algorithm, /^AES_GCM_16-256/);
    assert.equal(child.encap, true);
    assert.deepEqual(child.local_ts, ['10.1.1.0/24']);
    assert.deepEqual(
      [child.spi_in, child.spi_out],
      [theirs?.children[0]?.spi_out, theirs?.children[0]?.spi_in],
    );
    assert.notEqual(child.spi_in, 0);

    await seen(b, 'ike-sa', true);
    const up = await seen(b, 'child-sa', true);
    assert.deepEqual(up, {
      kind: 'child-sa',
      connection: 'office',
      child: 'net1',
      unique_id: theirs?.children[0]?.unique_id,
      up: true,
    });

    await announced(a, 2);
    a.events.length = 0;
    assert.equal(await rekey(a.client, { child: 'net1' }), 1);
    const down = await seen(a, 'child-sa', false);
    assert.ok('unique_id' in down);
    assert.equal(down.unique_id, child.unique_id);
    const fresh = await seen(a, 'child-sa', true);
    assert.ok('unique_id' in fresh);
    assert.notEqual(fresh.unique_id, child.unique_id);
    for (const event of [...a.events, ...b.events]) ikeEventSchema.parse(event);

    a.events.length = 0;
    assert.equal(await rekey(a.client, { ike: 'office' }), 1);
    const old = await seen(a, 'ike-sa', false);
    assert.ok('unique_id' in old);
    assert.equal(old.unique_id, mine.unique_id);

    assert.equal(await terminate(a.client, { ike: 'office' }, { timeoutMs: 5000 }), 1);
    assert.deepEqual(await a.sas(), []);
    await until('the peer has none either', async () => (await b.sas()).length === 0);
    assert.equal(await terminate(a.client, { ike: 'office' }, { timeoutMs: 5000 }), 0);
  });

  it('keep unchanged children when another changes, and make the new one before the old one goes', async () => {
    await Promise.all([a.load(sideA()), b.load(sideB())]);
    await a.initiate('net1');
    await a.initiate('net2');
    const ids = async (name: string): Promise<string[]> =>
      (await a.sas()).flatMap((sa) =>
        sa.children.filter((child) => child.name === name).map((child) => child.unique_id),
      );
    const [net1, net2] = [await ids('net1'), await ids('net2')];
    await announced(a, 3);
    a.events.length = 0;

    const [first, second] = children('1', '2');
    const report = await a.reconciler.reconcile(a.client, {
      connections: [sideA({ children: [first, { ...second, rekey_time_s: 1800 }] })],
      tunnels: TUNNELS,
    });
    assert.deepEqual(report, { loaded: ['office'], unloaded: [], ended: net2, problems: [], warnings: [] });
    assert.deepEqual(await ids('net1'), net1);
    assert.equal((await ids('net2')).length, 1);
    assert.notDeepEqual(await ids('net2'), net2);
    await seen(a, 'child-sa', false);
    assert.deepEqual(
      a.events.map((event) => ('up' in event ? event.up : null)),
      [true, false],
    );
  });

  it('replace the IKE_SA when its part changes, and end what was unloaded', async () => {
    await Promise.all([a.load(sideA()), b.load(sideB())]);
    await a.initiate('net1');
    const [before] = await a.sas();
    await a.load(sideA({ dpd_delay_s: 60 }));
    const after = await a.sas();
    assert.equal(after.length, 1);
    assert.notEqual(after[0]?.unique_id, before?.unique_id);
    assert.deepEqual(after[0]?.children.map(({ name }) => name).sort(), ['net1', 'net2']);

    await a.load();
    assert.deepEqual(await a.sas(), []);
    await until('the peer has none either', async () => (await b.sas()).length === 0);
  });

  it('replace the IKE_SA in the next run when the connection to charon was lost in between', async () => {
    await Promise.all([a.load(sideA()), b.load(sideB())]);
    await a.initiate('net1');
    const [before] = await a.sas();
    const { client } = a;
    const lossy: CharonClient = {
      generation: client.generation,
      request: (...args) => client.request(...args),
      stream: (...args) => client.stream(...args),
      dedicated: () => Promise.reject(new ViciError('disconnected', 'Lost.')),
    };
    const wanted = { connections: [sideA({ dpd_delay_s: 60 })], tunnels: TUNNELS };
    await assert.rejects(a.reconciler.reconcile(lossy, wanted), /Lost/);
    const report = await a.reconciler.reconcile(client, wanted);
    assert.deepEqual(report, {
      loaded: [],
      unloaded: [],
      ended: [before?.unique_id],
      problems: [],
      warnings: [],
    });
  });

  it('leave SAs alone when the bridge has restarted, and end those of another configuration', async () => {
    await Promise.all([a.load(sideA()), b.load(sideB())]);
    await a.initiate('net1');
    const before = await a.sas();
    const same = await new Reconciler().reconcile(a.client, { connections: [sideA()], tunnels: TUNNELS });
    assert.deepEqual([same.ended, same.problems], [[], []]);
    assert.equal((await a.sas())[0]?.children[0]?.spi_in, before[0]?.children[0]?.spi_in);

    const moved = TUNNELS.map((tunnel) => ({ ...tunnel, if_id: tunnel.if_id + 100 }));
    const other = await new Reconciler().reconcile(a.client, { connections: [sideA()], tunnels: moved });
    assert.deepEqual(other.ended, [before[0]?.children[0]?.unique_id]);
    assert.equal((await a.sas())[0]?.children[0]?.if_id, 107);
  });

  it('make a new SA beside the old one after charon was killed', async () => {
    await Promise.all([a.load(sideA()), b.load(sideB())]);
    await a.initiate('net1');
    const [old] = await b.sas();

    await a.charon.kill('SIGKILL');
    a.client.close();
    a = await Side.start(hosts, 0);
    await a.load(sideA());
    const due = new KeepUp().due({ connections: [sideA()] }, await collectSas(a.client), 0);
    assert.deepEqual(
      due.map(({ child }) => child),
      ['net1', 'net2'],
    );
    await a.initiate('net1');

    const now = await b.sas();
    assert.equal(now.length, 2);
    const kept = now.find((sa) => sa.unique_id === old?.unique_id);
    assert.equal(kept?.state, 'ESTABLISHED');
    assert.equal(kept.children[0]?.state, 'INSTALLED');
    assert.equal(kept.children[0]?.spi_in, old?.children[0]?.spi_in);
    // What charon parsed of IKE_AUTH: without the notify that would have ended the old SA.
    assert.match(b.charon.log(), /parsed IKE_AUTH request/);
    assert.doesNotMatch(b.charon.log(), /N\(INIT_CONTACT\)/);
  });

  it('make SAs again when the side that waits was killed, by its own initiation', async () => {
    await Promise.all([a.load(sideA()), b.load(sideB())]);
    await a.initiate('net1');
    await b.charon.kill('SIGKILL');
    b.client.close();
    b = await Side.start(hosts, 1);
    await b.load(sideB());
    const restore = ({ child }: { child: string }): boolean => child === 'net1';
    const due = new KeepUp().due({ connections: [sideB()], restore }, await collectSas(b.client), 0);
    assert.deepEqual(due, [{ connection: 'office', child: 'net1' }]);
    await b.initiate('net1');
    assert.deepEqual((await a.sas()).map((sa) => [sa.initiator, sa.children[0]?.state]).sort(), [
      [false, 'INSTALLED'],
      [true, 'INSTALLED'],
    ]);
  });

  const reasons: Array<[string, string, () => ConnectionSection, RegExp]> = [
    ['keys differ', 'authentication', () => sideB({ psk: { file: otherPsk } }), /refused the authentication/],
    [
      'IKE proposals differ',
      'proposal',
      () => sideB({ proposals: ['aes256-sha256-modp3072'] }),
      /IKE proposals.*x25519/,
    ],
    [
      'traffic selectors differ',
      'traffic-selector',
      () => sideB({ children: [{ ...children('2', '1')[0], local_ts: ['172.16.0.0/24'] }] }),
      /10\.1\.1\.0\/24 === 10\.2\.1\.0\/24/,
    ],
    [
      'ESP proposals differ',
      'proposal',
      () => sideB({ children: [{ ...children('2', '1')[0], esp_proposals: ['aes128gcm16-esn'] }] }),
      /ESP proposals.*aes256gcm16/,
    ],
    [
      'the identities are unknown',
      'authentication',
      () => sideB({ local: { address: '192.0.2.2', id: 'x.example' } }),
      /a\.example \(local\), b\.example \(remote\)/,
    ],
    [
      'there is no connection',
      'proposal',
      () => sideB({ remote: { address: '192.0.2.77' } }),
      /or has no connection for this address/,
    ],
  ];
  for (const [what, kind, peer, sentence] of reasons) {
    it(`explain the failure when ${what}`, async () => {
      await Promise.all([a.load(sideA()), b.load(peer())]);
      const failure = explainFailure(await a.initiate('net1'), sideA());
      assert.equal(failure?.kind, kind);
      assert.match(failure.sentence, sentence);
      if (kind === 'authentication' && what === 'keys differ') {
        assert.match(
          explainFailure(b.charon.log().split('\n'))?.sentence ?? '',
          /b\.example and a\.example differ/,
        );
      }
    });
  }

  it('explain the failure when nobody answers', async () => {
    await a.load(sideA({ remote: { address: '192.0.2.77', id: 'b.example' } }));
    const lines: string[] = [];
    await assert.rejects(
      a.client.dedicated((own) =>
        initiate(own, { child: 'net1', timeoutMs: 500, onLog: (entry) => lines.push(entry.message) }),
      ),
      (error) => {
        assert.ok(error instanceof ViciError && error.code === 'refused', String(error));
        lines.push(error.message);
        return true;
      },
    );
    assert.equal(explainFailure(lines, sideA())?.kind, 'no-response');
  });
});
