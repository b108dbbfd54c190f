// What a configuration may say, but is unwise to: told at each commit.
import type { DeviceConfig } from './device.js';
import { connectionWarnings } from './ike-parts.js';
import type { ManagementSection } from './management.js';

/** Sentences about the whole configuration. */
export function configWarnings({ ike, management }: Pick<DeviceConfig, 'ike' | 'management'>): string[] {
  return [...ike.connections.flatMap(connectionWarnings), ...managementWarnings(management)];
}

/** Sentences about the management section. */
export function managementWarnings({ snmp, telnet }: ManagementSection): string[] {
  const warnings: string[] = [];
  if (telnet !== undefined)
    warnings.push(
      `Telnet is on for ${telnet.interfaces.join(', ')}: whoever sees its packets reads passwords and everything else. Take management.telnet out as soon as SSH can do.`,
    );
  if (snmp !== undefined && snmp.communities.length > 0)
    warnings.push(
      'SNMPv2c is on: whoever sees its packets reads the community and all that is asked for. Take management.snmp.communities out where users of SNMPv3 can do.',
    );
  return warnings;
}
