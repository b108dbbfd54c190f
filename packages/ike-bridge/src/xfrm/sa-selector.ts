// Which traffic an SA is for: charon says so on its policies, and in transport mode roughly on the SA too.
import type { TrafficSelector } from '@sluice/shared';
import type { XfrmContext } from './context.js';
import { nameOf, type SaEntry } from './sa-entry.js';
import { trafficSelectorOf } from './selector.js';
import type { Policy, Spd } from './spd.js';

/**
 * All of the policies that share the SA; without any, its own, which in transport mode charon leaves without
 * protocol and ports. Null when nothing is said: the data plane takes what its routes send then.
 */
export function chooseSelectors(spd: Spd, entry: SaEntry): TrafficSelector[] | null {
  const policies = spd.serving(entry.direction, entry.ifId, entry.reqid).map(({ info }) => info.sel);
  const selectors = (policies.length > 0 ? policies : [entry.ownSelector])
    .map(trafficSelectorOf)
    .filter((selector) => selector !== null);
  return selectors.length > 0 ? selectors : null;
}

/** After a policy changed: policies arrive after the SAs that serve them. */
export async function reviseSelectors(context: XfrmContext, changed: Policy): Promise<void> {
  for (const entry of context.sad.ofInterface(changed.ifId)) {
    // An SA that no policy names any more is about to be removed; until then it carries what it did.
    if (context.spd.serving(entry.direction, entry.ifId, entry.reqid).length === 0) continue;
    const selectors = chooseSelectors(context.spd, entry);
    if (JSON.stringify(selectors) === JSON.stringify(entry.selectors)) continue;
    entry.selectors = selectors;
    if (!entry.installed) continue;
    try {
      await context.sync.install(entry);
    } catch (error) {
      context.log.error(
        { sa: nameOf(entry), error: (error as Error).message },
        'The data plane refused the selectors of an SA; they are tried again.',
      );
    }
  }
}
