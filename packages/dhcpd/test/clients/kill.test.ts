// kill -9 in the middle of lease writes: whatever a client was told is on the disk, every time.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Lab, type LabNode } from '@sluice/lab';
import { connect, createLogger, dhcpdContract, dhcpServerSection, formatIp4, until } from '@sluice/shared';
import { seed } from '@sluice/shared/test-support';
import { readRecords } from '../../src/store/record.js';

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const CLIENT = fileURLToPath(new URL('../fixtures/relay-client.js', import.meta.url));
const LOG = createLogger({ name: 'test', level: 'silent' });
const ROUNDS = 5;
const CLIENTS = 1_000;
/** Octets of the log's first line. */
const HEADER_BYTES = 16;

describe('kill -9 of the server in the middle of lease writes', function () {
  this.timeout(120_000);
  let lab: Lab;
  let server: LabNode;
  let client: LabNode;

  before(async () => {
    lab = await Lab.create({ name: 'dhcp-kill' });
    [server, client] = await Promise.all([lab.host('server'), lab.host('client')]);
    await lab.link(server.port('lan', '10.1.0.1/16'), client.port('eth0', '10.1.0.2/16'));
    mkdirSync(server.path('run'), { mode: 0o700 });
  });
  after(() => lab?.stop());

  const serve = async () => {
    const run = server.path('run');
    const args = [MAIN, '--run-dir', run, '--state-dir', server.path('state')];
    const running = await server.start([process.execPath, ...args], {
      name: 'dhcpd',
      ready: { log: /"ready"/ },
    });
    const actor = connect(dhcpdContract, { runDir: run, log: LOG });
    await actor.request('apply', {
      revision: 1,
      networks: [
        {
          server: dhcpServerSection.parse({
            interface: 'lan',
            pools: [{ range: '10.1.1.0-10.1.200.255' }],
            probe_ms: 0,
            limits: { requests_per_s: 1_000_000, client_requests_per_s: 10_000 },
          }),
          vrf: 'default',
          addresses: ['10.1.0.1/16'],
        },
      ],
      vrfs: [{ name: 'default', addresses: ['10.1.0.1'] }],
    });
    return { running, actor };
  };

  it(`keeps every lease that was acknowledged (seed ${seed})`, async () => {
    const promised = new Map<string, string>();
    let random = seed;
    for (let round = 0; round < ROUNDS; round++) {
      const { running, actor } = await serve();
      await actor.close();
      random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
      const enough = 1 + (random % (CLIENTS / 2));
      const first = `10.1.${1 + round * 5}.0`;
      const args = [CLIENT, '10.1.0.2', '10.1.0.1', first, String(CLIENTS)];
      const asking = await client.start([process.execPath, ...args], { name: `asking-${round}` });
      const told = () => [...asking.log().matchAll(/^acknowledged (\S+) (\S+)$/gm)];
      await until(`${enough} acknowledgements`, () => told().length >= enough, {
        deadlineMs: 30_000,
        intervalMs: 5,
      });
      await running.stop({ signal: 'SIGKILL' });
      await asking.stop({ signal: 'SIGKILL' });
      for (const [, address, mac] of told()) promised.set(address!, mac!);

      const kept = new Map<string, string>();
      const bytes = readFileSync(server.path('state/leases.log'));
      readRecords(bytes, HEADER_BYTES, (one) => kept.set(formatIp4(one.address), one.mac));
      const lost = [...promised].filter(([address, mac]) => kept.get(address) !== mac);
      assert.deepEqual(lost, [], `round ${round}: ${lost.length} of ${promised.size} are not in the log`);
    }
    const { running, actor } = await serve();
    const { leases } = await actor.request('show-leases', { limit: 100_000 });
    const shown = new Map(leases.map(({ address, mac }) => [address, mac]));
    for (const [address, mac] of promised) assert.equal(shown.get(address), mac);
    await actor.close();
    assert.equal(await running.stop(), 0);
  });
});
