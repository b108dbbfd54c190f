// What stands in an ESP packet behind its SPI and sequence number, well formed or not.
import assert from 'node:assert/strict';
import type { Bench } from '../../support/bench.js';
import { type EspOptions, espSeal } from '../../support/esp.js';
import { fromPeer, fromRemote, sealer } from '../../support/esp-site.js';
import { concat, forwarded, ip4, pattern } from '../../support/packets.js';
import { HOST, REMOTE_HOST, SPI_IN, SPI_OUT, saOf, siteWithTunnel, tunnelTo } from '../../support/site.js';

export function contents(): void {
  describe('a packet, by what it holds', () => {
    let bench: Bench;
    beforeEach(() => {
      bench = siteWithTunnel();
    });
    afterEach(() => bench.close());
    const sealed = sealer();

    it('is cut short at every length', () => {
      const esp = espSeal(saOf(SPI_IN), { sequence: 1n, inner: new Uint8Array() });
      assert.equal(esp.length, 8 + 8 + 4 + 16);
      for (let length = 8; length < esp.length; length++)
        bench.pushIp('wan', fromPeer(esp.subarray(0, length)));
      bench.run();
      // From header, IV, two octets of trailer and the ICV on there is something to authenticate.
      bench.expect({ 'esp-decrypt/truncated': 26, 'esp-decrypt/integrity_failed': 2 });
    });

    const paddings: [string, Partial<EspOptions>, string | null][] = [
      ['none at all', { inner: fromRemote(62) }, null],
      ['255 octets', { inner: fromRemote(63), padding: pattern(255, 1) }, null],
      ['more than is needed', { padding: pattern(6, 1) }, null],
      ['that counts from 0', { padding: pattern(2, 0) }, 'bad_padding'],
      ['of zeros', { padding: new Uint8Array(2) }, 'bad_padding'],
      ['whose last octet is wrong', { padding: Uint8Array.of(1, 2, 3, 4, 5, 7) }, 'bad_padding'],
      ['longer than the packet', { padLength: 200 }, 'bad_padding'],
      ['longer by one', { inner: pattern(9, 1), padding: new Uint8Array(), padLength: 10 }, 'bad_padding'],
    ];
    for (const [what, options, counter] of paddings) {
      it(`has padding ${what}`, () => {
        bench.pushIp('wan', sealed(options));
        bench.run();
        const expected = counter === null ? [forwarded(options.inner ?? fromRemote(60))] : [];
        assert.deepEqual(bench.sentIp('lan'), expected);
        bench.expect(counter === null ? {} : { [`esp-decrypt/${counter}`]: 1 });
      });
    }

    const contents: [string, Partial<EspOptions>, string][] = [
      ['a dummy', { nextHeader: 59 }, 'esp-decrypt/dummy'],
      ['a dummy of random octets', { nextHeader: 59, inner: pattern(33, 99) }, 'esp-decrypt/dummy'],
      ['IPv4 where IPv6 was said', { nextHeader: 41 }, 'ip6-input/bad_version'],
      ['transport mode', { nextHeader: 6 }, 'esp-decrypt/bad_next_header'],
      ['nothing', { inner: new Uint8Array() }, 'ip4-input/truncated'],
      ['19 octets', { inner: fromRemote(60).subarray(0, 19) }, 'ip4-input/truncated'],
      ['a packet cut short', { inner: fromRemote(60).subarray(0, 59) }, 'ip4-input/bad_total_length'],
      [
        'a wrong header checksum',
        { inner: ip4({ src: REMOTE_HOST, dst: HOST, checksum: 7 }) },
        'ip4-input/bad_checksum',
      ],
    ];
    for (const [what, options, path] of contents) {
      it(`carries ${what}`, () => {
        bench.pushIp('wan', sealed(options));
        bench.run();
        assert.deepEqual(bench.sent('lan'), []);
        bench.expect({ [path]: 1 });
      });
    }

    it('loses what traffic flow confidentiality put behind it (RFC 4303 section 2.7)', () => {
      bench.pushIp('wan', sealed({ inner: concat(fromRemote(60), pattern(100)) }));
      bench.run();
      assert.deepEqual(bench.sentIp('lan'), [forwarded(fromRemote(60))]);
      bench.expect({});
    });

    it('is of transport mode without a tunnel of its own: nothing comes of a whole packet', () => {
      bench.close();
      bench = siteWithTunnel({}, { tunnels: [tunnelTo({}, { spec: { mode: 'transport' } })] });
      bench.pushIp('wan', sealed());
      bench.run();
      assert.deepEqual(bench.sentIp('lan'), []);
      // IP in IP it could be, but the interface is none of that kind.
      bench.expect({ 'ipip-input/unknown_tunnel': 1 });
    });

    it('is by a block cipher: what is no multiple of the block is not given to it', () => {
      const cbc = {
        cipher: 'aes-cbc',
        integrity: 'hmac-sha1',
        integrityKey: pattern(20),
        icvBytes: 12,
      } as const;
      const sa = { ...saOf(SPI_IN), ...cbc, salt: new Uint8Array() };
      bench.close();
      bench = siteWithTunnel(
        {},
        { tunnels: [tunnelTo({}, { inbound: sa, outbound: { ...sa, spi: SPI_OUT } })] },
      );
      const esp = espSeal(sa, { sequence: 1n, inner: fromRemote(60) });
      for (let cut = 1; cut <= 16; cut++) bench.pushIp('wan', fromPeer(esp.subarray(0, esp.length - cut)));
      bench.run();
      bench.expect({ 'esp-decrypt/bad_block_length': 12, 'esp-decrypt/integrity_failed': 4 });
      bench.pushIp('wan', fromPeer(esp));
      bench.run();
      assert.deepEqual(bench.sentIp('lan'), [forwarded(fromRemote(60))]);
      bench.expect({});
    });
  });
}
