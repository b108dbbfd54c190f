// RFC 4861 section 7.2.5, 7.2.3 and 7.3.2, row by row.
import assert from 'node:assert/strict';
import { hear, type Known, type NeighbourState } from '../../src/control/neighbour-states.js';
import {
  HEARD_ADVERTISEMENT,
  HEARD_ARP_ANNOUNCEMENT,
  HEARD_ARP_REPLY,
  HEARD_ARP_REQUEST,
  HEARD_HOST,
  HEARD_OVERRIDE,
  HEARD_ROUTER,
  HEARD_SOLICITED,
} from '../../src/tables/neighbour-records.js';

const A = Uint8Array.of(2, 0, 0, 0, 0, 0xa);
const B = Uint8Array.of(2, 0, 0, 0, 0, 0xb);
const S = HEARD_SOLICITED;
const O = HEARD_OVERRIDE;
const R = HEARD_ROUTER;

type Mac = 'A' | 'B' | 'none';
const macs: Record<Mac, Uint8Array | null> = { A, B, none: null };

function entryOf(state: NeighbourState, router = false): Known {
  return { state, mac: state === 'incomplete' || state === 'failed' ? null : A, router };
}

describe('a neighbour advertisement (RFC 4861 section 7.2.5)', () => {
  it('makes no entry', () => {
    for (const flags of [0, S, O, S | O, S | O | R]) {
      assert.equal(hear(null, { flags: HEARD_ADVERTISEMENT | flags, mac: A }), null);
    }
  });

  /** State before, flags, MAC that it names → state, MAC after. Known ones had A. */
  const rows: [NeighbourState, number, Mac, NeighbourState, Mac][] = [
    ['incomplete', 0, 'none', 'incomplete', 'none'],
    ['incomplete', S | O, 'none', 'incomplete', 'none'],
    ['incomplete', 0, 'B', 'stale', 'B'],
    ['incomplete', O, 'B', 'stale', 'B'],
    ['incomplete', S, 'B', 'reachable', 'B'],
    ['incomplete', S | O, 'B', 'reachable', 'B'],
    ['failed', O, 'B', 'stale', 'B'],
    ['failed', S, 'B', 'reachable', 'B'],
    // I. Override clear, and another MAC.
    ['reachable', 0, 'B', 'stale', 'A'],
    ['reachable', S, 'B', 'stale', 'A'],
    ...(['stale', 'delay', 'probe'] as const).flatMap(
      (state): [NeighbourState, number, Mac, NeighbourState, Mac][] => [
        [state, 0, 'B', state, 'A'],
        [state, S, 'B', state, 'A'],
      ],
    ),
    // II. Override set, or the same MAC, or none.
    ...(['reachable', 'stale', 'delay', 'probe'] as const).flatMap(
      (state): [NeighbourState, number, Mac, NeighbourState, Mac][] => [
        [state, 0, 'A', state, 'A'],
        [state, O, 'A', state, 'A'],
        [state, S, 'A', 'reachable', 'A'],
        [state, S | O, 'A', 'reachable', 'A'],
        [state, 0, 'none', state, 'A'],
        [state, O, 'none', state, 'A'],
        [state, S, 'none', 'reachable', 'A'],
        [state, S | O, 'none', 'reachable', 'A'],
        [state, O, 'B', 'stale', 'B'],
        [state, S | O, 'B', 'reachable', 'B'],
      ],
    ),
  ];
  for (const [before, flags, mac, state, after] of rows) {
    const text = `${flags & S ? 'S' : '-'}${flags & O ? 'O' : '-'}`;
    it(`${before}, ${text} with MAC ${mac}: ${state} with ${after}`, () => {
      const known = hear(entryOf(before), { flags: HEARD_ADVERTISEMENT | flags, mac: macs[mac] });
      assert.deepEqual(known, { state, mac: macs[after], router: false });
    });
  }

  it('sets and clears the router flag, but not when it is ignored', () => {
    const router = (flags: number, mac: Mac, was: boolean, state: NeighbourState = 'stale'): boolean =>
      hear(entryOf(state, was), { flags: HEARD_ADVERTISEMENT | flags, mac: macs[mac] })!.router;
    assert.equal(router(R, 'A', false), true);
    assert.equal(router(0, 'A', true), false);
    assert.equal(router(O, 'B', true), false);
    assert.equal(router(R | S, 'A', false, 'incomplete'), true);
    assert.equal(router(0, 'B', true), true, 'another MAC without override');
    assert.equal(router(R, 'B', false, 'reachable'), false);
    assert.equal(router(R, 'none', false, 'incomplete'), false);
  });
});

describe('a message that speaks to the box (RFC 4861 section 7.2.3)', () => {
  it('makes a stale entry', () => {
    assert.deepEqual(hear(null, { flags: 0, mac: A }), { state: 'stale', mac: A, router: false });
    assert.deepEqual(hear(null, { flags: R, mac: A }), { state: 'stale', mac: A, router: true });
    assert.equal(hear(null, { flags: R, mac: null }), null);
  });

  for (const state of ['reachable', 'stale', 'delay', 'probe'] as const) {
    it(`${state}: the same MAC changes nothing, another makes it stale`, () => {
      assert.deepEqual(hear(entryOf(state), { flags: 0, mac: A }), { state, mac: A, router: false });
      assert.deepEqual(hear(entryOf(state), { flags: 0, mac: B }), { state: 'stale', mac: B, router: false });
    });
  }

  for (const state of ['incomplete', 'failed'] as const) {
    it(`${state}: becomes stale`, () => {
      assert.deepEqual(hear(entryOf(state), { flags: 0, mac: B }), { state: 'stale', mac: B, router: false });
    });
  }

  it('keeps the router flag, sets it by an RA, clears it by an RS (section 6.2.6)', () => {
    const router = (flags: number, was: boolean, mac: Mac = 'A'): boolean =>
      hear(entryOf('reachable', was), { flags, mac: macs[mac] })!.router;
    assert.equal(router(0, true), true);
    assert.equal(router(0, false), false);
    assert.equal(router(R, false), true);
    assert.equal(router(R, false, 'none'), true, 'an RA without its MAC address');
    assert.equal(router(HEARD_HOST, true), false);
    assert.equal(router(HEARD_HOST, true, 'B'), false);
  });
});

describe('ARP, by the same rules', () => {
  it('a request is no proof, a reply is, an announcement moves what is known only', () => {
    assert.equal(hear(null, { flags: HEARD_ARP_REQUEST, mac: A })?.state, 'stale');
    assert.equal(hear(entryOf('incomplete'), { flags: HEARD_ARP_REPLY, mac: A })?.state, 'reachable');
    assert.deepEqual(hear(entryOf('reachable'), { flags: HEARD_ARP_REPLY, mac: B })?.mac, B);
    assert.equal(hear(null, { flags: HEARD_ARP_REPLY, mac: A }), null);
    assert.equal(hear(null, { flags: HEARD_ARP_ANNOUNCEMENT, mac: A }), null);
    assert.deepEqual(hear(entryOf('reachable'), { flags: HEARD_ARP_ANNOUNCEMENT, mac: B }), {
      state: 'stale',
      mac: B,
      router: false,
    });
  });
});
