// sluice show policy: which traffic each tunnel's SAs take, as the data plane has it, and what waits for an SA.
import {
  dataplaneContract,
  ikeBridgeContract,
  type PolicyReport,
  type SaReport,
  type TrafficSelector,
} from '@sluice/shared';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import type { Environment } from '../environment.js';
import { type GatewayOptions, gatewayCommand, runDirOf, withClient } from '../gateway.js';
import { figure, renderTable, text } from '../output/table.js';
import { bytes, count, spi } from '../output/units.js';

interface Row {
  interface: string | null;
  direction: 'in' | 'out';
  selector: TrafficSelector | null;
  /** Null while there is none. */
  sa: SaReport | null;
  state: string;
}

const ANY_PORT = '0-65535';
const PROTOCOLS = new Map([
  [0, 'any'],
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [47, 'gre'],
  [58, 'icmpv6'],
]);
const ICMP = [1, 58];

const columns = [
  text<Row>('tunnel', (row) => row.interface),
  text<Row>('dir', (row) => row.direction),
  text<Row>('from', ({ selector }) => (selector === null ? 'anything' : endOf(selector, 'src'))),
  text<Row>('to', ({ selector }) => (selector === null ? 'anything' : endOf(selector, 'dst'))),
  text<Row>('protocol', ({ selector }) => protocolOf(selector)),
  text<Row>('state', (row) => row.state),
  text<Row>('spi', ({ sa }) => (sa === null ? null : spi(sa.spi))),
  figure<Row>('packets', ({ sa }) => (sa === null ? '-' : count(sa.counters.packets))),
  figure<Row>('bytes', ({ sa }) => (sa === null ? '-' : bytes(sa.counters.bytes))),
];

function endOf(selector: TrafficSelector, end: 'src' | 'dst'): string {
  const ports = selector[`${end}_ports`].join('-');
  if (ports === ANY_PORT || ICMP.includes(selector.protocol)) return selector[end];
  const [from, to] = selector[`${end}_ports`];
  return `${selector[end]}[${from === to ? from : ports}]`;
}

function protocolOf(selector: TrafficSelector | null): string {
  if (selector === null) return 'any';
  const { protocol, src_ports: range } = selector;
  const name = PROTOCOLS.get(protocol) ?? String(protocol);
  if (!ICMP.includes(protocol) || range.join('-') === ANY_PORT) return name;
  // RFC 4301 section 4.4.1.1: the type is in the upper octet, the code in the lower.
  const [type, code] = [range[0] >>> 8, range[0] & 0xff];
  return `${name} type ${type}${range[0] === range[1] ? ` code ${code}` : ''}`;
}

function rowsOf(sas: readonly SaReport[], policies: readonly PolicyReport[]): Row[] {
  const installed = sas.flatMap((sa) =>
    (sa.selectors ?? [null]).map((selector): Row => {
      const state = sa.direction === 'in' ? 'receives' : sa.active ? 'sends' : 'stands by';
      return { interface: sa.interface, direction: sa.direction, selector, sa, state };
    }),
  );
  const waiting = policies
    .filter(({ waits }) => waits)
    .map(
      ({ interface: name, direction, selector }): Row => ({
        ...{ interface: name, direction, selector },
        ...{ sa: null, state: 'waits for traffic' },
      }),
    );
  return [...installed, ...waiting].sort(
    (a, b) =>
      (a.interface ?? '').localeCompare(b.interface ?? '') ||
      a.direction.localeCompare(b.direction) ||
      (a.sa?.spi ?? 0) - (b.sa?.spi ?? 0),
  );
}

export function showPolicy(environment: Environment): Command {
  return gatewayCommand(environment, 'policy')
    .description('traffic selectors of each tunnel and direction, and the SA that has them')
    .option('--json', 'as JSON, with exact figures')
    .action(async (options: GatewayOptions & { json?: boolean }) => {
      const runDir = runDirOf(environment, options);
      const { sas } = await withClient(dataplaneContract, runDir, (client) => client.request('show-sa', {}));
      const policies = await waitingPolicies(environment, runDir);
      environment.out(
        options.json
          ? `${JSON.stringify({ sas, policies }, null, 2)}\n`
          : renderTable(columns, rowsOf(sas, policies), 'There are no policies.'),
      );
    });
}

/** What waits for traffic the IKE bridge alone knows; without it, what the data plane has is shown all the same. */
async function waitingPolicies(environment: Environment, runDir: string): Promise<PolicyReport[]> {
  try {
    const { policies } = await withClient(ikeBridgeContract, runDir, (client) =>
      client.request('show-policies', {}),
    );
    return policies;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    environment.err(`what waits for traffic is not shown: ${error.message}\n`);
    return [];
  }
}
