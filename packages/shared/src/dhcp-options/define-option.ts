// What an option of DHCPv4 is: a code, the kind of its value, and what it is for.
import type { DhcpOptionKind } from './values.js';

export interface DhcpOption<Kind extends DhcpOptionKind = DhcpOptionKind> {
  /** IANA's "BOOTP Vendor Extensions and DHCP Options". */
  code: number;
  kind: Kind;
  /** For an operator. */
  help: string;
}

/** Keeps the kind's literal type, which says what value the configuration has. */
export function defineOption<const Kind extends DhcpOptionKind>(option: DhcpOption<Kind>): DhcpOption<Kind> {
  return option;
}
