// sluice debug ike: charon's log of one peer, as it is written.
import { setTimeout as delay } from 'node:timers/promises';
import { type DebugLine, ikeBridgeContract } from '@sluice/shared';
import { Command } from 'commander';
import type { Environment } from '../environment.js';
import { type GatewayOptions, gatewayCommand, runDirOf, withClient } from '../gateway.js';
import { parsePositive } from '../numbers.js';
import { printable } from '../output/printable.js';
import { count } from '../output/units.js';
import { asItComes } from '../shell/annotations.js';

const POLL_MS = 200;

export function debugCommand(environment: Environment): Command {
  const debug = new Command('debug').description('what a process does, as it does it');
  return debug.addCommand(asItComes(debugIke(environment)));
}

function debugIke(environment: Environment): Command {
  return gatewayCommand(environment, 'ike')
    .description("charon's log of one peer, until Ctrl-C")
    .argument('<peer>', 'a connection, or the address or identity of the peer')
    .option('--timeout <seconds>', 'end by itself after so long', parsePositive)
    .option('--json', 'a line of JSON for each line of the log')
    .action((peer: string, options: GatewayOptions & { timeout?: number; json?: boolean }) =>
      follow(environment, peer, options),
    );
}

function follow(
  environment: Environment,
  peer: string,
  options: GatewayOptions & { timeout?: number; json?: boolean },
): Promise<void> {
  return environment.interruptible((interrupted) =>
    withClient(ikeBridgeContract, runDirOf(environment, options), async (client) => {
      const { session, connections } = await client.request('debug-start', { peer });
      const who = connections.length > 0 ? connections.join(', ') : `whoever calls from ${peer}`;
      environment.err(`log of ${who}; Ctrl-C ends it\n`);
      const deadline =
        options.timeout === undefined ? Number.POSITIVE_INFINITY : performance.now() + options.timeout * 1000;
      for (;;) {
        const isLast = interrupted.aborted || performance.now() >= deadline;
        const { lines, lost } = await client.request('debug-read', { session });
        for (const line of lines)
          environment.out(options.json ? `${JSON.stringify(line)}\n` : `${rendered(line)}\n`);
        if (lost > 0) environment.err(`${count(lost)} lines came too fast to be shown\n`);
        if (isLast) break;
        // An abort ends the wait early, and the loop at its next look.
        await delay(POLL_MS, undefined, { signal: interrupted }).catch(() => undefined);
      }
      await client.request('debug-stop', { session });
    }),
  );
}

/** Time, subsystem, IKE_SA, what it says; peers choose some of the words, so control characters are not shown. */
function rendered({ at_ms, group, connection, unique_id, message }: DebugLine): string {
  const time = new Date(at_ms).toISOString().slice(11, 23);
  const sa = unique_id === null ? '-' : `${connection ?? '?'}#${unique_id}`;
  return printable(`${time}  ${group}  ${sa}  ${message}`);
}
