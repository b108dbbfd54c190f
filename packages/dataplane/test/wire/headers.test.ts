import assert from 'node:assert/strict';
import { ARP_FRAME_BYTES, ARP_REPLY, ARP_REQUEST, isArpForIp4, writeArp } from '../../src/wire/arp.js';
import { formatMac } from '../../src/wire/ethernet.js';
import { isIcmpError } from '../../src/wire/icmp4.js';
import { arp, ip, mac } from '../support/packets.js';
import { prefilled, untouchedOutside } from './buffer.js';

describe('wire/arp', () => {
  const sourceMac = mac('02:00:00:00:01:01');
  const cases = [
    { operation: ARP_REQUEST, targetMac: null },
    { operation: ARP_REPLY, targetMac: mac('02:00:00:00:aa:10') },
  ];
  for (const { operation, targetMac } of cases) {
    it(`writes each octet of operation ${operation}, and no other`, () => {
      const { bytes } = prefilled();
      const [senderIp, targetIp] = [ip('192.0.2.1'), ip('192.0.2.200')];
      writeArp(bytes, 34, { operation, sourceMac, senderIp, targetMac, targetIp });
      const expected = arp({
        operation,
        senderMac: '02:00:00:00:01:01',
        senderIp: '192.0.2.1',
        targetIp: '192.0.2.200',
        ...(targetMac === null ? {} : { targetMac: formatMac(targetMac), to: formatMac(targetMac) }),
      });
      assert.deepEqual(bytes.slice(34, 34 + ARP_FRAME_BYTES), expected);
      assert.ok(untouchedOutside(bytes, 34, 34 + ARP_FRAME_BYTES));
      assert.ok(isArpForIp4(bytes, 34, ARP_FRAME_BYTES));
      assert.ok(!isArpForIp4(bytes, 34, ARP_FRAME_BYTES - 1));
    });
  }
});

describe('wire/ethernet', () => {
  it('writes MAC addresses', () => {
    assert.equal(formatMac(Uint8Array.of(2, 0, 0x5e, 0x10, 0xff, 1)), '02:00:5e:10:ff:01');
  });
});

describe('wire/icmp4', () => {
  it('knows the errors of RFC 1122 section 3.2.2', () => {
    const errors = Array.from({ length: 256 }, (_, type) => type).filter(isIcmpError);
    assert.deepEqual(errors, [3, 4, 5, 11, 12]);
  });
});
