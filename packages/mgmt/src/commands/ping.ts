// ping and traceroute, from the box, as Linux's own programs do it through the twins.
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import { CliError } from '../cli-error.js';
import type { Environment } from '../environment.js';
import { type GatewayOptions, gatewayCommand } from '../gateway.js';
import { parsePositive } from '../numbers.js';
import { asItComes } from '../shell/annotations.js';
import { inVrf, runProgram } from './linux-program.js';

interface Options extends GatewayOptions {
  vrf?: string;
  count: number;
  size?: number;
  source?: string;
  doNotFragment?: boolean;
}

/** What no program takes for an option. */
function parseHost(text: string): string {
  if (/^[0-9a-zA-Z][0-9a-zA-Z.:%_-]*$/.test(text)) return text;
  throw new CliError(`"${text}" is no address or name`);
}

const vrfOption = (): Option => new Option('--vrf <name>', 'in this VRF').argParser(parseHost);
const sourceOption = (): Option =>
  new Option('--source <address>', 'from this address of the box').argParser(parseHost);
const host = (): Argument => new Argument('<host>', 'an address or a name').argParser(parseHost);

export function pingCommand(environment: Environment): Command {
  return asItComes(
    gatewayCommand(environment, 'ping')
      .description('ask a host for an echo')
      .addArgument(host())
      .addOption(vrfOption())
      .addOption(sourceOption())
      .option('--count <n>', 'how many', parsePositive, 5)
      .option('--size <octets>', 'of the data', parsePositive)
      .option('--do-not-fragment', 'finds what the path takes')
      .action(async (target: string, { vrf, count, size, source, doNotFragment }: Options) => {
        const options = [
          ...['-n', '-c', String(count)],
          ...(size === undefined ? [] : ['-s', String(size)]),
          ...(source === undefined ? [] : ['-I', source]),
          ...(doNotFragment === true ? ['-M', 'do'] : []),
        ];
        await runProgram(environment, await inVrf(vrf, ['ping', ...options, target]));
      }),
  );
}

export function tracerouteCommand(environment: Environment): Command {
  return asItComes(
    gatewayCommand(environment, 'traceroute')
      .description('the routers on the way to a host')
      .addArgument(host())
      .addOption(vrfOption())
      .addOption(sourceOption())
      .action(async (target: string, { vrf, source }: Options) =>
        runProgram(
          environment,
          await inVrf(vrf, ['traceroute', '-n', ...(source === undefined ? [] : ['-s', source]), target]),
        ),
      ),
  );
}
