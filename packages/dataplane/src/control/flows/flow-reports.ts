// What a person is shown of flows: the largest of those in the tables, as they are counted on.
import {
  type CollectorReport,
  type FlowReport,
  type FlowsReport,
  formatIp4,
  formatIp6,
} from '@sluice/shared';
import {
  FLOW_DOUBLES,
  FLOW_EGRESS,
  FLOW_FIRST_MS,
  FLOW_IP6,
  FLOW_KIND,
  FLOW_LAST_MS,
  FLOW_OCTETS,
  FLOW_PACKETS,
  FLOW_PORTS,
  FLOW_TCP_FLAGS,
  FLOW_WHERE,
  FLOW_WORDS,
  type FlowTable,
} from '../../tables/flows.js';
import { PROTOCOL_ICMP, swap32 } from '../../wire/ip4.js';
import { PROTOCOL_ICMP6 } from '../../wire/ip6.js';
import type { IpfixCollector } from './ipfix-collector.js';

export interface FlowNames {
  interface(row: number): string | null;
  vrf(id: number): string | null;
}

interface Row {
  table: FlowTable;
  slot: number;
  octets: number;
}

/** All but what counters of the graph say. */
export function reportFlows(
  tables: readonly FlowTable[],
  collectors: readonly IpfixCollector[],
  limit: number,
  names: FlowNames,
): Omit<FlowsReport, 'not_metered'> {
  return {
    flows: largest(tables, limit).map(({ table, slot }) => flowReport(table, slot, names)),
    // With those that are on their way to collectors.
    total: tables.reduce((sum, { used }) => sum + used, 0),
    max_flows: tables.reduce((sum, { limit: share }) => sum + share, 0),
    collectors: collectors.map(collectorReport),
  };
}

/** The largest first. Tables may hold a million: only those that may be among the largest are kept and sorted. */
function largest(tables: readonly FlowTable[], limit: number): Row[] {
  let found: Row[] = [];
  let least = -1;
  const cut = (): void => {
    found = found.sort((a, b) => b.octets - a.octets).slice(0, limit);
    if (found.length === limit) least = found[limit - 1]?.octets ?? least;
  };
  for (const table of limit === 0 ? [] : tables) {
    const slots = table.used > 0 ? table.slots : 0;
    for (let slot = 0; slot < slots; slot++) {
      if (!table.isOpen(slot)) continue;
      const octets = table.doubles[slot * FLOW_DOUBLES + FLOW_OCTETS]!;
      if (octets <= least) continue;
      if (found.push({ table, slot, octets }) >= 2 * limit) cut();
    }
  }
  cut();
  return found;
}

function flowReport({ words, doubles }: FlowTable, slot: number, names: FlowNames): FlowReport {
  const row = slot * FLOW_WORDS;
  const figures = slot * FLOW_DOUBLES;
  const kind = words[row + FLOW_KIND]!;
  const where = words[row + FLOW_WHERE]!;
  const ports = words[row + FLOW_PORTS]!;
  const egress = words[row + FLOW_EGRESS]!;
  const isIp6 = (kind & FLOW_IP6) !== 0;
  const protocol = kind & 0xff;
  const isIcmp = protocol === (isIp6 ? PROTOCOL_ICMP6 : PROTOCOL_ICMP);
  const word = (i: number): number => swap32(words[row + i]!) >>> 0;
  const address = (at: number): string =>
    isIp6 ? formatIp6([word(at), word(at + 1), word(at + 2), word(at + 3)]) : formatIp4(word(at));
  return {
    interface: names.interface(where & 0xffff) ?? '?',
    vrf: names.vrf(where >>> 16) ?? '?',
    egress_interface: egress === 0 ? null : names.interface(egress),
    src: address(0),
    dst: address(isIp6 ? 4 : 1),
    protocol,
    tos: (kind >>> 8) & 0xff,
    src_port: isIcmp ? 0 : ports >>> 16,
    dst_port: isIcmp ? 0 : ports & 0xffff,
    icmp: isIcmp ? ports >>> 16 : null,
    tcp_flags: words[row + FLOW_TCP_FLAGS]!,
    packets: doubles[figures + FLOW_PACKETS]!,
    octets: doubles[figures + FLOW_OCTETS]!,
    first_ms: doubles[figures + FLOW_FIRST_MS]!,
    last_ms: doubles[figures + FLOW_LAST_MS]!,
  };
}

function collectorReport({ section, messages, records, lost, problem }: IpfixCollector): CollectorReport {
  return { ...section, messages, records, lost_records: lost, problem };
}
