import assert from 'node:assert/strict';
import type { Ip6Words } from '@sluice/shared';
import { RouterAdvertisements } from '../../src/control/router-advertisements.js';
import { isReservedIdentifier, stableAddress } from '../../src/control/stable-address.js';
import {
  type AdvertisedPrefix,
  type RouterAdvertisement,
  readRouterAdvertisement,
} from '../../src/wire/ra.js';
import { concat } from '../support/packets.js';
import { address6 } from '../support/packets6.js';

const ROW = 3;
const ROUTER: Ip6Words = [0xfe800000, 0, 0, 1];
const OTHER: Ip6Words = [0xfe800000, 0, 0, 2];
const NETWORK: Ip6Words = [0x20010db8, 0x00770000, 0, 0];
const SECRET = new Uint8Array(32).fill(7);
const HOUR = 3_600_000;

const prefix = (more: Partial<AdvertisedPrefix> = {}): AdvertisedPrefix => ({
  address: NETWORK,
  length: 64,
  onLink: true,
  autonomous: true,
  validS: 86_400,
  preferredS: 14_400,
  ...more,
});
const said = (more: Partial<RouterAdvertisement> = {}): RouterAdvertisement => ({
  hopLimit: 64,
  preference: 'medium',
  lifetimeS: 1800,
  reachableMs: 0,
  retransmitMs: 0,
  mtu: null,
  prefixes: [],
  ...more,
});

