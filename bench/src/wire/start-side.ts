// A round is the life of a data plane: started while echo requests already knock, and then left alone.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { LabNode } from '@sluice/lab';
import type { Side } from '../benchmark.js';
import { DataplaneInTheMiddle } from './dataplane.js';
import { GENERATOR, HOST_DEVICE, macOf, makeTopology, SINK } from './topology.js';

/** Ticks of /proc/PID/stat in a second (sysconf(_SC_CLK_TCK), 100 on every Linux that this runs on). */
const TICKS = 100;
/** What belongs to the start is over by then: addresses are probed for two seconds (RFC 5227, RFC 4862). */
const SETTLE_MS = 3000;
const IDLE_MS = 4000;

export interface StartRound {
  [detail: string]: unknown;
  /** Milliseconds from the start to the first reply. */
  value: number;
  /** Percent of a core while idle. */
  cpu: number;
  /** Resident, in 10^6 octets. */
  megabytes: number;
}

export class StartSide implements Side {
  readonly name = 'start';

  constructor(
    private readonly core: number,
    private readonly quick: boolean,
  ) {}

  async round(): Promise<StartRound> {
    const { lab, generator, middle } = await makeTopology('start', (of) => of.gateway('middle'));
    try {
      // Its neighbour must not be asked for a second time only after a second.
      const mac = await macOf(middle, GENERATOR.device);
      const entry = [GENERATOR.router, 'lladdr', mac, 'dev', HOST_DEVICE, 'nud', 'permanent'];
      await generator.run(['ip', 'neigh', 'replace', ...entry]);
      const replied = firstReplyMs(generator);
      const start = Date.now();
      const [dataplane, repliedAt] = await Promise.all([
        DataplaneInTheMiddle.start(middle, 'af_xdp', this.core),
        replied,
      ]);
      try {
        await delay(this.quick ? 0 : SETTLE_MS);
        const value = repliedAt - start;
        return { value, ...(await idle(dataplane.pid, this.quick ? 100 : IDLE_MS)) };
      } finally {
        await dataplane.close();
      }
    } finally {
      await lab.stop();
    }
  }

  async close(): Promise<void> {}
}

/** Knocks until there is a reply; the moment of that, in milliseconds since 1970. */
async function firstReplyMs(generator: LabNode): Promise<number> {
  // Errors, which a data plane answers with that has only half of its interfaces yet, are no replies.
  const knock = `stdbuf -oL ping -D -n -i 0.005 -c 4000 ${SINK.address} | grep -m 1 'bytes from'`;
  const { stdout } = await generator.run(['sh', '-c', knock]);
  return Number(/^\[(\d+\.\d+)\]/.exec(stdout)![1]) * 1000;
}

async function idle(pid: number, ms: number): Promise<Pick<StartRound, 'cpu' | 'megabytes'>> {
  const [before, start] = [ticksOf(pid), performance.now()];
  await delay(ms);
  const cpu = ((ticksOf(pid) - before) / TICKS / ((performance.now() - start) / 1000)) * 100;
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { cpu, megabytes: (Number(resident) * 1024) / 1e6 };
}

/** User and system time: the 14th and 15th field (proc(5)), counted behind the name, which may hold anything. */
function ticksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
