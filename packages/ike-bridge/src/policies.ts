// Policies as charon has installed them, for people.
import type { IkeState, PolicyReport } from '@sluice/shared';
import type { Policy, Xfrm } from './xfrm/index.js';
import { trafficSelectorOf, XFRM_POLICY_IN, XFRM_POLICY_OUT } from './xfrm/index.js';

const DIRECTIONS = new Map<number, PolicyReport['direction']>([
  [XFRM_POLICY_IN, 'in'],
  [XFRM_POLICY_OUT, 'out'],
]);

/** Those that lead into SAs. What the kernel does for forwarded packets beside, a gateway's tunnels have no use for. */
export function policyReports(
  { spd, sad }: Pick<Xfrm, 'spd' | 'sad'>,
  desired: IkeState | null,
): PolicyReport[] {
  const served = new Set(sad.all().map(({ ifId, direction, reqid }) => `${ifId}/${direction}/${reqid}`));
  return spd.all().flatMap((policy) => {
    const direction = DIRECTIONS.get(policy.info.dir);
    const selector = trafficSelectorOf(policy.info.sel);
    if (direction === undefined || selector === null || policy.templates.length === 0) return [];
    const report: PolicyReport = {
      interface: desired?.tunnels.find((tunnel) => tunnel.if_id === policy.ifId)?.name ?? null,
      if_id: policy.ifId,
      direction,
      selector,
      priority: policy.info.priority,
      waits: direction === 'out' && !isServed(policy, direction, served),
    };
    return [report];
  });
}

function isServed(policy: Policy, direction: 'in' | 'out', served: ReadonlySet<string>): boolean {
  return policy.templates.some(({ reqid }) => served.has(`${policy.ifId}/${direction}/${reqid}`));
}
