// What may befall two sites: processes killed and paused, links cut, delayed and lossy, exchanges kept from passing; on a
// schedule that a seed decides.
import type { LabNode } from '@sluice/lab';
import { until } from '@sluice/shared';
import { ALL_PROCESSES } from './kill.js';
import type { Site, TwoSites } from './two-sites.js';
import type { WireRelay } from './wire-relay.js';

export type FaultProcess = (typeof ALL_PROCESSES)[number] | 'dhcpd' | 'mgmt' | 'supervisor';

export interface Fault {
  readonly kind: 'kill' | 'pause' | 'cut' | 'drop' | 'delay' | 'rekey';
  /** Index of the site. */
  readonly site: 0 | 1;
  readonly process: FaultProcess;
  /** Of `drop`: what does not pass the router, and which way. */
  readonly what: 'ike' | 'esp' | 'all';
  readonly oneWay: boolean;
  /** Of `delay`: of every frame on the branch's cable; with as much jitter, and a share that is lost. */
  readonly delayMs: number;
  readonly loss: number;
  /** 0 for what is over at once: a rekeying, or the kill of a process that its supervisor starts again. */
  readonly lastsMs: number;
}

/** Faults that begin together, and how long nothing else begins after they have ended. */
export interface Step {
  readonly faults: readonly Fault[];
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

const KINDS = ['kill', 'kill', 'pause', 'pause', 'cut', 'drop', 'drop', 'delay', 'rekey'] as const;
/** Those that carry packets and keys come more often than those that only look on. */
const PROCESSES = [...ALL_PROCESSES, ...ALL_PROCESSES, 'dhcpd', 'mgmt', 'supervisor'] as const;
const LASTS_MAX_MS = 3_000;
const REST_MAX_MS = 2_000;
const DELAY_MAX_MS = 200;
const LOSS_MAX = 0.1;
/** Share of the steps in which two things happen at once. */
const TWO_AT_ONCE = 0.25;

/** Two faults of a step are of different kinds. */
export function nextStep(random: () => number): Step {
  const first = nextFault(random, KINDS);
  const others = KINDS.filter((kind) => kind !== first.kind);
  const faults = random() < TWO_AT_ONCE ? [first, nextFault(random, others)] : [first];
  return { faults, restMs: Math.round(random() * REST_MAX_MS) };
}

function nextFault(random: () => number, kinds: readonly Fault['kind'][]): Fault {
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  const kind = one(kinds);
  const name = one(PROCESSES);
  const lastsMs = Math.round(random() * LASTS_MAX_MS);
  const isOver = kind === 'rekey' || (kind === 'kill' && name !== 'supervisor');
  return {
    kind,
    site: one([0, 1] as const),
    process: name,
    what: one(['ike', 'esp', 'all'] as const),
    oneWay: random() < 0.5,
    delayMs: Math.round(random() * DELAY_MAX_MS),
    loss: random() * LOSS_MAX,
    lastsMs: isOver ? 0 : lastsMs,
  };
}

export function describeFault(fault: Fault): string {
  const { process: name, what, oneWay, delayMs, loss, lastsMs } = fault;
  const of = ['branch', 'hq'][fault.site];
  switch (fault.kind) {
    case 'kill':
      return `kill ${name} of ${of}${name === 'supervisor' ? ` for ${lastsMs} ms` : ''}`;
    case 'pause':
      return `pause ${name} of ${of} for ${lastsMs} ms`;
    case 'cut':
      return `cut the link of ${of} for ${lastsMs} ms`;
    case 'drop':
      return `drop ${what} ${oneWay ? `from ${of}` : 'both ways'} for ${lastsMs} ms`;
    case 'delay':
      return `delay by ${delayMs} to ${2 * delayMs} ms and lose ${(100 * loss).toFixed(1)}% for ${lastsMs} ms`;
    case 'rekey':
      return `rekey at ${of}`;
  }
}

export type End = () => Promise<void>;
const NOTHING: End = async () => undefined;

/** What may befall one end of a tunnel; each returns what ends it, which must be called. */
export interface FaultEnd {
  readonly name: 'branch' | 'hq';
  kill(process: FaultProcess): Promise<End>;
  pause(process: FaultProcess): Promise<End>;
  rekey(): Promise<void>;
}

/** Two ends with a router between them. */
export interface FaultNetwork {
  readonly ends: readonly [FaultEnd, FaultEnd];
  readonly router: LabNode;
  /** Needed for `delay`. */
  readonly wire: WireRelay | null;
}

export function networkOf({ branch, hq, router, wire }: TwoSites): FaultNetwork {
  return { ends: [gatewayEnd(branch), gatewayEnd(hq)], router, wire };
}

/** A gateway of ours. There is nothing to do where a process is just not there. */
export function gatewayEnd(site: Site): FaultEnd {
  return {
    name: site.names.name,
    async kill(name) {
      const pid = signal(site, name, 'SIGKILL');
      return name === 'supervisor' && pid !== null ? () => superviseAgain(site, pid) : NOTHING;
    },
    async pause(name) {
      const pid = signal(site, name, 'SIGSTOP');
      return async () => {
        if (pid !== null) send(pid, 'SIGCONT');
      };
    },
    rekey: () => rekey(site),
  };
}

/** Begins the faults of a step, ends each when its time is over, and rests. */
export async function befall(network: FaultNetwork, { faults, restMs }: Step): Promise<void> {
  const under: Promise<void>[] = [];
  try {
    for (const fault of faults) {
      const end = await begin(network, fault);
      under.push(passed(fault.lastsMs).finally(end));
    }
  } finally {
    await Promise.all(under);
  }
  await passed(restMs);
}

/** A fault lasts as long as the schedule says: here the clock is the condition. */
async function passed(ms: number): Promise<void> {
  const end = performance.now() + ms;
  const options = { deadlineMs: ms + 10_000 };
  await until(`${ms} ms of the schedule to pass`, () => performance.now() >= end, options);
}

/** Begins a fault; the function returned ends it, and must be called. */
export async function begin({ ends, router, wire }: FaultNetwork, fault: Fault): Promise<End> {
  const end = ends[fault.site];
  switch (fault.kind) {
    case 'kill':
      return end.kill(fault.process);
    case 'pause':
      return end.pause(fault.process);
    case 'rekey':
      await end.rekey();
      return NOTHING;
    case 'cut':
      await router.run(['ip', 'link', 'set', end.name, 'down']);
      return async () => {
        await router.run(['ip', 'link', 'set', end.name, 'up']);
      };
    case 'drop':
      return drop(router, end.name, fault);
    case 'delay':
      return delay(wire, fault);
  }
}

/** The pid that it went to; null when the process is not there. */
function signal(site: Site, name: FaultProcess, what: NodeJS.Signals): number | null {
  const pid = site.gateway.processes().get(name);
  return pid !== undefined && send(pid, what) ? pid : null;
}

/** False when it has ended, and the supervisor has not written that yet. */
function send(pid: number, what: NodeJS.Signals): boolean {
  try {
    process.kill(pid, what);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** As whatever watches over the supervisor would: it takes over what has gone on without one. */
async function superviseAgain(site: Site, killed: number): Promise<void> {
  const present = (): number | undefined => site.gateway.processes().get('supervisor');
  await until('the killed supervisor to be gone', () => present() !== killed);
  await site.gateway.up(site.config);
  await until('the next supervisor', () => present() !== undefined);
}

async function rekey(site: Site): Promise<void> {
  const name = site.config.ike?.connections?.[0]?.name ?? '';
  const argv = ['swanctl', '--rekey', '--child', name, '--uri', `unix://${site.gateway.runDir}/charon.vici`];
  // charon may be dead, or paused.
  await site.gateway.run(['timeout', '2', ...argv], { check: false });
}

/** Of UDP port 4500 (RFC 3948 section 2.2): four octets of zero are IKE's marker, anything else is an SPI. */
const ENCAPSULATED = ['-p', 'udp', '--dport', '4500', '-m', 'u32', '--u32'];
const MATCHES = {
  ike: [
    ['-p', 'udp', '--dport', '500'],
    [...ENCAPSULATED, '0>>22&0x3C@8=0'],
  ],
  esp: [
    ['-p', 'esp'],
    [...ENCAPSULATED, '0>>22&0x3C@8=1:0xffffffff'],
  ],
  all: [[]],
} as const;

async function drop(
  router: LabNode,
  name: FaultEnd['name'],
  { what, oneWay }: Pick<Fault, 'what' | 'oneWay'>,
): Promise<End> {
  const rules = MATCHES[what].map((match) => [
    'FORWARD',
    ...(oneWay ? ['-i', name] : []),
    ...match,
    ...['-j', 'DROP'],
  ]);
  const change = async (how: '-A' | '-D'): Promise<void> => {
    for (const rule of rules) await router.run(['iptables', '-w', '5', how, ...rule]);
  };
  await change('-A');
  return () => change('-D');
}

async function delay(wire: WireRelay | null, { delayMs, loss }: Fault): Promise<End> {
  if (wire === null) throw new Error('frames are delayed where the sites are made with relayBranch');
  await wire.impair({ delayMs, jitterMs: delayMs, loss, seed: delayMs });
  return () => wire.restore();
}
