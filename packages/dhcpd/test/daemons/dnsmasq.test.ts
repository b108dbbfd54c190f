import assert from 'node:assert/strict';
import { hostsFile, type LeasedName } from '../../src/daemons/dnsmasq.js';

describe('the hosts file of dnsmasq', () => {
  const leased = (name: string, address: string, startedMs = 0): LeasedName => ({
    vrf: 'default',
    name,
    address,
    startedMs,
  });

  it('has hosts of the configuration as they are, and clients by the first part of their names', () => {
    const hosts = [{ name: 'printer', addresses: ['10.1.0.9', '2001:db8::9'] }];
    assert.equal(
      hostsFile({ hosts }, [leased('Till-1.shop.example', '10.1.0.100'), leased('till-1', '2001:db8::100')]),
      '10.1.0.9 printer\n2001:db8::9 printer\n10.1.0.100 till-1\n2001:db8::100 till-1\n',
    );
  });

  it('a name is of who had it first, of no host of the configuration, and none that others look for to trust', () => {
    const hosts = [{ name: 'printer.shop.example', addresses: ['10.1.0.9'] }];
    assert.equal(
      hostsFile({ hosts }, [
        leased('till', '10.1.0.102', 2),
        leased('till', '10.1.0.101', 1),
        leased('printer', '10.1.0.103'),
        leased('WPAD', '10.1.0.104'),
        leased('isatap', '10.1.0.105'),
        leased('localhost', '10.1.0.106'),
      ]),
      '10.1.0.9 printer.shop.example\n10.1.0.101 till\n',
    );
  });
});
