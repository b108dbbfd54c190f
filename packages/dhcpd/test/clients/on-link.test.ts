// Messages that stock clients do not send, on the link of a running gateway: where answers go, and when there is none.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type { LabNode } from '@sluice/lab';
import { seed } from '@sluice/shared/test-support';
import { SERVER, type Site, startSite } from '../support/site.js';

/** From dist/test/clients to the package's source. */
const SCRIPT = fileURLToPath(new URL('../../../test/fixtures/exchanges.py', import.meta.url));
const EVERYBODY = 'ff:ff:ff:ff:ff:ff';
const OFFER = 2;
const ACK = 5;
const NAK = 6;

interface Answer {
  step: string;
  type?: number;
  yiaddr?: string;
  mac?: string;
  to?: string;
  lease?: number | null;
  relay?: string | null;
}

describe('DHCP on the wire', function () {
  this.timeout(120_000);
  let site: Site;
  let station: LabNode;
  let failed = false;
  const answers = new Map<string, Answer>();

  before(async () => {
    site = await startSite({
      name: 'dhcp-wire',
      build: async (lab, gateway) => {
        station = await lab.host('station');
        await lab.link(gateway.port('p0'), station.port('eth0'));
      },
      config: {
        interfaces: [{ name: 'lan', device: 'p0', addresses: ['10.1.0.1/24'] }],
        dhcp: { servers: [{ ...SERVER, limits: { client_requests_per_s: 1_000 } }] },
      },
    });
    const { stdout } = await station.run(['/usr/bin/python3', SCRIPT, String(seed)], { deadlineMs: 80_000 });
    for (const line of stdout.trim().split('\n')) {
      const answer = JSON.parse(line) as Answer;
      answers.set(answer.step, answer);
    }
  });
  afterEach(function () {
    failed ||= this.currentTest?.state === 'failed';
  });
  after(() => site?.stop(failed));

  const of = (step: string): Answer => answers.get(step)!;

  it('an offer goes to the client alone, or to all when it asks for that', () => {
    const { type, mac, to, yiaddr } = of('unicast');
    assert.deepEqual([type, mac, to], [OFFER, '02:00:00:00:00:0a', yiaddr]);
    const all = of('broadcast flag');
    assert.deepEqual([all.type, all.mac, all.to], [OFFER, EVERYBODY, '255.255.255.255']);
  });

  it('a client that selects has the address, also when it rebinds', () => {
    const { yiaddr } = of('unicast');
    for (const step of ['selecting', 'rebinding']) {
      const { type, mac, to, lease } = of(step);
      assert.deepEqual([type, mac, to, lease], [ACK, '02:00:00:00:00:0a', yiaddr, 43_200], step);
      assert.equal(of(step).yiaddr, yiaddr);
    }
  });

  it('a client from another network is refused, to all; one that nobody knows of hears nothing', () => {
    const { type, mac, to } = of('rebooting, another network');
    assert.deepEqual([type, mac, to], [NAK, EVERYBODY, '255.255.255.255']);
    assert.equal(of('rebooting, unknown').type, undefined);
    assert.equal(of('another server chosen').type, undefined);
  });

  it('INFORM is answered without a lease', () => {
    const { type, yiaddr, lease, to } = of('inform');
    assert.deepEqual([type, yiaddr, lease, to], [ACK, '0.0.0.0', null, of('unicast').yiaddr]);
  });

  it('what a switch adds comes back to it', () => {
    assert.equal(of('option 82 of a switch').type, OFFER);
    assert.match(of('option 82 of a switch').relay ?? '', /01020304/);
  });

  it(`garbage changes nothing, and a declined address is not given again (seed ${seed})`, async () => {
    const { type, yiaddr } = of('after a decline');
    assert.equal(type, OFFER);
    assert.notEqual(yiaddr, of('unicast').yiaddr);
    assert.ok((await site.counter('malformed')) > 100);
    assert.equal(
      (await site.leases()).find(({ address }) => address === of('unicast').yiaddr)?.state,
      'declined',
    );
  });

  it('shows another server that answers there', async () => {
    const { networks } = await site.dhcpd.request('show-dhcp', {});
    assert.deepEqual(networks[0]?.other_servers, ['10.1.0.66 (02:00:00:00:00:0b)']);
    assert.equal(await site.counter('other_server_heard'), 1);
  });
});
