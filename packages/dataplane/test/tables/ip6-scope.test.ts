import assert from 'node:assert/strict';
import { formatIp6, parseIp6 } from '@sluice/shared';
import {
  isLinkLocalWord,
  LINK_LOCAL_VRF,
  linkLocalOf,
  scopeOf,
  withoutZone,
  zoneWord,
} from '../../src/tables/ip6-scope.js';
import { mac } from '../support/packets.js';

describe('scopes of IPv6', () => {
  const scoped = (text: string, row: number): string => {
    const { vrf, address } = scopeOf(7, row, parseIp6(text)!);
    return `${vrf} ${formatIp6(address)}`;
  };

  it('put a link-local address into the zone of its interface, and others where they are', () => {
    assert.equal(scoped('fe80::1', 5), `${LINK_LOCAL_VRF} fe80:5::1`);
    assert.equal(scoped('fe80::1', 16_383), `${LINK_LOCAL_VRF} fe80:3fff::1`);
    for (const text of ['2001:db8::1', 'fec0::1', 'fe7f::1', 'ff02::1', '::']) {
      assert.equal(scoped(text, 5), `7 ${text}`);
    }
  });

  it('take the zone off again', () => {
    for (const text of ['fe80::', 'fe80::1', 'fe80::ffff:ffff:ffff:ffff', '2001:db8:5::1']) {
      const { address } = scopeOf(0, 16_383, parseIp6(text)!);
      assert.equal(formatIp6(withoutZone(address)), text);
    }
  });

  it('have no row for an address that names one itself: row 0 has no routes', () => {
    assert.equal(zoneWord(0xfe800005, 5) & 0xffff, 0);
    assert.equal(zoneWord(0xfe800005 | 0, 7) >>> 0, 0xfe800000);
    assert.equal(zoneWord(0xfe800000 | 0, 7) >>> 0, 0xfe800007);
  });

  it('tell fe80::/10 from its neighbours, signed or not', () => {
    for (const [w0, expected] of [
      [0xfe800000, true],
      [0xfebfffff, true],
      [0xfec00000, false],
      [0xfe7fffff, false],
      [0, false],
    ] as const) {
      assert.equal(isLinkLocalWord(w0), expected);
      assert.equal(isLinkLocalWord(w0 | 0), expected);
    }
  });

  it('make a link-local address of a MAC address (RFC 4291, appendix A)', () => {
    assert.equal(formatIp6(linkLocalOf(mac('34:56:78:9a:bc:de'))), 'fe80::3656:78ff:fe9a:bcde');
    assert.equal(formatIp6(linkLocalOf(mac('02:00:00:00:01:01'))), 'fe80::ff:fe00:101');
    assert.equal(formatIp6(linkLocalOf(mac('ff:ff:ff:ff:ff:ff'))), 'fe80::fdff:ffff:feff:ffff');
  });
});
