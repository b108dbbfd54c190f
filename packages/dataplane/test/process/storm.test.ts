// A million frames that no sane host sends: nothing breaks, and every one of them is accounted for.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { type ErrorCounter, interfaceDrivers, until } from '@sluice/shared';
import { seed } from '@sluice/shared/test-support';
import { Gateway, port } from './support/gateway.js';
import { ip, Network } from './support/network.js';
import { ping, pingAll } from './support/ping.js';

// The compiler leaves Python where it is: this file runs from dist/test/process.
const JUNK = fileURLToPath(new URL('../../../test/process/support/junk.py', import.meta.url));
const FRAMES = 500_000;
const NEAR = '10.1.0.2';
const FAR = '10.2.0.2';
/** Nodes outside the graph; what is lost there was never received, or has left the graph. */
const AROUND = /^(port |host-io|control)/;

function count(errors: readonly ErrorCounter[], path: string): number {
  return errors.find((each) => `${each.node}/${each.reason}` === path)?.count ?? 0;
}

for (const driver of interfaceDrivers) {
  describe(`data plane process in a storm over ${driver}`, function () {
    this.timeout(180_000);
    let network: Network;
    let gateway: Gateway;
    let near: string;

    before(async () => {
      network = new Network();
      near = network.host('near', 'p0', `${NEAR}/24`, '10.1.0.1');
      network.host('far', 'p1', `${FAR}/24`, '10.2.0.1');
      gateway = new Gateway(network);
      await gateway.apply({
        interfaces: [
          port('lan', 'p0', ['10.1.0.1/24'], { driver }),
          port('wan', 'p1', ['10.2.0.1/24'], { driver }),
        ],
      });
      await pingAll(network, near, '-c', '2', '-i', '0.2', FAR);
    });

    /** Frames that the near host's device gave up because the gateway's took no more. */
    const dropped = (): number =>
      (
        JSON.parse(ip('-n', near, '-statistics', '-json', 'link', 'show', 'eth0')) as {
          stats64: { tx: { dropped: number } };
        }[]
      )[0]!.stats64.tx.dropped;

    after(async () => {
      await gateway?.close();
      await network?.close();
    });

    it(`lives through ${FRAMES} frames, counts each, and loses no frame of its pool (seed ${seed})`, async () => {
      const [lan] = await gateway.counters();
      const before = await gateway.published();
      const portLosses = async (): Promise<number> =>
        (await gateway.errors())
          .filter((each) => each.node === 'port lan' && each.reason.startsWith('rx_'))
          .reduce((sum, each) => sum + each.count, 0);
      const lost = await portLosses();
      const droppedBefore = dropped();
      const pid = gateway.pid;

      const { output } = await network.run(
        near,
        '/usr/bin/python3',
        JUNK,
        'eth0',
        lan!.mac!,
        `${FRAMES}`,
        `${seed}`,
      );
      assert.equal(output.trim().split('\n').at(-1), `${FRAMES}`, output);

      // Every frame was received, or its loss before the graph is counted under the port; but those that the
      // pair's other end had to drop never arrived.
      let arrived = 0;
      await until(
        () => `${FRAMES} frames are received or lost by name: ${arrived}`,
        async () => {
          const [now] = await gateway.counters();
          arrived =
            now!.rx_packets - lan!.rx_packets + (await portLosses()) - lost + dropped() - droppedBefore;
          return arrived >= FRAMES;
        },
      );
      assert.equal(gateway.pid, pid);

      // Every packet that came into the graph left it, or was dropped under a name.
      let balance = {};
      await until(
        () => `what went into the graph is what came out of it: ${JSON.stringify(balance)}`,
        async () => {
          const ports = await gateway.counters();
          const errors = await gateway.errors();
          const all = (key: 'rx_packets' | 'tx_packets' | 'drops' | 'punted' | 'injected'): number =>
            ports.reduce((sum, each) => sum + each[key], 0);
          const own = count(errors, 'control/frames_sent');
          const icmp = count(errors, 'ip4-icmp-error/sent') + count(errors, 'ip6-icmp-error/sent');
          const fragmented =
            count(errors, 'ip4-rewrite/too_big') -
            count(errors, 'ip4-frag/no_frames') -
            count(errors, 'ip4-frag/mtu_too_small');
          const pieces = count(errors, 'ip4-frag/fragments') - fragmented;
          const incoming = all('rx_packets') + all('injected') + own + icmp + pieces;
          const outgoing = all('tx_packets') + all('punted') + all('drops');
          // A packet that is answered with an ICMP error counts as dropped, under the error's name.
          const named = errors
            .filter((each) => each.drop && !AROUND.test(each.node))
            .reduce((sum, each) => sum + each.count, icmp);
          balance = { incoming, outgoing, drops: all('drops'), named, own, icmp, pieces, errors };
          return incoming === outgoing && named === all('drops');
        },
      );

      // What was published before may have been counted while a frame was under way: there can be more now.
      let free = 0;
      await until(
        () => `the pool has its ${before.frames_free} free frames back: ${free}`,
        async () => {
          free = (await gateway.published()).frames_free;
          return free >= before.frames_free;
        },
      );
    });

    it('goes on forwarding', async () => {
      // A bit flip may have told the box another address for a host, for as long as it is believed.
      await until(
        'a ping comes back',
        async () => (await ping(network, near, '-c', '1', '-W', '1', FAR)).received === 1,
        { deadlineMs: 45_000 },
      );
      await pingAll(network, near, '-c', '100', '-i', '0.002', FAR);
      await pingAll(network, near, '-c', '1', '10.1.0.1');
      await pingAll(network, network.gateway, '-c', '1', NEAR);
    });
  });
}
