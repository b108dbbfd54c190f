import assert from 'node:assert/strict';
import {
  HEARD_ARP_ANNOUNCEMENT,
  HEARD_ARP_REPLY,
  HEARD_ARP_REQUEST,
} from '../../src/tables/neighbour-records.js';
import { RECORD_CONFLICT, RECORD_HEARD, RECORD_WORDS } from '../../src/workers/shared-memory.js';
import type { Bench, BenchRecord } from '../support/bench.js';
import { describeNode } from '../support/counters.js';
import { type ArpOptions, arp, concat, ip, mac, viewOf } from '../support/packets.js';
import { HOST, HOST_MAC, LAN, STRANGER, site, WAN } from '../support/site.js';

describeNode('arp-input', () => {
  let bench: Bench;
  before(() => {
    bench = site();
  });
  after(() => bench.close());

  const request: ArpOptions = { operation: 1, senderMac: HOST_MAC, senderIp: HOST, targetIp: LAN };
  const learnt = (address: string, from: string, flags = HEARD_ARP_REQUEST): BenchRecord => {
    const view = viewOf(mac(from));
    return {
      kind: RECORD_HEARD,
      interface: bench.row('lan'),
      flags,
      address: ip(address),
      mac0: view.getUint16(0, true),
      mac2: view.getInt32(2, true),
    };
  };
  const ownReply = (to: ArpOptions): Uint8Array =>
    arp({
      operation: 2,
      senderMac: bench.mac('lan'),
      senderIp: to.targetIp,
      targetMac: to.senderMac,
      targetIp: to.senderIp,
      to: to.senderMac,
    });

  const answered: [string, ArpOptions, boolean][] = [
    ['a request to everyone', request, true],
    ['a request to the box alone', { ...request, to: '02:00:00:00:01:01' }, true],
    ['a MAC with all octets different', { ...request, senderMac: '02:fe:dc:ba:98:76' }, true],
    ['a probe, which has no sender yet (RFC 5227)', { ...request, senderIp: '0.0.0.0' }, false],
    ['an asker outside the network', { ...request, senderIp: '172.16.0.9' }, true],
  ];
  for (const [what, asked, learns] of answered) {
    it(`answers ${what}`, () => {
      bench.push('lan', concat(arp(asked), new Uint8Array(18).fill(0x77)));
      bench.run();
      assert.deepEqual(bench.sent('lan'), [ownReply(asked)], 'without the padding of the request');
      assert.deepEqual(bench.records(), learns ? [learnt(asked.senderIp, asked.senderMac)] : []);
      bench.expect({ 'arp-input/answered': 1 });
    });
  }

  it('hears a reply to the box, and lets Linux hear it too', () => {
    const reply = arp({ ...request, operation: 2, targetMac: bench.mac('lan'), to: bench.mac('lan') });
    bench.push('lan', reply);
    bench.run();
    assert.deepEqual(bench.records(), [learnt(HOST, HOST_MAC, HEARD_ARP_REPLY)]);
    assert.deepEqual(bench.punted(), [{ interface: bench.row('lan'), bytes: reply }]);
    bench.expect({});
  });

  for (const operation of [1, 2]) {
    it(`hears a gratuitous announcement by operation ${operation}`, () => {
      bench.push('lan', arp({ ...request, operation, targetIp: HOST }));
      bench.run();
      assert.deepEqual(bench.records(), [learnt(HOST, HOST_MAC, HEARD_ARP_ANNOUNCEMENT)]);
      assert.deepEqual(bench.sent('lan'), []);
      bench.expect({ 'arp-input/not_for_us': 1 });
    });
  }

  const ignored: [string, ArpOptions, string][] = [
    ['a request for another station', { ...request, targetIp: STRANGER }, 'not_for_us'],
    ["a request on the LAN for the WAN's address", { ...request, targetIp: WAN }, 'not_for_us'],
    ['a reply to another station', { ...request, operation: 2, targetIp: STRANGER }, 'not_for_us'],
    ['a request for the broadcast address', { ...request, targetIp: '10.1.0.255' }, 'not_for_us'],
    ['a station that claims our address', { ...request, senderIp: LAN, targetIp: HOST }, 'address_conflict'],
    ['a gratuitous claim of our address', { ...request, senderIp: LAN }, 'address_conflict'],
    ['a sender with a group MAC', { ...request, senderMac: '03:00:00:00:00:01' }, 'bad_sender'],
    ['a sender with the broadcast MAC', { ...request, senderMac: 'ff:ff:ff:ff:ff:ff' }, 'bad_sender'],
    ['a sender with a group address', { ...request, senderIp: '224.0.0.5' }, 'bad_sender'],
    ['a sender with the broadcast address', { ...request, senderIp: '255.255.255.255' }, 'bad_sender'],
  ];
  for (const [what, options, counter] of ignored) {
    it(`learns nothing from ${what}`, () => {
      bench.push('lan', arp(options));
      bench.run();
      assert.deepEqual(bench.sent('lan'), []);
      const told =
        counter === 'address_conflict' ? [{ ...learnt(LAN, HOST_MAC), kind: RECORD_CONFLICT }] : [];
      assert.deepEqual(bench.records(), told);
      bench.expect({ [`arp-input/${counter}`]: 1 });
    });
  }

  const broken = (at: number, value: number): Uint8Array => {
    const frame = arp(request);
    frame[at] = value;
    return frame;
  };
  const malformed: [string, Uint8Array][] = [
    ['cut short by one octet', arp(request).subarray(0, 41)],
    ['nothing but the Ethernet header', arp(request).subarray(0, 14)],
    ['another hardware', broken(15, 6)],
    ['hardware 0x0101', broken(14, 1)],
    ['another protocol', broken(16, 0x86)],
    ['protocol 0x0806', broken(17, 6)],
    ['hardware addresses of 8 octets', broken(18, 8)],
    ['protocol addresses of 16 octets', broken(19, 16)],
    ['operation 0', broken(21, 0)],
    ['operation 3, RARP', broken(21, 3)],
    ['operation 0x0101', broken(20, 1)],
  ];
  for (const [what, frame] of malformed) {
    it(`refuses ${what}`, () => {
      bench.push('lan', frame);
      bench.run();
      assert.deepEqual(bench.sent('lan'), []);
      assert.deepEqual(bench.records(), []);
      bench.expect({ 'arp-input/malformed': 1 });
    });
  }

  it('answers on when the control side takes no more', () => {
    const room = (2 * 4096) / RECORD_WORDS;
    let replies = 0;
    for (let i = 0; i < room + 8; i++) {
      bench.push('lan', arp({ ...request, senderIp: `10.1.${1 + (i >> 8)}.${i & 255}` }));
      bench.run();
      replies += bench.sent('lan').length;
    }
    assert.equal(replies, room + 8);
    assert.equal(bench.records().length, room);
    bench.expect({ 'arp-input/answered': room + 8, 'arp-input/not_learnt': 8 });
  });
});
