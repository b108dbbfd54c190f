// sluice clear ike: the IKE_SAs of a peer end, and are negotiated anew. Traffic waits meanwhile.
import { type ClearedIke, ikeBridgeContract } from '@sluice/shared';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import type { Environment } from '../environment.js';
import { type GatewayOptions, gatewayCommand, runDirOf, withClient } from '../gateway.js';

export function clearIke(environment: Environment): Command {
  return gatewayCommand(environment, 'ike')
    .description('end the IKE_SAs of a peer with their CHILD_SAs, and negotiate anew')
    .argument('<peer>', 'a connection, or the address or identity of the peer')
    .action(async (peer: string, options: GatewayOptions) => {
      const { connections } = await withClient(ikeBridgeContract, runDirOf(environment, options), (client) =>
        client.request('clear-ike', { peer }),
      );
      if (connections.length === 0) throw new CliError(`no connection has a peer ${peer}: see "show ike"`);
      const failed = connections.filter(({ outcome }) => outcome === 'failed');
      environment.out(
        connections
          .filter((each) => !failed.includes(each))
          .map((each) => `${sentence(each)}\n`)
          .join(''),
      );
      if (failed.length > 0) throw new CliError(failed.map(sentence).join('\n'));
    });
}

function sentence({ connection, ended, outcome, reason }: ClearedIke): string {
  const what = `${connection}: ${ended} IKE_SA${ended === 1 ? '' : 's'} ended`;
  if (outcome === 'up') return `${what}, and up again`;
  if (outcome === 'waits') return `${what}; it does not call by itself, so the peer or a packet has to`;
  return `${what}, but not up again: ${reason ?? 'charon gives no reason'}`;
}
