// The file that a hook writes of a lease: lines of a name and a value. All of it comes from the network.

/** Since the machine started, so that setting its clock ends no lease. */
export interface Uptime {
  bootId: string;
  seconds: number;
}

export type LeaseNews<L> =
  | { kind: 'none' }
  | { kind: 'refused' }
  /** `leftMs`: after so long it is to be read again, although nobody has written. */
  | { kind: 'lease'; lease: L; leftMs: number };

export const NONE = { kind: 'none' } as const;

/** The first line with a name is the one that counts; '' where there is none. */
export function leaseLines(text: string): (key: string) => string {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    const key = line.slice(0, at);
    if (at > 0 && !values.has(key)) values.set(key, line.slice(at + 1));
  }
  return (key) => values.get(key) ?? '';
}

export function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** Of at most ten digits; null for anything else. */
export function wholeNumber(text: string, least: number, most: number): number | null {
  const value = Number(text);
  return /^\d{1,10}$/.test(text) && value >= least && value <= most ? value : null;
}

export function domainName(text: string): string | null {
  return /^[A-Za-z0-9_.-]{1,253}$/.test(text) ? text : null;
}
