import assert from 'node:assert/strict';
import { liveTables } from '../../src/demo/live-table.js';
import { decimal, spi } from '../../src/demo/units.js';
import { countersReport as report } from '../fixtures/reports.js';

describe('the live table', () => {
  it('shows rates over the time between two reports', () => {
    const sites = [{ name: 'hq', previous: report(1000, 1000), current: report(3000, 9000) }];
    const { interfaces, workers } = liveTables(sites);
    assert.deepEqual(interfaces[1], ['hq', 'wan', '4.00 k', '32.0 M', '0', '0', '40', '90']);
    assert.deepEqual(workers[1], ['hq', '0', '–', '4.00 k', '400', '10.0', '812']);
  });

  it('shows no rate without an earlier report, nor across a counter that began anew', () => {
    for (const previous of [null, report(1000, 9000)]) {
      const { interfaces } = liveTables([{ name: 'hq', previous, current: report(3000, 1000) }]);
      assert.deepEqual(interfaces[1]?.slice(2, 4), ['–', '–']);
    }
  });

  it('has the figures that people read', () => {
    assert.deepEqual(
      [0, 7, 999, 999.6, 1234, 56_789, 999_600, 1.5e9, null].map((value) => decimal(value)),
      ['0', '7', '999', '1.00 k', '1.23 k', '56.8 k', '1.00 M', '1.50 G', '–'],
    );
    assert.equal(spi(0xc1), '0x000000c1');
  });
});
