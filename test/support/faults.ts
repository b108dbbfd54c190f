// What may befall two sites: processes killed and paused, links cut, exchanges kept from passing; on a schedule that a seed
// decides.
import type { LabNode } from '@sluice/lab';
import { ALL_PROCESSES, type ProcessName } from './kill.js';
import type { Site, TwoSites } from './two-sites.js';

/** A fault: what it is, how long it lasts, and how long nothing else begins after it. */
export interface Fault {
  readonly kind: 'kill' | 'pause' | 'cut' | 'drop' | 'rekey';
  /** Index of the site. */
  readonly site: 0 | 1;
  readonly process: ProcessName;
  /** Of `drop`: what does not pass the router, and which way. */
  readonly what: 'ike' | 'esp' | 'all';
  readonly oneWay: boolean;
  readonly lastsMs: number;
  readonly restMs: number;
}

/** Numbers from 0 to 1 (mulberry32): the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const KINDS = ['kill', 'kill', 'pause', 'pause', 'cut', 'drop', 'drop', 'rekey'] as const;
const LASTS_MAX_MS = 3_000;
const REST_MAX_MS = 2_000;

export function nextFault(random: () => number): Fault {
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  return {
    kind: one(KINDS),
    site: one([0, 1] as const),
    process: one(ALL_PROCESSES),
    what: one(['ike', 'esp', 'all'] as const),
    oneWay: random() < 0.5,
    lastsMs: Math.round(random() * LASTS_MAX_MS),
    restMs: Math.round(random() * REST_MAX_MS),
  };
}

export function describeFault({ kind, site, process: name, what, oneWay, lastsMs }: Fault): string {
  const of = ['branch', 'hq'][site];
  if (kind === 'kill') return `kill ${name} of ${of}`;
  if (kind === 'pause') return `pause ${name} of ${of} for ${lastsMs} ms`;
  if (kind === 'rekey') return `rekey at ${of}`;
  if (kind === 'cut') return `cut the link of ${of} for ${lastsMs} ms`;
  return `drop ${what} ${oneWay ? `from ${of}` : 'both ways'} for ${lastsMs} ms`;
}

/** Begins a fault; the function returned ends it, and must be called. Nothing to do where a process is just not there. */
export async function begin(sites: TwoSites, fault: Fault): Promise<() => Promise<void>> {
  const site = fault.site === 0 ? sites.branch : sites.hq;
  switch (fault.kind) {
    case 'kill':
      signal(site, fault.process, 'SIGKILL');
      return async () => undefined;
    case 'pause': {
      const pid = signal(site, fault.process, 'SIGSTOP');
      return async () => {
        if (pid !== null) process.kill(pid, 'SIGCONT');
      };
    }
    case 'rekey':
      await rekey(site);
      return async () => undefined;
    case 'cut':
      await sites.router.run(['ip', 'link', 'set', site.names.name, 'down']);
      return async () => {
        await sites.router.run(['ip', 'link', 'set', site.names.name, 'up']);
      };
    case 'drop':
      return drop(sites.router, site, fault);
  }
}

/** The pid that it went to; null when the process is not there. */
function signal(site: Site, name: ProcessName, what: NodeJS.Signals): number | null {
  const pid = site.gateway.processes().get(name);
  if (pid === undefined) return null;
  try {
    process.kill(pid, what);
    return pid;
  } catch (error) {
    // The supervisor has not written yet that it is gone.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return null;
    throw error;
  }
}

async function rekey(site: Site): Promise<void> {
  const name = site.config.ike?.connections?.[0]?.name ?? '';
  const argv = ['swanctl', '--rekey', '--child', name, '--uri', `unix://${site.gateway.runDir}/charon.vici`];
  // charon may be dead, or paused.
  await site.gateway.run(['timeout', '2', ...argv], { check: false });
}

const MATCHES = {
  ike: ['-p', 'udp', '--dport', '500'],
  esp: ['-p', 'esp'],
  all: [],
} as const;

async function drop(router: LabNode, site: Site, { what, oneWay }: Fault): Promise<() => Promise<void>> {
  const rule = ['FORWARD', ...(oneWay ? ['-i', site.names.name] : []), ...MATCHES[what], ...['-j', 'DROP']];
  await router.run(['iptables', '-w', '5', '-A', ...rule]);
  return async () => {
    await router.run(['iptables', '-w', '5', '-D', ...rule]);
  };
}