describe('router advertisements', () => {
  let solicitations: number;
  let changes: number;
  let timers: number[][];
  let duplicates: Set<string>;
  let noRouter: boolean;
  let learnt: RouterAdvertisements;

  beforeEach(() => {
    solicitations = 0;
    changes = 0;
    timers = [];
    duplicates = new Set();
    noRouter = false;
    learnt = new RouterAdvertisements(
      {
        solicit: () => {
          solicitations++;
        },
        nameOf: () => 'wan',
        setTimers: (...all) => timers.push(all),
        isDuplicate: (_, address) => duplicates.has(address.join()),
        isNoRouter: () => noRouter,
        changed: () => {
          changes++;
        },
      },
      SECRET,
      () => 0.5,
    );
    learnt.accept(ROW, true, 0);
  });

  it('asks for routers less and less often (RFC 7559), until one answers', () => {
    const asked: number[] = [];
    for (let now = 0; now <= 4 * HOUR; now += 500) {
      learnt.tick(now);
      if (solicitations > asked.length) asked.push(now / 1000);
    }
    assert.deepEqual(asked.slice(0, 6), [0.5, 4.5, 12.5, 28.5, 60.5, 124.5]);
    assert.ok(asked.length > 10);
    const gaps = asked.slice(1).map((at, i) => at - asked[i]!);
    assert.equal(Math.max(...gaps), 3600);

    learnt.hear(ROW, ROUTER, said(), 4 * HOUR);
    solicitations = 0;
    for (let now = 4 * HOUR; now < 4 * HOUR + 1_700_000; now += 1000) learnt.tick(now);
    assert.equal(solicitations, 0);
    for (let now = 4 * HOUR + 1_700_000; now < 4 * HOUR + 1_900_000; now += 1000) learnt.tick(now);
    assert.ok(solicitations > 0, 'its lifetime has ended');
  });

  it('keeps routers for their lifetime, with their preference', () => {
    learnt.hear(ROW, ROUTER, said({ preference: 'high' }), 0);
    learnt.hear(ROW, OTHER, said({ lifetimeS: 60 }), 0);
    assert.deepEqual(
      learnt.routers().map(({ address, preference }) => [address, preference]),
      [
        [ROUTER, 'high'],
        [OTHER, 'medium'],
      ],
    );
    learnt.hear(ROW, ROUTER, said({ preference: 'low' }), 1000);
    assert.equal(learnt.routers()[0]?.preference, 'low');
    assert.equal(changes, 3);
    learnt.tick(60_000);
    assert.deepEqual(
      learnt.routers().map(({ address }) => address),
      [ROUTER],
    );
    learnt.hear(ROW, ROUTER, said({ lifetimeS: 0 }), 61_000);
    assert.deepEqual(learnt.routers(), []);
    assert.equal(changes, 5);
  });

  it('lets go of one that is no router any more, and hears none that is no neighbour', () => {
    learnt.hear(ROW, ROUTER, said(), 0);
    noRouter = true;
    learnt.tick(1);
    assert.deepEqual(learnt.routers(), []);
    learnt.hear(ROW, NETWORK, said(), 2);
    learnt.hear(ROW + 1, ROUTER, said(), 2);
    assert.deepEqual(learnt.routers(), []);
  });

  it('remembers eight routers and sixteen addresses of a link', () => {
    for (let i = 0; i < 50; i++) {
      learnt.hear(
        ROW,
        [0xfe800000, 0, 0, i],
        said({ prefixes: [prefix({ address: [0x20010db8, i, 0, 0] })] }),
        0,
      );
    }
    assert.equal(learnt.routers().length, 8);
    assert.equal(learnt.addresses(ROW).length, 16);
  });

  it('makes a stable address of a prefix, another for each prefix and interface', () => {
    learnt.hear(ROW, ROUTER, said({ prefixes: [prefix()] }), 0);
    const address = stableAddress(NETWORK, 'wan', 0, SECRET);
    assert.deepEqual(learnt.addresses(ROW), [{ address, length: 64 }]);
    assert.deepEqual(address.slice(0, 2), NETWORK.slice(0, 2));
    const others = [
      stableAddress([0x20010db8, 0x00780000, 0, 0], 'wan', 0, SECRET),
      stableAddress(NETWORK, 'lte', 0, SECRET),
      stableAddress(NETWORK, 'wan', 1, SECRET),
      stableAddress(NETWORK, 'wan', 0, new Uint8Array(32)),
    ];
    for (const other of others) assert.notDeepEqual(other.slice(2), address.slice(2));
  });

  it('makes another when somebody has it, three times', () => {
    learnt.hear(ROW, ROUTER, said({ prefixes: [prefix()] }), 0);
    for (let attempt = 0; attempt < 6; attempt++) {
      duplicates.add(learnt.addresses(ROW)[0]!.address.join());
      learnt.tick(attempt);
    }
    assert.deepEqual(learnt.addresses(ROW)[0]?.address, stableAddress(NETWORK, 'wan', 3, SECRET));
    assert.equal(changes, 4);
  });

  it('takes a prefix that is not on the link for the address alone', () => {
    learnt.hear(ROW, ROUTER, said({ prefixes: [prefix({ onLink: false })] }), 0);
    assert.equal(learnt.addresses(ROW)[0]?.length, 128);
  });

  const unusable: [string, Partial<AdvertisedPrefix>][] = [
    ['not for addresses', { autonomous: false }],
    ['link-local', { address: [0xfe800000, 0, 0, 0] }],
    ['a group', { address: [0xff020000, 0, 0, 0] }],
    ['preferred for longer than valid', { validS: 10, preferredS: 11 }],
    ['of 63 bits', { length: 63 }],
    ['of 65 bits', { length: 65 }],
    ['valid for no time', { validS: 0, preferredS: 0 }],
  ];
  for (const [what, more] of unusable) {
    it(`makes no address of a prefix that is ${what}`, () => {
      learnt.hear(ROW, ROUTER, said({ prefixes: [prefix(more)] }), 0);
      assert.deepEqual(learnt.addresses(ROW), []);
    });
  }

  /** Remaining and advertised lifetime in seconds → remaining after (RFC 4862 section 5.5.3 e). */
  const lifetimes: [number, number, number][] = [
    [86_400, 100_000, 100_000],
    [86_400, 7201, 7201],
    [86_400, 7200, 7200],
    [86_400, 1, 7200],
    [86_400, 0, 7200],
    [7200, 1, 7200],
    [3600, 1, 3600],
    [3600, 3601, 3601],
    [60, 0, 60],
    [60, 7200, 7200],
    [60, Infinity, Infinity],
  ];
  for (const [left, advertised, after] of lifetimes) {
    it(`${left} s left and ${advertised} s advertised: ${after} s`, () => {
      learnt.hear(ROW, ROUTER, said({ prefixes: [prefix({ validS: left, preferredS: 0 })] }), 0);
      learnt.hear(ROW, ROUTER, said({ prefixes: [prefix({ validS: advertised, preferredS: 0 })] }), 0);
      if (after !== Infinity) {
        learnt.tick(after * 1000 - 1);
        assert.equal(learnt.addresses(ROW).length, 1);
        learnt.tick(after * 1000);
        assert.equal(learnt.addresses(ROW).length, 0);
      } else {
        learnt.tick(Number.MAX_SAFE_INTEGER);
        assert.equal(learnt.addresses(ROW).length, 1);
      }
    });
  }

  it('takes timers and an MTU that IPv6 allows', () => {
    learnt.hear(ROW, ROUTER, said({ reachableMs: 20_000, retransmitMs: 300, mtu: 1279 }), 0);
    assert.deepEqual(timers, [[ROW, 20_000, 300]]);
    assert.equal(learnt.mtu(ROW), null);
    learnt.hear(ROW, ROUTER, said({ mtu: 1400 }), 0);
    assert.equal(learnt.mtu(ROW), 1400);
  });

  it('forgets everything when it is asked for no more', () => {
    learnt.hear(ROW, ROUTER, said({ prefixes: [prefix()], mtu: 1400 }), 0);
    learnt.accept(ROW, false, 1);
    assert.deepEqual([learnt.routers(), learnt.addresses(ROW), learnt.mtu(ROW)], [[], [], null]);
  });

  it('makes no identifier that is reserved (RFC 5453)', () => {
    assert.ok(isReservedIdentifier([0, 0, 0, 0]));
    assert.ok(isReservedIdentifier([0, 0, 0xfdffffff, 0xffffff80]));
    assert.ok(isReservedIdentifier([0, 0, 0x02005eff, 0xfe000000]));
    assert.ok(!isReservedIdentifier([0, 0, 0xfdffffff, 0xffffff7f]));
    assert.ok(!isReservedIdentifier([0, 0, 0, 1]));
  });
});

