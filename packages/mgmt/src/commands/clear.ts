// sluice clear: figures that are to count from now on, what was learnt of stations, and SAs that are negotiated anew.
import { Command } from 'commander';
import type { Environment } from '../environment.js';
import { clearErrors, clearInterfaces } from './clear-counters.js';
import { clearIke } from './clear-ike.js';
import { clearLease } from './clear-lease.js';
import { clearMacs } from './clear-macs.js';
import { clearNeighbours } from './clear-neighbours.js';
import { clearSa } from './clear-sa.js';

export function clearCommand(environment: Environment): Command {
  const clear = new Command('clear').description('negotiate anew, forget, or count from now on');
  for (const subject of [
    clearIke,
    clearSa,
    clearNeighbours,
    clearMacs,
    clearLease,
    clearErrors,
    clearInterfaces,
  ])
    clear.addCommand(subject(environment));
  return clear;
}
