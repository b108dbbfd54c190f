import assert from 'node:assert/strict';
import { until } from '@sluice/shared';
import { LinkMonitor } from '../../src/control/link-monitor.js';

describe('link monitor', () => {
  it('tells what keeps it from hearing anything, and that it listens again', async () => {
    const told: (string | null)[] = [];
    const touched: (string | null)[] = [];
    const path = process.env.PATH;
    const monitor = new LinkMonitor(
      (namespaces) => touched.push(...namespaces),
      (problem) => told.push(problem),
    );
    try {
      process.env.PATH = '/nonexistent';
      monitor.start();
      await until('it tells', () => told.length > 0);
      assert.match(told[0] ?? '', /^ip monitor does not start \(.*ENOENT.*\): changes .* are noticed late$/);
      process.env.PATH = path;
      await until('it listens', () => told.at(-1) === null);
      assert.ok(touched.includes(null), 'everything may have changed meanwhile');
    } finally {
      process.env.PATH = path;
      monitor.stop();
    }
  });
});
