import { type CollectorReport, dataplaneContract, type FlowReport, type FlowsReport } from '@sluice/shared';
import type { Command } from 'commander';
import type { Environment } from '../environment.js';
import { type GatewayOptions, gatewayCommand, runDirOf, withClient } from '../gateway.js';
import { parsePositive, protocolName } from '../numbers.js';
import { figure, renderTable, text } from '../output/table.js';
import { bytes, count, decimal } from '../output/units.js';

/** From the lowest bit on (RFC 9293 section 3.1, RFC 3168). */
const TCP_FLAGS = 'FSRPAUEC';

const columns = [
  text<FlowReport>('vrf', (row) => row.vrf),
  text<FlowReport>('in', (row) => row.interface),
  text<FlowReport>('out', (row) => row.egress_interface),
  text<FlowReport>('protocol', (row) => protocolName(row.protocol)),
  text<FlowReport>('source', (row) => end(row.src, row.src_port)),
  text<FlowReport>('destination', (row) => end(row.dst, row.dst_port)),
  figure<FlowReport>('tos', (row) => `0x${row.tos.toString(16).padStart(2, '0')}`),
  text<FlowReport>('flags', flags),
  figure<FlowReport>('packets', (row) => count(row.packets)),
  figure<FlowReport>('octets', (row) => bytes(row.octets)),
  figure<FlowReport>('seconds', (row) => decimal((row.last_ms - row.first_ms) / 1000)),
];

const collectorColumns = [
  text<CollectorReport>('collector', ({ host, port }) => end(host, port)),
  text<CollectorReport>('vrf', (row) => row.vrf),
  figure<CollectorReport>('messages', (row) => count(row.messages)),
  figure<CollectorReport>('records', (row) => count(row.records)),
  figure<CollectorReport>('lost', (row) => count(row.lost_records)),
  text<CollectorReport>('problem', (row) => row.problem),
];

function end(address: string, port: number): string {
  if (port === 0) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Those of its segments, or type and code of ICMP. */
function flags({ tcp_flags: seen, icmp }: FlowReport): string | null {
  if (icmp !== null) return `type ${icmp >>> 8} code ${icmp & 0xff}`;
  return [...TCP_FLAGS].filter((_, bit) => (seen >>> bit) & 1).join('') || null;
}

function render({ flows, total, max_flows: most, not_metered: beyond, collectors }: FlowsReport): string {
  const table = renderTable(columns, flows, 'There are no flows.');
  const more = beyond === 0 ? '' : `, ${count(beyond)} packets found no room`;
  const summary = `${count(flows.length)} of ${count(total)} flows, at most ${count(most)}${more}\n`;
  const to = renderTable(collectorColumns, collectors, 'There are no collectors.');
  return `${table}${summary}\n${to}`;
}

export function showFlows(environment: Environment): Command {
  return gatewayCommand(environment, 'flows')
    .description('the largest flows of the moment, and what collectors were sent')
    .option('--top <count>', 'so many', parsePositive, 20)
    .option('--json', 'as JSON, with exact figures')
    .action(async (options: GatewayOptions & { json?: boolean; top: number }) => {
      const reply = await withClient(dataplaneContract, runDirOf(environment, options), (client) =>
        client.request('show-flows', { limit: Math.min(options.top, 100_000) }),
      );
      environment.out(options.json ? `${JSON.stringify(reply, null, 2)}\n` : render(reply));
    });
}
