// charon's events in the terms of the bridge's messages.
import type { IkeEvent } from '@sluice/shared';
import { flag, subsection, subsections, text, type ViciSection } from '../vici/index.js';

/** What the bridge registers for; the log tells what no event does (rekey-refusals.ts). */
export const CHARON_EVENTS = ['ike-updown', 'child-updown', 'ike-rekey', 'child-rekey', 'log'] as const;

/** Of an SA that has come or gone. */
export type SaEvent = Extract<IkeEvent, { kind: 'ike-sa' | 'child-sa' }>;

/** A rekeying is the new SA coming up, then the old one going. Unknown events give nothing. */
export function ikeEvents(event: string, message: ViciSection): SaEvent[] {
  const events: SaEvent[] = [];
  for (const [connection, ike] of subsections(message)) {
    switch (event) {
      case 'ike-updown':
        events.push(ikeEvent(connection, ike, flag(message, 'up')));
        break;
      case 'ike-rekey': {
        const fresh = subsection(ike, 'new');
        const old = subsection(ike, 'old');
        if (fresh) events.push(ikeEvent(connection, fresh, true));
        if (old) events.push(ikeEvent(connection, old, false));
        break;
      }
      case 'child-updown':
        for (const [, child] of subsections(subsection(ike, 'child-sas'))) {
          events.push(childEvent(connection, child, flag(message, 'up')));
        }
        break;
      case 'child-rekey':
        for (const [, child] of subsections(subsection(ike, 'child-sas'))) {
          const fresh = subsection(child, 'new');
          const old = subsection(child, 'old');
          if (fresh) events.push(childEvent(connection, fresh, true));
          if (old) events.push(childEvent(connection, old, false));
        }
        break;
    }
  }
  return events;
}

function ikeEvent(connection: string, ike: ViciSection, up: boolean): SaEvent {
  return { kind: 'ike-sa', connection, unique_id: text(ike, 'uniqueid') ?? '', up };
}

function childEvent(connection: string, child: ViciSection, up: boolean): SaEvent {
  const read = (key: string): string => text(child, key) ?? '';
  return { kind: 'child-sa', connection, child: read('name'), unique_id: read('uniqueid'), up };
}
