// Changes of leases in the log: each a line, as long as they are few.
import type { DhcpLeaseEvent, Logger } from '@sluice/shared';

/** Of changes that are announced together, every 100 ms at most; a network that comes up at once is counted. */
const LINES_MAX = 20;

export function logLeases(log: Logger, changes: DhcpLeaseEvent['changes']): void {
  for (const { kind, lease } of changes.slice(0, LINES_MAX)) {
    const { address, vrf, network, mac, host_name: host } = lease;
    log.info({ address, vrf, network, mac, host }, `a lease: ${kind}`);
  }
  const more = changes.length - LINES_MAX;
  if (more > 0) log.info({ leases: more }, 'more leases at the same time');
}
