import { dataplaneContract, type NodeRuntime, type WorkerRuntime } from '@sluice/shared';
import type { Command } from 'commander';
import type { Environment } from '../environment.js';
import { figure, renderTable, text } from '../output/table.js';
import { count, decimal } from '../output/units.js';
import { showSubject } from './show-subject.js';

const workerColumns = [
  figure<WorkerRuntime>('worker', (row) => String(row.worker)),
  figure<WorkerRuntime>('cpu', (row) => (row.cpu === null ? '-' : String(row.cpu))),
  figure<WorkerRuntime>('loops', (row) => count(row.loops)),
  figure<WorkerRuntime>('sleeps', (row) => count(row.sleeps)),
  figure<WorkerRuntime>('packets', (row) => count(row.packets)),
  figure<WorkerRuntime>('vectors', (row) => count(row.vectors)),
  figure<WorkerRuntime>('ns/packet', (row) => decimal(row.ns_per_packet)),
];

const nodeColumns = [
  figure<NodeRuntime>('worker', (row) => String(row.worker)),
  text<NodeRuntime>('node', (row) => row.node),
  figure<NodeRuntime>('calls', (row) => count(row.calls)),
  figure<NodeRuntime>('packets', (row) => count(row.packets)),
  figure<NodeRuntime>('packets/call', (row) => decimal(row.vector)),
  figure<NodeRuntime>('ns/packet', (row) => decimal(row.ns_per_packet)),
];

export function showRuntime(environment: Environment): Command {
  return showSubject(environment, {
    name: 'runtime',
    summary: 'what each worker and each graph node has done, and what it cost',
    contract: dataplaneContract,
    request: 'show-runtime',
    render: ({ workers, nodes, frames, frames_free, large_frames, large_frames_free }) => {
      const used = nodes.filter((node) => node.calls > 0);
      const workerTable = renderTable(workerColumns, workers, 'There are no workers.');
      const nodeTable = renderTable(nodeColumns, used, 'No node has been called.');
      const pool = `Packet pool: ${frames_free} of ${frames} frames are free, and ${large_frames_free} of ${large_frames} large ones.\n`;
      return `${workerTable}\n${nodeTable}\n${pool}`;
    },
  });
}