describe('a router advertisement on the wire', () => {
  const header = (flags: number): Uint8Array =>
    Uint8Array.of(134, 0, 0, 0, 64, flags, 0x07, 0x08, 0, 0, 0x75, 0x30, 0, 0, 0x03, 0xe8);
  const prefixOption = concat(
    Uint8Array.of(3, 4, 64, 0xc0, 0, 1, 0x51, 0x80, 0, 0, 0x38, 0x40, 0, 0, 0, 0),
    address6('2001:db8:77::'),
  );

  it('is read with its options', () => {
    const mtu = Uint8Array.of(5, 1, 0, 0, 0, 0, 5, 0x78);
    const unknown = concat(Uint8Array.of(25, 2), new Uint8Array(14));
    assert.deepEqual(readRouterAdvertisement(concat(header(0), unknown, mtu, prefixOption)), {
      ...said({ reachableMs: 30_000, retransmitMs: 1000, mtu: 1400 }),
      prefixes: [prefix()],
    });
  });

  it('has a preference, of which the reserved value is medium (RFC 4191 section 2.1)', () => {
    const preference = (bits: number): string => readRouterAdvertisement(header(bits << 3)).preference;
    assert.deepEqual([0, 1, 2, 3].map(preference), ['medium', 'high', 'medium', 'low']);
  });

  it('has lifetimes without end', () => {
    const forEver = prefixOption.slice();
    forEver.fill(0xff, 4, 12);
    const [only] = readRouterAdvertisement(concat(header(0), forEver)).prefixes;
    assert.deepEqual([only?.validS, only?.preferredS], [Infinity, Infinity]);
  });
});
