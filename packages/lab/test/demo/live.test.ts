import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createLogger, dataplaneContract, defineContract, serve, until } from '@sluice/shared';
import { showLive } from '../../src/demo/live.js';
import { Screen } from '../../src/demo/screen.js';
import { HQ } from '../../src/demo/topology.js';
import { countersReport } from '../fixtures/reports.js';

const contract = defineContract({
  name: 'dataplane',
  requests: {},
  topics: { counters: dataplaneContract.topics.counters },
});

describe('the live table of a running data plane', () => {
  it('follows its counters, and ends with the signal', async () => {
    const runDir = mkdtempSync(join(tmpdir(), 'sluice-live-'));
    const log = createLogger({ name: 'test', level: 'silent' });
    let now = { atMs: 1000, packets: 0 };
    const snapshots = { counters: () => countersReport(now.atMs, now.packets) };
    const server = await serve(contract, { runDir, log, handlers: {}, snapshots });
    const dataplane = connect(dataplaneContract, { runDir, log });
    const abort = new AbortController();
    let text = '';
    const screen = new Screen({ isTTY: true, columns: 200, write: (part: string) => (text += part) });
    try {
      const showing = showLive(screen, [{ site: HQ, dataplane }], abort.signal);
      // A second of the data plane's own time for each report: 4,000 packets in it.
      const counting = setInterval(() => {
        now = { atMs: now.atMs + 1000, packets: now.packets + 4000 };
        server.publish('counters', countersReport(now.atMs, now.packets));
      }, 20);
      try {
        await until('the rate in the table', () => /hq +wan +4\.00 k +32\.0 M/.test(text));
      } finally {
        clearInterval(counting);
        abort.abort();
      }
      await showing;
    } finally {
      await dataplane.close();
      await server.close();
      rmSync(runDir, { recursive: true });
    }
  });
});
