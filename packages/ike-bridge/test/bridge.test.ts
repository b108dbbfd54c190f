import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type IkeSaReport, until } from '@sluice/shared';
import { Namespaces } from './charon/namespaces.js';
import { Gateway, IF_ID } from './gateway.js';

describe('bridge', function () {
  this.timeout(240_000);
  let hosts: Namespaces;
  let left: Gateway;
  let right: Gateway;

  beforeEach(async () => {
    hosts = new Namespaces();
    left = new Gateway(hosts.names[0], join(hosts.dir, 'l'), '192.0.2.1', '192.0.2.2');
    right = new Gateway(hosts.names[1], join(hosts.dir, 'r'), '192.0.2.2', '192.0.2.1');
    await Promise.all([left.start(), right.start()]);
    await right.client.request('apply', right.state(1, 'respond'));
    await converged(right);
    await left.client.request('apply', left.state(1, 'initiate'));
    await converged(left);
    await until('the tunnel is up', () => whole(left) && whole(right));
    // Until charon has all answers, it may send again what it asked of a bridge that a test then stops.
    for (const side of [left, right]) await installed(side);
  });
  afterEach(async () => {
    await left?.stop();
    await right?.stop();
    await hosts?.stop();
  });

  const whole = (side: Gateway): boolean => side.specs('in').length === 1 && side.specs('out').length === 1;
  const converged = (side: Gateway): Promise<unknown> =>
    until('the configuration is in charon', async () => (await side.client.request('status', {})).converged);
  const spis = (side: Gateway, direction: 'in' | 'out'): number[] =>
    side.specs(direction).map(({ spi }) => spi);
  const sasOf = (side: Gateway): string => `in ${spis(side, 'in')} out ${spis(side, 'out')}`;
  const shown = async (side: Gateway): Promise<IkeSaReport[]> =>
    (await side.client.request('show-ike', {})).ike_sas;
  const installed = (side: Gateway): Promise<IkeSaReport> =>
    until('the CHILD_SA is listed', async () => {
      const [sa] = await shown(side);
      return sa?.children[0]?.state === 'INSTALLED' ? sa : null;
    });
  /** proc(5): utime and stime of charon. */
  const cpuTicks = async (side: Gateway): Promise<number> => {
    const text = await readFile(`/proc/${side.charon?.pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  };
  const repairs = (side: Gateway): string =>
    side.events.flatMap((event) => (event.kind === 'reconciled' ? event.repairs : [])).join('\n');

  it('brings a tunnel up, and shows it', async () => {
    assert.deepEqual(spis(left, 'in'), spis(right, 'out'));
    assert.equal(left.specs('in')[0]?.crypto.key_hex, right.specs('out')[0]?.crypto.key_hex);
    const ike = await installed(left);
    const said = (what: RegExp): Promise<unknown> =>
      until(`${what} in the log`, () => left.lines.some((line) => what.test(line)));
    await said(/"up":true,"msg":"an IKE_SA"/);
    await said(/"up":true,"msg":"a CHILD_SA"/);
    assert.equal(ike.state, 'ESTABLISHED');
    assert.equal(ike.children[0]?.if_id, IF_ID);
    assert.deepEqual([ike.children[0]?.spi_in], spis(left, 'in'));
    assert.deepEqual([ike.children[0]?.spi_out], spis(left, 'out'));
    assert.ok(left.events.some((event) => event.kind === 'child-sa' && event.up));
    const status = await left.client.request('status', {});
    assert.deepEqual([status.charon, status.revision, status.problems], ['up', 1, []]);
  });

  it('gives a new data plane the SAs of the old one', async () => {
    const before = [...spis(left, 'in'), ...spis(left, 'out')];
    await left.restartDataplane();
    await until('the SAs are there again', () => whole(left));
    assert.deepEqual([...spis(left, 'in'), ...spis(left, 'out')], before);
    await until('it has been told', () => /2 SAs were installed again/.test(repairs(left)));
  });

  it('that dies costs no SA, and the next one goes on', async () => {
    const before = left.dataplane.sink.history.length;
    await left.stopBridge();
    await left.startBridge();
    await left.client.request('apply', left.state(1, 'initiate'));
    await converged(left);
    assert.equal((await shown(left))[0]?.children.length, 1);
    assert.deepEqual(left.dataplane.sink.history.slice(before), []);
    // charon's rekeying goes through the new bridge.
    const [old] = spis(left, 'out');
    left.dataplane.tell({ kind: 'sequence-low', spi: old!, dst: right.address });
    await until('the SA is replaced', () => spis(left, 'out').some((spi) => spi !== old));
  });

  it('is killed as a process while charon goes on, and ends in order when asked', async () => {
    const before = left.dataplane.sink.history.length;
    await left.stopBridge();
    left.spawnBridge();
    await left.client.request('apply', left.state(1, 'initiate'));
    await converged(left);
    await left.endBridge('SIGKILL');
    const ticks = await cpuTicks(left);
    const begin = performance.now();
    await until('a second of absence has been measured', () => performance.now() - begin > 1000);
    const used = (await cpuTicks(left)) - ticks;
    assert.ok(used < 30, `charon used ${used} of about 100 ticks while its bridge was away`);
    left.spawnBridge();
    await left.client.request('apply', left.state(1, 'initiate'));
    await converged(left);
    assert.deepEqual(left.dataplane.sink.history.slice(before), [], 'no SA came or went');
    const [old] = spis(left, 'out');
    left.dataplane.tell({ kind: 'sequence-low', spi: old!, dst: right.address });
    await until('the SA is replaced', () => spis(left, 'out').some((spi) => spi !== old));
    for (const { crypto } of [...left.specs('in'), ...left.specs('out')]) {
      assert.ok(!left.processLog.includes(crypto.key_hex), 'a key was logged');
    }
    await left.endBridge('SIGTERM');
    assert.equal(left.process?.exitCode, 0);
  });

  it('rekeys what charon believes in and nobody has', async () => {
    const [old] = spis(left, 'in');
    await left.stopBridge();
    await left.restartDataplane();
    await left.startBridge();
    await left.client.request('apply', left.state(1, 'initiate'));
    await until(
      'both sides have new SAs',
      () => whole(left) && spis(right, 'out').includes(spis(left, 'in')[0]!),
      { deadlineMs: 30_000 },
    );
    assert.notEqual(spis(left, 'in')[0], old);
    await until('it has been told', () => /had lost an SA and/.test(repairs(left)));
  });

  it('rekeys when its peer goes on to send by an SA that is not here', async () => {
    const [old] = spis(left, 'in');
    const stray = {
      kind: 'refused',
      at_ms: Date.now(),
      reason: 'unknown_spi',
      spi: 0xc0ffee00,
      sequence: 7,
      interface: 'wan',
      outer: { src: right.address, dst: left.address },
      flow_label: null,
      inner: null,
    } as const;
    await until(
      'both sides have new SAs',
      () => {
        left.dataplane.refused(stray);
        return spis(left, 'in').some((spi) => spi !== old && spis(right, 'out').includes(spi));
      },
      { intervalMs: 100 },
    );
    await until('it has been told', () => /sends by SPI c0ffee00, which is not here/.test(repairs(left)));
  });

  for (const side of ['initiating', 'responding'] as const) {
    it(`keeps the tunnel when charon of the ${side} side dies, and makes another beside it`, async () => {
      const gateway = side === 'initiating' ? left : right;
      const before = [...spis(gateway, 'in'), ...spis(gateway, 'out')];
      await gateway.killCharon();
      await until(
        'it is noticed',
        async () => (await gateway.client.request('status', {})).charon === 'down',
      );
      assert.deepEqual([...spis(gateway, 'in'), ...spis(gateway, 'out')], before);
      await gateway.startCharon();
      await until(
        'there are new SAs',
        () => gateway.specs('in').length === 2 && gateway.specs('out').length === 2,
      );
      for (const spi of before) {
        assert.ok(
          [...spis(gateway, 'in'), ...spis(gateway, 'out')].includes(spi),
          'the old SAs are still there',
        );
      }
      // Some 10 s; where a side has made a duplicate, its peer's dead peer detection ends that, after some 40 s, and that
      // of what this leaves alone once more.
      await until(
        () => `the old ones, ${before}, to go: left ${sasOf(left)}, right ${sasOf(right)}`,
        () => whole(gateway),
        { deadlineMs: 150_000 },
      );
      assert.ok(!before.includes(spis(gateway, 'in')[0]!));
      await until('it has been told', () => /another took its place/.test(repairs(gateway)));
    });
  }

  it('says in a sentence what is wrong', async () => {
    await assert.rejects(
      left.client.request('initiate', { child: 'nope' }),
      /No connection has a child "nope"/,
    );
    await left.killCharon();
    await until('it is noticed', async () => (await left.client.request('status', {})).charon === 'down');
    await assert.rejects(left.client.request('show-ike', {}), /charon does not answer/);
    const status = await left.client.request('status', {});
    assert.equal(status.converged, false);
    assert.match(status.problems.join(), /charon does not answer/);
  });

  it('ends a connection when asked, and initiates it again because it is to be up', async () => {
    const [old] = spis(left, 'in');
    assert.deepEqual(await left.client.request('terminate', { connection: 'office' }), { terminated: 1 });
    await until('the tunnel is up again', () => whole(left) && spis(left, 'in')[0] !== old);
  });

  it('clears: CHILD_SAs are rekeyed, IKE_SAs negotiated anew, and the log of the peer says so', async () => {
    const begun = await left.client.request('debug-start', { peer: right.address });
    assert.deepEqual(begun.connections, ['office']);
    const { session } = begun;
    const said: string[] = [];
    const says = (what: RegExp): Promise<unknown> =>
      until(
        () => `${what} in charon's log of the peer, which has\n${said.join('\n')}`,
        async () => {
          const { lines } = await left.client.request('debug-read', { session });
          said.push(...lines.map(({ connection, message }) => `${connection} ${message}`));
          return said.some((line) => what.test(line));
        },
      );

    const [old] = spis(left, 'in');
    const { children } = await left.client.request('clear-sa', { which: `0x${old?.toString(16)}` });
    assert.deepEqual(
      children.map(({ connection, child, spi_in, problem }) => ({ connection, child, spi_in, problem })),
      [{ connection: 'office', child: 'net', spi_in: old, problem: null }],
    );
    await until('new SAs alone', () => whole(left) && spis(left, 'in')[0] !== old);
    await says(/^office inbound CHILD_SA net\{\d+\} established/);

    const ike = await installed(left);
    const { connections } = await left.client.request('clear-ike', { peer: 'office' });
    assert.deepEqual(connections, [{ connection: 'office', ended: 1, outcome: 'up', reason: null }]);
    const after = await installed(left);
    assert.notEqual(after.unique_id, ike.unique_id);
    await says(/^office IKE_SA office\[\d+\] established between/);
    const psk = 'between these two';
    assert.ok(!said.some((line) => line.includes(psk)), 'a secret was shown');
    await left.client.request('debug-stop', { session });
    await assert.rejects(left.client.request('debug-read', { session }), /begin anew/);

    const { policies } = await left.client.request('show-policies', {});
    assert.deepEqual(policies.map(({ direction, waits }) => `${direction} ${waits}`).sort(), [
      'in false',
      'out false',
    ]);
    await assert.rejects(left.client.request('clear-ike', { peer: 'nobody' }), /No connection is named/);
  });
});
