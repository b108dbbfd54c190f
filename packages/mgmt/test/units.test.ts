import assert from 'node:assert/strict';
import { bytes, count, decimal, duration, spi } from '../src/output/units.js';

describe('figures for people', () => {
  it('groups counts by thousands', () => {
    const cases: [number, string][] = [
      [0, '0'],
      [999, '999'],
      [1000, '1,000'],
      [1234567, '1,234,567'],
      [2 ** 53, '9,007,199,254,740,992'],
    ];
    for (const [value, text] of cases) assert.equal(count(value), text);
  });

  it('gives octets three figures, and never 1000 of a unit', () => {
    const cases: [number, string][] = [
      [0, '0 B'],
      [999, '999 B'],
      [1000, '1.00 kB'],
      [1234, '1.23 kB'],
      [9994, '9.99 kB'],
      [9995, '10.0 kB'],
      [99_950, '100 kB'],
      [999_499, '999 kB'],
      [999_500, '1.00 MB'],
      [1.5e12, '1.50 TB'],
    ];
    for (const [value, text] of cases) assert.equal(bytes(value), text);
  });

  it('gives times their two largest units', () => {
    const cases: [number | null, string][] = [
      [null, '-'],
      [0, '0s'],
      [0.4, '0s'],
      [59, '59s'],
      [60, '1m'],
      [61, '1m 1s'],
      [3600, '1h'],
      [3725, '1h 2m'],
      [86_400, '1d'],
      [90_061, '1d 1h'],
    ];
    for (const [value, text] of cases) assert.equal(duration(value), text);
  });

  it('writes SPIs with eight digits, and absent figures as a dash', () => {
    assert.equal(spi(0x100), '0x00000100');
    assert.equal(spi(0xffffffff), '0xffffffff');
    assert.equal(decimal(null), '-');
  });
});
