// Figures as people read them.

/** 1234567 → 1,234,567 */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Octets in decimal units, three figures: 1234567 → 1.23 MB */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let scaled = value;
  let unit = 0;
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  const digits = unit === 0 || scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
  return `${scaled.toFixed(digits)} ${units[unit]}`;
}

/** Seconds in the two largest units that count: 3725 → 1h 2m. Absent: "-". */
export function duration(seconds: number | null): string {
  if (seconds === null) return '-';
  const total = Math.max(0, Math.round(seconds));
  const parts: [number, string][] = [
    [Math.floor(total / 86_400), 'd'],
    [Math.floor(total / 3600) % 24, 'h'],
    [Math.floor(total / 60) % 60, 'm'],
    [total % 60, 's'],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  if (first < 0) return '0s';
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(' ');
}

/** SPIs are written in hexadecimal, eight digits. */
export function spi(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

/** A decimal fraction with so many digits after the point; absent: "-". */
export function decimal(value: number | null, digits = 1): string {
  return value === null ? '-' : value.toFixed(digits);
}
