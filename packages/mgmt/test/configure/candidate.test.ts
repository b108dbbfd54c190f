// Where words of a path lead in a candidate: entries of lists by what tells them apart.
import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { Candidate } from '../../src/configure/candidate.js';

const TEXT = `schema: 1
dhcp:
  servers:
    - interface: lan
      reservations:
        - { address: 10.1.0.9, mac: "02:00:00:00:00:01" }
management:
  syslog:
    servers:
      - { host: 192.0.2.9, transport: tls, name: logs.example }
`;

describe('a candidate', () => {
  const changed = (...lines: string[]): Record<string, unknown> => {
    const candidate = new Candidate(TEXT, 1);
    for (const line of lines) {
      const [verb, ...words] = line.split(' ');
      if (verb === 'delete') candidate.delete(words);
      else candidate.set(words);
    }
    return parse(candidate.text) as Record<string, unknown>;
  };

  it('has collectors and syslog servers by their hosts', () => {
    const { ipfix, management } = changed(
      'set ipfix collectors 192.0.2.8 port 9995',
      'set management syslog servers 192.0.2.9 level warn',
    );
    assert.deepEqual(ipfix, { collectors: [{ host: '192.0.2.8', port: 9995 }] });
    const server = { host: '192.0.2.9', transport: 'tls', name: 'logs.example', level: 'warn' };
    assert.deepEqual(management, { syslog: { servers: [server] } });
  });

  it('has DHCP servers and advertisements by their interfaces, reservations and next hops by their addresses', () => {
    const { dhcp, router_advertisements, routes } = changed(
      'set dhcp servers lan lease_time_s 600',
      'delete dhcp servers lan reservations 10.1.0.9',
      'set router_advertisements lan managed true',
      'set routes 0.0.0.0/0 next_hops 192.0.2.1 weight 2',
    );
    assert.deepEqual(dhcp, { servers: [{ interface: 'lan', reservations: [], lease_time_s: 600 }] });
    assert.deepEqual(router_advertisements, [{ interface: 'lan', managed: true }]);
    assert.deepEqual(routes, [{ prefix: '0.0.0.0/0', next_hops: [{ address: '192.0.2.1', weight: 2 }] }]);
  });

  it('shows what tells the entries of a list apart', () => {
    const words = new Candidate(TEXT, 1).next(['dhcp', 'servers']).map(({ word }) => word);
    assert.deepEqual(words, ['lan', '<interface>']);
  });
});
