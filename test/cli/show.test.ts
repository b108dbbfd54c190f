// sluice show: what it prints is what is.
import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { notASentence, sluice } from '../support/cli.js';
import { ping } from '../support/ping.js';
import { sitesSuite } from '../support/sites-suite.js';
import { BRANCH, HQ } from '../support/two-sites.js';

const hex = (spi: number): string => `0x${spi.toString(16).padStart(8, '0')}`;

describe('sluice show', () => {
  const suite = sitesSuite({ name: 'cli-show' });

  async function json<T>(subject: string): Promise<T> {
    const { code, stdout, stderr } = await sluice(suite.sites.branch.gateway, 'show', subject, '--json');
    assert.deepEqual([code, stderr], [0, '']);
    return JSON.parse(stdout) as T;
  }
  async function text(subject: string): Promise<string> {
    const { code, stdout, stderr } = await sluice(suite.sites.branch.gateway, 'show', subject);
    assert.deepEqual([code, stderr], [0, '']);
    return stdout;
  }

  suite.it('interfaces', async ({ branch, branchHost }) => {
    assert.ok((await ping(branchHost, HQ.host, { count: 5 })).answered);
    type Reply = Awaited<ReturnType<typeof ask>>;
    const ask = () => branch.dataplane.request('show-interfaces', {});
    const before = await ask();
    const { interfaces } = await json<Reply>('interfaces');
    const after = await ask();
    assert.deepEqual(interfaces.map(({ name }) => name).sort(), ['hq', 'lan', 'wan']);
    for (const shown of interfaces) {
      const [low, high] = [before, after].map(
        (reply) => reply.interfaces.find(({ name }) => name === shown.name)!,
      );
      assert.ok(low!.rx_packets <= shown.rx_packets && shown.rx_packets <= high!.rx_packets);
      // The link-local address comes when nobody has objected to it.
      const configured = shown.addresses.filter((address) => !address.startsWith('fe80:'));
      assert.deepEqual(
        [shown.mac, configured],
        [low!.mac, low!.addresses.filter((address) => !address.startsWith('fe80:'))],
      );
      // A tunnel's is that of its SA a moment after it has one.
      assert.ok([low!.mtu, high!.mtu].includes(shown.mtu), `${low!.mtu} ${shown.mtu} ${high!.mtu}`);
    }
    assert.ok(interfaces.find(({ name }) => name === 'hq')!.rx_packets >= 5);
    const lines = (await text('interfaces')).trimEnd().split('\n');
    assert.equal(lines.length, 4);
    assert.match(
      lines.find((line) => line.startsWith('lan ')) ?? '',
      /\bup\b.*lan0 \(af_xdp.*1500.*10\.1\.0\.1\/24/,
    );
  });

  suite.it('routes', async ({ branch }) => {
    const live = await branch.dataplane.request('show-routes', {});
    assert.deepEqual(await json('routes'), live);
    const shown = await text('routes');
    assert.equal(shown.trimEnd().split('\n').length, live.total + 1);
    assert.match(shown, /^default +10\.2\.0\.0\/24 +static +tunnel +- +hq$/m);
  });

  suite.it('neighbours', async ({ branch }) => {
    const { neighbours } = await json<Awaited<ReturnType<typeof ask>>>('neighbours');
    const ask = () => branch.dataplane.request('show-neighbours', {});
    const live = await ask();
    const pairs = (rows: typeof live.neighbours) => rows.map(({ address, mac }) => [address, mac]).sort();
    assert.deepEqual(pairs(neighbours), pairs(live.neighbours));
    for (const address of [BRANCH.host, BRANCH.router])
      assert.ok((await text('neighbours')).includes(address));
  });

  suite.it('sa, and ike with the same SPIs', async ({ branch, hq }) => {
    const { sas } = await json<{ sas: { spi: number; direction: string }[] }>('sa');
    const far = await hq.dataplane.request('show-sa', {});
    assert.deepEqual(sas.map(({ spi }) => spi).sort(), far.sas.map(({ spi }) => spi).sort());
    const ike = await json<Awaited<ReturnType<typeof ask>>>('ike');
    const ask = () => branch.ikeBridge.request('show-ike', {});
    const [child] = ike.ike_sas[0]?.children ?? [];
    assert.deepEqual([child?.spi_in, child?.spi_out].sort(), sas.map(({ spi }) => spi).sort());
    for (const subject of ['sa', 'ike']) {
      const shown = await text(subject);
      for (const { spi } of sas) assert.ok(shown.includes(hex(spi)), shown);
    }
    assert.match(await text('ike'), /^hq #\d+: ESTABLISHED, IKEv2, initiator/);
  });

  suite.it('policy: the traffic of each direction, with its SA', async ({ branch }) => {
    const { sas } = await branch.dataplane.request('show-sa', {});
    const shown = await text('policy');
    for (const [direction, from, to, state] of [
      ['in', HQ.lanNetwork, BRANCH.lanNetwork, 'receives'],
      ['out', BRANCH.lanNetwork, HQ.lanNetwork, 'sends'],
    ] as const) {
      const sa = sas.find((each) => each.direction === direction);
      const row = ['hq', direction, from, to, 'any', state, hex(sa?.spi ?? 0)]
        .join(' +')
        .replaceAll('.', '\\.');
      assert.match(shown, new RegExp(`^${row} `, 'm'));
    }
  });

  suite.it('runtime and errors', async () => {
    const { workers, nodes } = await json<{ workers: unknown[]; nodes: { node: string; packets: number }[] }>(
      'runtime',
    );
    assert.equal(workers.length, 2);
    assert.ok(nodes.some(({ node, packets }) => node === 'esp-decrypt' && packets >= 5));
    assert.match(await text('runtime'), /esp-encrypt +\d/);
    const { errors } = await json<{ errors: { node: string; reason: string; count: number }[] }>('errors');
    assert.ok(errors.some(({ node, reason }) => node === 'arp-input' && reason === 'answered'));
    assert.match(await text('errors'), /^ *\d+ +info +arp-input +answered +no +requests answered$/m);
  });

  suite.it('agent', async ({ branch }) => {
    assert.deepEqual(await json('agent'), await branch.agent.request('status', {}));
    assert.match(await text('agent'), /^branch: revision 1, converged\n/);
  });

  suite.it('ends in one sentence when it cannot', async ({ branch }) => {
    const { gateway } = branch;
    const failing = [
      ['show', 'nonsense'],
      ['show', 'sa', '--run-dir', '/nonexistent'],
      ['show', 'sa', '--colour'],
      ['initiate', 'nobody'],
      ['terminate', 'nobody'],
      ['trace', '--interface', 'nope'],
      ['trace', '--protocol', 'nope'],
      ['trace', '--prefix', '300.0.0.0/8'],
      ['trace', '--prefix', '192.0.2.0/24', '--timeout', '1'],
      ['up', '-c', '/nonexistent'],
      ['no-such-command'],
    ];
    const results = await Promise.all(failing.map((args) => sluice(gateway, ...args)));
    results.forEach((result, i) => {
      assert.equal(notASentence(result), null, `sluice ${failing[i]?.join(' ')}`);
    });
  });

  suite.it('clears figures, a neighbour and SAs, and all goes on', async ({ branch, hqHost }) => {
    const clear = async (...words: string[]): Promise<string> => {
      const { code, stdout, stderr } = await sluice(branch.gateway, 'clear', ...words);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    const asked = async (since: 'start' | 'cleared'): Promise<number> => {
      const { errors } = await branch.dataplane.request('show-errors', { since });
      return errors.find(({ node, reason }) => `${node}/${reason}` === 'control/frames_sent')?.count ?? 0;
    };
    const received = async (since: 'start' | 'cleared'): Promise<number> => {
      const { interfaces } = await branch.dataplane.request('show-interfaces', { since });
      return interfaces.find(({ name }) => name === 'hq')?.rx_packets ?? 0;
    };
    assert.ok((await ping(hqHost, BRANCH.host)).answered);
    const before = [await asked('start'), await received('start')] as const;
    await clear('errors');
    await clear('interfaces', 'hq');
    // Looked at first, what has been cleared can only have grown less.
    const [fewer, fewerReceived] = [await asked('cleared'), await received('cleared')];
    assert.ok(before[0] > 0 && (await asked('start')) - fewer >= before[0]);
    assert.ok(before[1] > 0 && (await received('start')) - fewerReceived >= before[1]);

    assert.equal(await clear('neighbours', BRANCH.host), '1 neighbour cleared\n');
    assert.ok((await ping(hqHost, BRANCH.host)).answered, 'it is asked for anew');

    const spis = async () => (await branch.dataplane.request('show-sa', {})).sas.map(({ spi }) => spi);
    const old = await spis();
    assert.match(await clear('sa', 'hq'), /^hq\/hq: rekeyed in place of 0x[0-9a-f]{8} and 0x[0-9a-f]{8}\n$/);
    await until(
      'new SAs alone',
      async () => {
        const now = await spis();
        return now.length === 2 && !now.some((spi) => old.includes(spi));
      },
      { deadlineMs: 30_000 },
    );
    assert.equal(await clear('ike', HQ.wan), 'hq: 1 IKE_SA ended, and up again\n');
    assert.ok((await ping(hqHost, BRANCH.host)).answered);
  });

  suite.it('initiates and terminates', async ({ branch }) => {
    const ended = await sluice(branch.gateway, 'terminate', 'hq');
    assert.deepEqual([ended.code, ended.stdout], [0, 'hq: 1 IKE_SA ended\n'], ended.stderr);
    const up = await sluice(branch.gateway, 'initiate', 'hq');
    assert.deepEqual([up.code, up.stdout], [0, 'hq is up\n'], up.stderr);
    assert.ok((await branch.tunnels()).length >= 1);
  });
});
