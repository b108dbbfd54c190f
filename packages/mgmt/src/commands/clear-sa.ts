// sluice clear sa: CHILD_SAs get new keys. The new SAs are there before the old ones go, so no packet is lost.
import { ikeBridgeContract } from '@sluice/shared';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import type { Environment } from '../environment.js';
import { type GatewayOptions, gatewayCommand, runDirOf, withClient } from '../gateway.js';
import { spi } from '../output/units.js';

export function clearSa(environment: Environment): Command {
  return gatewayCommand(environment, 'sa')
    .description('rekey CHILD_SAs: all, or those of a peer')
    .argument('[which]', 'an SPI, a child, a connection, or the address or identity of a peer')
    .action(async (which: string | undefined, options: GatewayOptions) => {
      const { children, removed } = await withClient(
        ikeBridgeContract,
        runDirOf(environment, options),
        (client) => client.request('clear-sa', { which: which ?? null }),
      );
      const nothing = children.length === 0 && removed.length === 0;
      if (nothing && which !== undefined)
        throw new CliError(`there is no SA of ${which}: see "show sa" and "show ike"`);
      const done = children.filter(({ problem }) => problem === null);
      environment.out(
        [
          ...done.map(
            ({ connection, child, spi_in, spi_out }) =>
              `${connection}/${child}: rekeyed in place of ${spi(spi_in)} and ${spi(spi_out)}\n`,
          ),
          ...removed.map((one) => `${spi(one)}: charon did not know it, and it was removed\n`),
          ...(nothing ? ['there are no SAs\n'] : []),
        ].join(''),
      );
      const problems = children.filter(({ problem }) => problem !== null);
      if (problems.length > 0)
        throw new CliError(
          problems
            .map(({ connection, child, problem }) => `${connection}/${child} was not rekeyed: ${problem}`)
            .join('\n'),
        );
    });
}
