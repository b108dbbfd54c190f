import assert from 'node:assert/strict';
import { type Address, formatAddress } from '../../src/control/address.js';
import { AddressDetection } from '../../src/control/address-detection.js';

const ROW = 3;
const FOUR = 0x0a010001;
const SIX: Address = [0x20010db8, 1, 0, 1];
const OWN = Uint8Array.of(2, 0, 0, 0, 0, 1);
const OTHER = Uint8Array.of(2, 0, 0, 0, 0, 9);

describe('address detection', () => {
  let sent: string[];
  let held: Set<string>;
  let changes: number;
  let detection: AddressDetection;

  beforeEach(() => {
    sent = [];
    held = new Set();
    changes = 0;
    const say = (what: string) => (row: number, address: Address) =>
      sent.push(`${what} ${row} ${formatAddress(address)}`);
    detection = new AddressDetection(
      {
        probe: say('probe'),
        announce: say('announce'),
        ownMac: () => OWN,
        retransmitMs: () => 1000,
        nameOf: () => 'lan',
        hold: (_, address) => held.add(formatAddress(address)),
        release: (_, address) => held.delete(formatAddress(address)),
        changed: () => {
          changes++;
        },
      },
      () => 0.5,
    );
  });

  /** What is sent until a time, with when. */
  function until(from: number, to: number): string[] {
    const all: string[] = [];
    for (let now = from; now <= to; now += 100) {
      detection.tick(now);
      all.push(...sent.splice(0).map((what) => `${now} ${what}`));
    }
    return all;
  }

  it('probes an IPv6 address once, uses it a second later, and announces it twice', () => {
    assert.equal(detection.admit(ROW, SIX, 0), false);
    assert.equal(detection.stateOf(ROW, SIX), 'tentative');
    assert.deepEqual([...held], ['2001:db8:0:1::1']);
    assert.deepEqual(until(0, 1400), ['500 probe 3 2001:db8:0:1::1']);
    assert.equal(detection.admit(ROW, SIX, 1400), false);
    assert.deepEqual(until(1500, 6000), [
      '1600 announce 3 2001:db8:0:1::1',
      '3600 announce 3 2001:db8:0:1::1',
    ]);
    assert.equal(changes, 1);
    assert.equal(detection.admit(ROW, SIX, 6000), true);
    assert.equal(held.size, 0);
  });

  it('probes as often as it is told, and not at all when told so', () => {
    detection.setTransmits(ROW, 3);
    detection.admit(ROW, SIX, 0);
    assert.equal(until(0, 3400).filter((line) => line.includes('probe')).length, 3);
    assert.equal(detection.stateOf(ROW, SIX), 'tentative');
    until(3500, 3500);
    assert.equal(detection.stateOf(ROW, SIX), 'preferred');

    detection.setTransmits(ROW + 1, 0);
    assert.equal(detection.admit(ROW + 1, SIX, 0), true);
  });

  it('uses an IPv4 address at once, announces it, probes it, and announces it again', () => {
    assert.equal(detection.admit(ROW, FOUR, 0), true);
    assert.deepEqual(until(0, 20_000), [
      '0 announce 3 10.1.0.1',
      '500 probe 3 10.1.0.1',
      '2000 probe 3 10.1.0.1',
      '3500 probe 3 10.1.0.1',
      '5000 announce 3 10.1.0.1',
    ]);
  });

  it('never uses an address that somebody else has, until its link comes up again', () => {
    detection.admit(ROW, SIX, 0);
    detection.conflict(ROW, SIX, OTHER, 100);
    assert.equal(detection.stateOf(ROW, SIX), 'duplicate');
    assert.equal(changes, 1);
    assert.deepEqual(until(100, 100_000), []);
    assert.equal(detection.admit(ROW, SIX, 100_000), false);
    assert.deepEqual(detection.problems(100_000), [
      'lan: 02:00:00:00:00:09 has the address 2001:db8:0:1::1 too: it is not used until the link comes up again; ' +
        'give one of the two another',
    ]);
    assert.equal(held.size, 1, 'what is sent to it is dropped all the time');

    detection.linkUp(ROW, 100_000);
    assert.equal(detection.stateOf(ROW, SIX), 'tentative');
    until(100_000, 102_000);
    assert.equal(detection.stateOf(ROW, SIX), 'preferred');
    assert.equal(held.size, 0);
  });

  it('does not take its own probe for a conflict', () => {
    detection.admit(ROW, SIX, 0);
    detection.conflict(ROW, SIX, OWN, 100);
    assert.equal(detection.stateOf(ROW, SIX), 'tentative');
    assert.deepEqual(detection.problems(100), []);
  });

  for (const address of [FOUR, SIX] as Address[]) {
    it(`defends ${formatAddress(address)} once in ten seconds, and tells for a minute`, () => {
      detection.admit(ROW, address, 0);
      until(0, 20_000);
      for (let now = 20_000; now < 35_000; now += 500) detection.conflict(ROW, address, OTHER, now);
      assert.deepEqual(sent.splice(0), [
        `announce 3 ${formatAddress(address)}`,
        `announce 3 ${formatAddress(address)}`,
      ]);
      assert.equal(detection.stateOf(ROW, address), 'preferred');
      assert.deepEqual(detection.problems(90_000), [
        `lan: 02:00:00:00:00:09 has the address ${formatAddress(address)} too: give one of the two another`,
      ]);
      assert.deepEqual(detection.problems(95_000), []);
    });
  }

  it('probes again what was in use when its link comes up', () => {
    detection.admit(ROW, SIX, 0);
    until(0, 10_000);
    detection.linkUp(ROW, 10_000);
    assert.equal(detection.admit(ROW, SIX, 10_000), false);
    assert.deepEqual([...held], ['2001:db8:0:1::1']);
    detection.linkUp(ROW + 1, 10_000);
    assert.equal(changes, 2);
  });

  it('forgets addresses that an interface has no more', () => {
    detection.admit(ROW, SIX, 0);
    detection.admit(ROW, FOUR, 0);
    detection.admit(ROW + 1, FOUR, 0);
    detection.keep(ROW, [FOUR]);
    assert.deepEqual(
      detection.list().map(({ row, address }) => [row, address]),
      [
        [ROW, FOUR],
        [ROW + 1, FOUR],
      ],
    );
    assert.equal(held.size, 0);
    detection.conflict(ROW, SIX, OTHER, 0);
    assert.equal(changes, 0);
  });
});
