// sluice show: what the processes of a gateway know. Each subject is a file.
import { Command } from 'commander';
import type { Environment } from '../environment.js';
import { showAgent } from './show-agent.js';
import { showBridges } from './show-bridges.js';
import { showConfiguration } from './show-configuration.js';
import { showDhcp } from './show-dhcp.js';
import { showErrors } from './show-errors.js';
import { showFlows } from './show-flows.js';
import { showHistory } from './show-history.js';
import { showIke } from './show-ike.js';
import { showInterfaces } from './show-interfaces.js';
import { showLeases } from './show-leases.js';
import { showLogging } from './show-logging.js';
import { showMacs } from './show-macs.js';
import { showNeighbours } from './show-neighbours.js';
import { showNodes } from './show-nodes.js';
import { showPolicy } from './show-policy.js';
import { showRoutes } from './show-routes.js';
import { showRuntime } from './show-runtime.js';
import { showSa } from './show-sa.js';

export function showCommand(environment: Environment): Command {
  const show = new Command('show').description('what a running gateway knows');
  const subjects = [
    showInterfaces,
    showRoutes,
    showNeighbours,
    showBridges,
    showMacs,
    showFlows,
    showDhcp,
    showLeases,
    showSa,
    showIke,
    showPolicy,
    showRuntime,
    showErrors,
    showNodes,
    showLogging,
    showAgent,
    showConfiguration,
    showHistory,
  ];
  for (const subject of subjects) show.addCommand(subject(environment));
  return show;
}
