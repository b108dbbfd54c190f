// Routes to prefixes that clients have by DHCPv6, beside those of the configuration.
import { type DelegatedRoute, type RouteSection, routeSection } from '@sluice/shared';

/** A route of the configuration goes before one to a prefix that was delegated. */
export function withDelegated(
  configured: readonly RouteSection[],
  delegated: readonly DelegatedRoute[],
): RouteSection[] {
  const known = new Set(configured.map(({ vrf, prefix }) => `${vrf} ${prefix}`));
  return [
    ...configured,
    ...delegated
      .filter(({ vrf, prefix }) => !known.has(`${vrf} ${prefix}`))
      .map(({ vrf, prefix, interface: name, next_hop: address }) =>
        routeSection.parse({ vrf, prefix, next_hops: [{ address, interface: name }] }),
      ),
  ];
}
