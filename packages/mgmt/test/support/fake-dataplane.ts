// A data plane that answers with fixed figures over real sockets.
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ActorServer,
  type CaptureFilter,
  type CaptureStatus,
  dataplaneContract,
  SluiceError,
  serve,
  type TracedPacket,
} from '@sluice/shared';
import * as figures from './dataplane-figures.js';
import { SILENT, unused } from './fake-process.js';

export interface FakeDataplane {
  /** Filters of the traces that were started. */
  readonly traces: unknown[];
  /** Filters of the captures that were started. */
  readonly captures: CaptureFilter[];
  /** What was cleared. */
  readonly cleared: unknown[];
  readonly server: ActorServer<typeof dataplaneContract>;
}

export async function fakeDataplane(runDir: string): Promise<FakeDataplane> {
  const traces: unknown[] = [];
  const captures: CaptureFilter[] = [];
  const cleared: unknown[] = [];
  let onTheWay = false;
  const captureFile = join(runDir, 'capture.pcapng');
  const captureStatus = (active: boolean): CaptureStatus => ({
    file: captureFile,
    active,
    packets: 2,
    bytes: 16,
    missed: 1,
  });
  const status = () => ({
    instance: server.instance,
    revision: 3,
    converged: true,
    problems: [],
  });
  const server: ActorServer<typeof dataplaneContract> = await serve(dataplaneContract, {
    runDir,
    log: SILENT,
    handlers: {
      apply: unused,
      status,
      'delegated-routes': unused,
      'sa-install': unused,
      'sa-remove': unused,
      'sa-counters': unused,
      'sa-dump': unused,
      'assign-addresses': unused,
      'show-interfaces': () => figures.INTERFACES,
      'show-routes': () => figures.ROUTES,
      'show-neighbours': () => figures.NEIGHBOURS,
      'show-bridges': () => figures.BRIDGES,
      'show-macs': () => figures.MACS,
      'show-flows': () => figures.FLOWS,
      'show-sa': () => ({ sas: [figures.SA] }),
      'show-runtime': () => figures.RUNTIME,
      'show-nodes': () => ({ nodes: [figures.NODE] }),
      'nodes-reload': status,
      'show-errors': () => figures.ERRORS,
      'clear-counters': (what) => {
        cleared.push(what);
        return {};
      },
      'clear-neighbours': (what) => {
        cleared.push(what);
        return { cleared: what.address === '192.0.2.9' ? 0 : 2 };
      },
      'clear-macs': (what) => {
        cleared.push(what);
        return { cleared: what.mac === '02:00:00:00:00:99' ? 0 : 1 };
      },
      'capture-start': (filter) => {
        captures.push(filter);
        if (filter.interfaces?.includes('nope'))
          throw new SluiceError('refused', 'there is no interface "nope"');
        writeFileSync(captureFile, 'first ');
        return captureStatus(true);
      },
      'capture-status': () => {
        appendFileSync(captureFile, 'more ');
        return captureStatus(false);
      },
      'capture-stop': () => {
        appendFileSync(captureFile, 'last');
        return captureStatus(false);
      },
      'trace-start': (filter) => {
        traces.push(filter);
        onTheWay = true;
        return {};
      },
      // The first look finds the packet between two steps.
      'trace-read': () => {
        const { steps } = figures.TRACED;
        const part: TracedPacket = { ...figures.TRACED, steps: steps.slice(0, 1), under_way: true };
        const packets = traces.length === 0 ? [] : [onTheWay ? part : figures.TRACED];
        onTheWay = false;
        return { packets };
      },
    },
    snapshots: { status, sa: () => ({}), audit: () => ({}), counters: unused },
  });

  return { traces, captures, cleared, server };
}
