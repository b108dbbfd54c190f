// A peer behind a NAT whose address or port changes: what the control side is told.
import assert from 'node:assert/strict';
import type { SaEvent } from '@sluice/shared';
import type { Bench } from '../../support/bench.js';
import { saSpecOf } from '../../support/bench-tunnel.js';
import { espSeal } from '../../support/esp.js';
import { fromRemote } from '../../support/esp-site.js';
import { ip4, udp } from '../../support/packets.js';
import { ip6 } from '../../support/packets6.js';
import { PEER, SPI_IN, saOf, siteWithTunnel, tunnelTo, WAN, WAN6 } from '../../support/site.js';

const MOVED = '198.51.100.99';
const PEER6 = '2001:db8:9::1';
const MOVED6 = '2001:db8:9::2';

export function source(): void {
  describe('the source of packets in UDP', () => {
    let bench: Bench;
    let tunnel = tunnelTo({ udp: true });
    const start = (changed: Partial<typeof tunnel> = {}): void => {
      tunnel = tunnelTo({ udp: true }, changed);
      bench = siteWithTunnel({}, { tunnels: [tunnel] });
    };
    afterEach(() => bench.close());

    const sealed = (sequence: number, key = SPI_IN): Uint8Array =>
      espSeal({ ...saOf(key), spi: SPI_IN }, { sequence: BigInt(sequence), inner: fromRemote(60) });
    const send = (src: string, port: number, ...esp: Uint8Array[]): void => {
      const packets = esp.map((one) => ({ src, dst: WAN, protocol: 17, payload: udp(port, 4500, one) }));
      bench.pushIp('wan', ...packets.map((packet) => ip4(packet)));
      bench.run();
      bench.sent('lan');
    };
    const told = (): SaEvent[] =>
      bench.saEvents((row) => {
        assert.equal(row, bench.control.sa('tun in').row);
        return saSpecOf(tunnel, tunnel.inbound!, true);
      });
    const mapping = (address: string, port: number, dst = WAN): SaEvent => ({
      kind: 'mapping',
      spi: SPI_IN,
      dst,
      address,
      port,
    });

    it('is what the SA says: nothing is told', () => {
      start();
      send(PEER, 4500, sealed(1), sealed(2));
      assert.deepEqual(told(), []);
      bench.expect({});
    });

    it('has another port, or another address', () => {
      start();
      send(PEER, 4500, sealed(1));
      send(PEER, 1024, sealed(2));
      assert.deepEqual(told(), [mapping(PEER, 1024)]);
      send(MOVED, 1024, sealed(3));
      assert.deepEqual(told(), [mapping(MOVED, 1024)]);
      bench.expect({});
    });

    it('is told again a second later, while the SA still says otherwise', () => {
      start();
      send(PEER, 1024, sealed(1), sealed(2));
      send(PEER, 1024, sealed(3));
      assert.deepEqual(told(), [mapping(PEER, 1024)]);
      bench.now += 1000;
      send(PEER, 1024, sealed(4));
      assert.deepEqual(told(), [mapping(PEER, 1024)]);
    });

    it('is not believed of a forged packet', () => {
      start();
      send(MOVED, 1024, sealed(1, 0x77));
      assert.deepEqual(told(), []);
      bench.expect({ 'esp-decrypt/integrity_failed': 1 });
    });

    it('is not believed of a replayed packet', () => {
      start();
      send(PEER, 4500, sealed(1));
      send(MOVED, 1024, sealed(1));
      assert.deepEqual(told(), []);
      bench.expect({ 'esp-decrypt/replayed': 1 });
    });

    it('is not believed of a packet that is older than others', () => {
      start();
      send(PEER, 4500, sealed(9));
      send(MOVED, 1024, sealed(8));
      assert.deepEqual(told(), []);
      bench.expect({});
    });

    it('says nothing about a packet that is not in UDP', () => {
      start();
      bench.pushIp('wan', ip4({ src: MOVED, dst: WAN, protocol: 50, payload: sealed(1) }));
      bench.run();
      bench.sent('lan');
      assert.deepEqual(told(), []);
      bench.expect({});
    });

    it('has another IPv6 address', () => {
      start({ local: WAN6, remote: PEER6 });
      bench.pushIp6(
        'wan',
        ip6({ src: MOVED6, dst: WAN6, nextHeader: 17, payload: udp(4500, 4500, sealed(1)) }),
      );
      bench.run();
      bench.sent('lan');
      assert.deepEqual(told(), [mapping(MOVED6, 4500, WAN6)]);
      bench.expect({});
    });

    it('is not told when the SA has become another on the way', () => {
      start();
      send(PEER, 1024, sealed(1));
      assert.deepEqual(
        bench.saEvents(() => ({ ...saSpecOf(tunnel, tunnel.inbound!, true), spi: SPI_IN + 1 })),
        [],
      );
      send(MOVED, 1024, sealed(2));
      assert.deepEqual(
        bench.saEvents(() => undefined),
        [],
      );
    });
  });
}
