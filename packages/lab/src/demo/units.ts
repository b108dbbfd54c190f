// Figures for people.

const PREFIXES = ['', 'k', 'M', 'G', 'T'];

/** Three significant figures with a decimal prefix: `1.23 G`; an absent figure is a dash. */
export function decimal(value: number | null, unit = ''): string {
  if (value === null || !Number.isFinite(value)) return '–';
  let scaled = value;
  let prefix = 0;
  while (Math.abs(scaled) >= 999.5 && prefix < PREFIXES.length - 1) {
    scaled /= 1000;
    prefix++;
  }
  const figures = prefix === 0 ? scaled.toFixed(0) : scaled.toPrecision(3);
  return `${figures} ${PREFIXES[prefix]}${unit}`.trimEnd();
}

/** A count in full, with thousands apart: `1,234,567`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** An SPI as RFC 4303 tools show it: eight hexadecimal digits. */
export function spi(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
