import assert from 'node:assert/strict';
import { deviceConfigSchema, syslogServerName, syslogServerSection } from '../../src/index.js';

/** What is wrong with servers, each with its path below theirs. */
function problemsOf(...servers: unknown[]): string[] {
  const parsed = deviceConfigSchema.safeParse({ schema: 1, management: { syslog: { servers } } });
  return (parsed.error?.issues ?? []).map(({ path, message }) => `${path.slice(3).join('.')}: ${message}`);
}

describe('syslog servers of the configuration', () => {
  it('have the ports of their transports, and a name that tells them apart', () => {
    const names: [input: object, name: string][] = [
      [{ host: '192.0.2.1' }, 'udp://192.0.2.1:514'],
      [{ host: 'logs.example', transport: 'tls', vrf: 'blue' }, 'tls://logs.example:6514 in VRF blue'],
      [{ host: '2001:DB8:0::1', port: 1514 }, 'udp://[2001:db8::1]:1514'],
    ];
    for (const [input, name] of names) assert.equal(syslogServerName(syslogServerSection.parse(input)), name);
  });

  const faults: [what: string, servers: object[], problem: string][] = [
    [
      'a host that is none',
      [{ host: 'a b' }],
      '0.host: must be an address such as 192.0.2.1, or a name such as logs.example',
    ],
    [
      'TLS over UDP',
      [{ host: 'a', ca: { file: '/x' } }],
      '0.ca: is for transport tls: over udp nobody proves who they are',
    ],
    [
      'a certificate without its key',
      [{ host: 'a', transport: 'tls', certificate: { file: '/x' } }],
      '0.private_key: goes with the other of the two',
    ],
    [
      'a relative path',
      [{ host: 'a', transport: 'tls', ca: { file: 'x' } }],
      '0.ca.file: must be an absolute path to a PEM file of authorities',
    ],
    [
      'the same server twice',
      [{ host: 'a' }, { host: 'a', port: 514 }],
      '1.host: udp://a:514 is there already',
    ],
    [
      'a VRF that is not there',
      [{ host: 'a', vrf: 'blue' }],
      '0.vrf: there is no VRF "blue": add it under vrfs, or use one of default',
    ],
  ];
  for (const [what, servers, problem] of faults)
    it(`may not have ${what}`, () => {
      assert.deepEqual(problemsOf(...servers), [problem]);
    });

  it('are at most 8', () => {
    const servers = Array.from({ length: 9 }, (_, i) => ({ host: `192.0.2.${i}` }));
    assert.deepEqual(problemsOf(...servers), [': at most 8 servers']);
  });
});
