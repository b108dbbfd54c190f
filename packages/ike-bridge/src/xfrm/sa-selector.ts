// Which traffic an SA is for: charon says so on the SA in transport mode only, else on its policies.
import type { XfrmContext } from './context.js';
import { nameOf, type SaEntry } from './sa-entry.js';
import { type TrafficSelector, trafficSelectorOf } from './selector.js';
import type { Policy, Spd } from './spd.js';

/** Null when several policies share the SA: the data plane takes what its routes send then. */
export function chooseSelector(spd: Spd, entry: SaEntry): TrafficSelector | null {
  const own = trafficSelectorOf(entry.ownSelector);
  if (own !== null) return own;
  const policies = spd.serving(entry.direction, entry.ifId, entry.reqid);
  return policies.length === 1 ? trafficSelectorOf(policies[0]!.info.sel) : null;
}

/** After a policy changed: policies arrive after the SAs that serve them. */
export async function reviseSelectors(context: XfrmContext, changed: Policy): Promise<void> {
  for (const entry of context.sad.all()) {
    if (entry.ifId !== changed.ifId) continue;
    const selector = chooseSelector(context.spd, entry);
    // An SA that no policy names any more is about to be removed; until then it carries what it did.
    if (selector === null && context.spd.serving(entry.direction, entry.ifId, entry.reqid).length === 0)
      continue;
    if (JSON.stringify(selector) === JSON.stringify(entry.selector)) continue;
    entry.selector = selector;
    if (!entry.installed) continue;
    try {
      await context.sync.install(entry);
    } catch (error) {
      context.log.error(
        { sa: nameOf(entry), error: (error as Error).message },
        'The data plane refused the selector of an SA; it is tried again.',
      );
    }
  }
}
