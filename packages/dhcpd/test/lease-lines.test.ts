import assert from 'node:assert/strict';
import { createLogger, type DhcpLease } from '@sluice/shared';
import { logLeases } from '../src/lease-lines.js';

const LEASE: DhcpLease = {
  vrf: 'default',
  address: '10.1.0.10',
  state: 'bound',
  mac: '02:00:00:00:0a:01',
  client_id: null,
  host_name: 'till-1',
  vendor_class: null,
  network: 'lan',
  circuit_id: null,
  remote_id: null,
  member: null,
  reserved: false,
  started_ms: 0,
  expires_ms: null,
};

describe('leases in the log', () => {
  function linesOf(count: number): Record<string, unknown>[] {
    const lines: Record<string, unknown>[] = [];
    const destination = { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) };
    const changes = Array.from({ length: count }, () => ({ kind: 'bound' as const, lease: LEASE }));
    logLeases(createLogger({ name: 'dhcpd', destination }), changes);
    return lines;
  }

  it('are a line each, with who has them', () => {
    const [line] = linesOf(1);
    const { msg, address, vrf, network, mac, host } = line ?? {};
    assert.deepEqual(
      { msg, address, vrf, network, mac, host },
      {
        msg: 'a lease: bound',
        address: '10.1.0.10',
        vrf: 'default',
        network: 'lan',
        mac: '02:00:00:00:0a:01',
        host: 'till-1',
      },
    );
  });

  it('are counted when many come at once', () => {
    const lines = linesOf(1_000);
    assert.equal(lines.length, 21);
    assert.deepEqual([lines[20]?.msg, lines[20]?.leases], ['more leases at the same time', 980]);
  });
});
