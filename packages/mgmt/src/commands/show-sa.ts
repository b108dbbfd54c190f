import { dataplaneContract, type SaReport } from '@sluice/shared';
import type { Command } from 'commander';
import type { Environment } from '../environment.js';
import { figure, renderTable, text } from '../output/table.js';
import { bytes, count, spi } from '../output/units.js';
import { showSubject } from './show-subject.js';

const columns = [
  text<SaReport>('interface', (row) => row.interface),
  text<SaReport>('dir', (row) => row.direction),
  text<SaReport>('spi', (row) => spi(row.spi)),
  text<SaReport>('from', (row) => endpoint(row.src, row.encap?.src_port)),
  text<SaReport>('to', (row) => endpoint(row.dst, row.encap?.dst_port)),
  text<SaReport>('algorithm', (row) => row.algorithm),
  text<SaReport>('active', (row) => (row.active ? 'yes' : 'no')),
  figure<SaReport>('worker', (row) => String(row.worker)),
  figure<SaReport>('packets', (row) => count(row.counters.packets)),
  figure<SaReport>('bytes', (row) => bytes(row.counters.bytes)),
  figure<SaReport>('sequence', (row) => count(row.counters.sequence)),
  figure<SaReport>('replayed', (row) => count(row.counters.replayed)),
  figure<SaReport>('bad icv', (row) => count(row.counters.integrity_failed)),
];

/** With the port when the SA is encapsulated in UDP. */
function endpoint(address: string, port: number | undefined): string {
  return port === undefined ? address : `${address}:${port}`;
}

export function showSa(environment: Environment): Command {
  return showSubject(environment, {
    name: 'sa',
    summary: 'security associations in the data plane (never their keys)',
    contract: dataplaneContract,
    request: 'show-sa',
    render: ({ sas }) => renderTable(columns, sas, 'There are no security associations.'),
  });
}
