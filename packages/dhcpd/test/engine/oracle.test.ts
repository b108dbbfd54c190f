// The engine against a plain record of who was told what: clients that come, go, lie and repeat themselves.
import assert from 'node:assert/strict';
import { formatIp4 } from '@sluice/shared';
import fc from 'fast-check';
import { ACK, DECLINE, DISCOVER, NAK, OFFER, RELEASE, REQUEST } from '../../src/wire/codes.js';
import { LAN, World } from '../support/world.js';

const step = fc.record({
  client: fc.integer({ min: 1, max: 6 }),
  type: fc.constantFrom(DISCOVER, REQUEST, REQUEST, DECLINE, RELEASE),
  how: fc.constantFrom('selecting', 'rebooting', 'renewing'),
  address: fc.integer({ min: 8, max: 14 }).map((last) => `10.1.0.${last}`),
  waitS: fc.constantFrom(0, 0, 0, 20, 100, 700),
});

describe('addresses', () => {
  it('are never two clients’ at once, whatever clients do', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const world = new World({
          ...LAN,
          lease_time_s: 600,
          decline_hold_s: 300,
          exclude: ['10.1.0.11'],
          pools: [{ range: '10.1.0.9-10.1.0.13' }],
          reservations: [{ mac: mac(1), address: '10.1.0.12' }],
          limits: { client_requests_per_s: 10_000, leases_per_mac: 100, requests_per_s: 10_000_000 },
        });
        /** Who was told by an ACK that it has an address, and until when. */
        const held = new Map<string, { client: number; untilMs: number }>();
        for (const { client, type, how, address, waitS } of steps) {
          world.nowMs += waitS * 1000;
          world.engine.expire(world.nowMs);
          const outcome = world.receive({
            type,
            mac: mac(client),
            ...(type === RELEASE || (type === REQUEST && how === 'renewing') ? { ciaddr: address } : {}),
            ...(type === REQUEST && how === 'selecting' ? { serverId: '10.1.0.1' } : {}),
            ...(type !== RELEASE && how !== 'renewing' ? { requested: address } : {}),
          });
          if (outcome.kind === 'settled' && type === RELEASE) held.delete(address);
          if (outcome.kind === 'settled' && type === DECLINE) held.delete(address);
          if (outcome.kind !== 'answer') continue;
          const given = formatIp4(outcome.answer.fields.yiaddr);
          const holder = held.get(given);
          const free = holder === undefined || holder.client === client || holder.untilMs <= world.nowMs;
          switch (outcome.answer.type) {
            case OFFER:
            case ACK:
              assert.ok(free, `${given} is ${holder?.client}'s and was given to ${client}`);
              assert.notEqual(given, '10.1.0.11');
              assert.ok((given === '10.1.0.12') === (client === 1) || given !== '10.1.0.12');
              if (outcome.answer.type === OFFER) break;
              // What else it had, it has no more.
              for (const [other, { client: whose }] of held) if (whose === client) held.delete(other);
              held.set(given, { client, untilMs: world.nowMs + 600_000 });
              break;
            case NAK:
              break;
            default:
              assert.fail(`an answer of type ${outcome.answer.type}`);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

function mac(client: number): string {
  return `02:00:00:00:00:0${client}`;
}
