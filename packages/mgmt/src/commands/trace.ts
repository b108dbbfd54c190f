// sluice trace: packets on their way through the graph, as they come.
import { setTimeout as delay } from 'node:timers/promises';
import { dataplaneContract, type TracedPacket, traceFilterSchema } from '@sluice/shared';
import { type Command, Option } from 'commander';
import { CliError } from '../cli-error.js';
import type { Environment } from '../environment.js';
import { type GatewayOptions, gatewayCommand, runDirOf, withClient } from '../gateway.js';
import { parsePositive, parseProtocol } from '../numbers.js';

const POLL_MS = 200;
/** A packet that is still under way is shown as far as it has come when it has been for so long. */
const UNDER_WAY_MS = 2_000;

interface TraceOptions extends GatewayOptions {
  interface?: string;
  prefix?: string;
  protocol?: number;
  node?: string;
  drop?: string;
  count: number;
  timeout: number;
  json?: boolean;
}

export function traceCommand(environment: Environment): Command {
  return gatewayCommand(environment, 'trace')
    .description('follow packets through the graph: which nodes, and what each left of them')
    .option('--interface <name>', 'only packets that come in there')
    .option('--prefix <prefix>', 'only from or to this prefix, such as 10.1.0.0/16')
    .option('--protocol <name>', 'only this IP protocol: a number, or icmp, tcp, udp, esp…', parseProtocol)
    .option('--node <name>', 'only packets that meet this node')
    .option(
      '--drop <reason>',
      'only packets that are dropped for this reason of show errors: bad_checksum, or ip4-input/bad_checksum',
    )
    .option('--count <n>', 'packets to wait for', parsePositive, 10)
    .addOption(
      new Option('--timeout <seconds>', 'how long to wait for them').argParser(parsePositive).default(30),
    )
    .option('--json', 'a line of JSON for each packet')
    .action((options: TraceOptions) => trace(environment, options));
}

async function trace(environment: Environment, options: TraceOptions): Promise<void> {
  const { count, interface: name, prefix, protocol, node, drop } = options;
  const filter = traceFilterSchema.safeParse({
    ...(name === undefined ? {} : { interface: name }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(node === undefined ? {} : { node }),
    ...(drop === undefined ? {} : { drop }),
    count,
  });
  if (!filter.success) {
    const [issue] = filter.error.issues;
    const option = String(issue?.path[0]);
    throw new CliError(option === 'count' ? '--count is 1 to 1000' : `--${option}: ${issue?.message}`);
  }

  const shown = new Set<string>();
  const firstSeen = new Map<string, number>();
  await environment.interruptible((interrupted) =>
    withClient(dataplaneContract, runDirOf(environment, options), async (client) => {
      await client.request('trace-start', filter.data);
      const deadline = performance.now() + options.timeout * 1000;
      for (;;) {
        const isLast = interrupted.aborted || performance.now() >= deadline;
        const { packets } = await client.request('trace-read', {});
        const now = performance.now();
        for (const packet of packets) {
          const key = `${packet.worker}/${packet.id}`;
          if (shown.has(key) || shown.size >= count) continue;
          const since = firstSeen.get(key) ?? now;
          firstSeen.set(key, since);
          if (packet.under_way && now - since < UNDER_WAY_MS && !isLast) continue;
          shown.add(key);
          environment.out(options.json ? `${JSON.stringify(packet)}\n` : renderPacket(packet));
        }
        if (shown.size >= count || isLast) return;
        // An abort ends the wait early, and the loop at its next look.
        await delay(POLL_MS, undefined, { signal: interrupted }).catch(() => undefined);
      }
    }),
  );
  if (shown.size === 0)
    throw new CliError('no packet matched: widen the filter, or wait longer with --timeout');
}

function renderPacket(packet: TracedPacket): string {
  const width = Math.max(...packet.steps.map(({ node }) => node.length), 0);
  const start = packet.steps[0]?.at_us ?? 0;
  const steps = packet.steps.map((step) => {
    const at = `+${(step.at_us - start).toFixed(0)} µs`.padStart(10);
    return `${at}  ${step.node.padEnd(width)}  ${step.summary} (${step.length} bytes) → ${step.next}\n`;
  });
  const end = packet.under_way ? `${' '.repeat(12)}still under way\n` : '';
  return `packet ${packet.id}, worker ${packet.worker}\n${steps.join('')}${end}\n`;
}
