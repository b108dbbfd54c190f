import assert from 'node:assert/strict';
import { INTERFACE_DOWN } from '../../src/tables/interfaces.js';
import type { Bench } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { espSeal } from '../support/esp.js';
import { fromPeer, siteOfKind } from '../support/gre-site.js';
import { forwarded, ip4, pattern } from '../support/packets.js';
import { itRefuses } from '../support/refused.js';
import { HOST, REMOTE_HOST, SPI_IN, saOf } from '../support/site.js';

const inner = (more: Partial<Parameters<typeof ip4>[0]> = {}): Uint8Array =>
  ip4({ src: REMOTE_HOST, dst: HOST, payload: pattern(50), ...more });

describeNode('ipip-input', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = siteOfKind({ kind: 'ipip', protect: 'none' }, true);
  });
  afterEach(() => bench.close());

  it('takes the packet out of the other', () => {
    bench.pushIp('wan', fromPeer(4, inner()), fromPeer(4, inner(), { options: pattern(4, 1).fill(1) }));
    bench.run();
    assert.deepEqual(bench.sentIp('lan'), [forwarded(inner()), forwarded(inner())]);
    assert.deepEqual([bench.interface('tun').rxPackets, bench.interface('tun').rxBytes], [2, 140]);
    bench.expect({});
  });

  const refused: [string, Uint8Array, string][] = [
    ['another source', fromPeer(4, inner(), { src: '198.51.100.9' }), 'ipip-input/unknown_tunnel'],
    ['nothing', fromPeer(4, new Uint8Array()), 'ip4-input/truncated'],
    ['IPv6 where IPv4 was said', fromPeer(4, new Uint8Array(40).fill(0x60)), 'ip4-input/bad_version'],
    [
      'a mark of congestion that its sender would not understand',
      fromPeer(4, inner(), { tos: 3 }),
      'ipip-input/congested',
    ],
  ];
  itRefuses(
    refused.map(([what, octets, path]) => [what, [octets], { [path]: 1 }]),
    ['wan', 'tun'],
    (...packets) => {
      bench.pushIp('wan', ...packets);
      bench.run();
      return bench;
    },
  );

  it('belongs to a tunnel that is down', () => {
    bench.control.interfaces.state[bench.row('tun')] = INTERFACE_DOWN;
    bench.pushIp('wan', fromPeer(4, inner()));
    bench.run();
    bench.expect({ 'ipip-input/tunnel_down': 1 });
  });

  it('takes only what the SA protects, where the tunnel requires it', () => {
    bench.close();
    bench = siteOfKind({ kind: 'ipip' });
    const esp = espSeal(saOf(SPI_IN), { sequence: 1n, inner: inner(), nextHeader: 4 });
    bench.pushIp('wan', fromPeer(50, esp), fromPeer(4, inner()));
    bench.run();
    assert.deepEqual(bench.sentIp('lan'), [forwarded(inner())]);
    bench.expect({ 'ipip-input/unprotected': 1 });
  });
});
