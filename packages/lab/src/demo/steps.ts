// The demo, step by step.
import { closeSync, openSync, writeSync } from 'node:fs';
import { createLogger, type Logger, until } from '@sluice/shared';
import type { Lab } from '../lab.js';
import { sharePsk, siteConfiguration } from './configuration.js';
import { showLive } from './live.js';
import { type ExpectedSpis, proveEncryption } from './proof.js';
import { type SiteReport, showTunnel } from './report.js';
import type { Screen } from './screen.js';
import { SiteActors } from './site-actors.js';
import { BRANCH, buildTopology, HQ, PICTURE, type Site, type Topology } from './topology.js';
import { measureTcp, startSteadyTraffic } from './traffic.js';
import { count, decimal } from './units.js';

export interface DemoRun {
  lab: Lab;
  screen: Screen;
  /** Aborted when the demo is to end. */
  signal: AbortSignal;
  once: boolean;
  executable: string | undefined;
  /** Called when traffic has passed both ways, and been seen encrypted. */
  worked: () => void;
}

const TUNNEL_DEADLINE_MS = 15_000;
const TRANSFER_S = 2;
const STEADY_MBIT = 20;

/** Resolves when all has been shown; with a live table, when the signal ends it. */
export async function runSteps(run: DemoRun): Promise<void> {
  const { lab, screen, signal } = run;
  const logFile = openSync(`${lab.directory}/demo.log`, 'a', 0o600);
  const log = createLogger({ name: 'demo', destination: { write: (line) => writeSync(logFile, line) } });
  const topology = await screen.step('Build the network', () => buildTopology(lab));
  const [hq, branch] = [new SiteActors(HQ, topology.hq, log), new SiteActors(BRANCH, topology.branch, log)];
  try {
    await startGateways(run, hq, branch);
    const reports = await establish(screen, [branch, hq], signal);
    showTunnel(screen, reports);
    screen.heading('Traffic');
    await showTraffic(screen, topology, spisOf(reports));
    run.worked();
    if (run.once) return;
    await startSteadyTraffic(topology.branchHost, topology.hqHost, HQ.lan.host, STEADY_MBIT);
    await showLive(screen, [branch, hq], signal);
  } finally {
    await closeAll([hq, branch], log);
    closeSync(logFile);
  }
}

/** Headquarters first, so that it is there when the branch calls: an IKE_SA_INIT that is lost costs seconds. */
async function startGateways(
  { screen, signal, executable }: DemoRun,
  hq: SiteActors,
  branch: SiteActors,
): Promise<void> {
  const [hqPsk, branchPsk] = sharePsk(hq.gateway, branch.gateway);
  const start = (actors: SiteActors, remote: Site, mode: 'initiate' | 'respond', psk: string) =>
    screen.step(
      `Start the ${actors.site.name} gateway`,
      async () => {
        const configuration = siteConfiguration(actors.site, remote, mode, psk);
        signal.throwIfAborted();
        await actors.gateway.up(configuration, {
          converged: () => actors.converged(),
          ...(executable === undefined ? {} : { executable }),
        });
        return actors.gateway.processes();
      },
      (processes) => [...processes].map(([name, pid]) => `${name} ${pid}`).join('  '),
    );
  await start(hq, BRANCH, 'respond', hqPsk!);
  await start(branch, HQ, 'initiate', branchPsk!);
}

async function establish(screen: Screen, sites: SiteActors[], signal: AbortSignal): Promise<SiteReport[]> {
  return screen.step('Establish the tunnel', () =>
    Promise.all(
      sites.map(async (actors) => {
        const { name } = actors.site;
        const ikeSa = await until(`${name} to have an installed CHILD_SA`, () => actors.tunnel(), {
          deadlineMs: TUNNEL_DEADLINE_MS,
          intervalMs: 50,
          signal,
        });
        const { routes } = await actors.dataplane.request('show-routes', {});
        return { gateway: name, ikeSa, routes };
      }),
    ),
  );
}

function spisOf(reports: SiteReport[]): ExpectedSpis {
  const children = reports.find((report) => report.gateway === BRANCH.name)!.ikeSa.children;
  return {
    toHq: children.map((child) => child.spi_out),
    toBranch: children.map((child) => child.spi_in),
  };
}

async function showTraffic(screen: Screen, topology: Topology, spis: ExpectedSpis): Promise<void> {
  const { branchHost, hqHost } = topology;
  await screen.step(
    'Ping from host to host, captured on the router',
    () => proveEncryption(topology, spis),
    ({ there, back, espToHq, espToBranch }) =>
      [
        `branch-host → hq-host: ${there.received} of ${there.sent} answered, ${there.averageMs.toFixed(2)} ms`,
        `hq-host → branch-host: ${back.received} of ${back.sent} answered, ${back.averageMs.toFixed(2)} ms`,
        `on the router: ${espToHq} ESP packets to hq and ${espToBranch} to branch with the SPIs above, no clear text`,
      ].join('\n    '),
  );
  for (const reverse of [false, true]) {
    const direction = reverse ? 'hq-host → branch-host' : 'branch-host → hq-host';
    await screen.step(
      `iperf3 through the tunnel, ${direction}`,
      () => measureTcp(branchHost, hqHost, HQ.lan.host, { seconds: TRANSFER_S, reverse }),
      ({ bitsPerSecond, bytes, retransmits }) =>
        `${(bitsPerSecond / 1e9).toFixed(3)} Gbit/s (${decimal(bytes, 'B')}, ${count(retransmits)} segments sent again)`,
    );
  }
}

async function closeAll(sites: SiteActors[], log: Logger): Promise<void> {
  for (const outcome of await Promise.allSettled(sites.map((actors) => actors.close()))) {
    if (outcome.status === 'rejected') log.warn({ error: String(outcome.reason) }, 'client not closed');
  }
}

export function introduce(screen: Screen): void {
  screen.line(screen.style('bold', 'Two sites, joined by an IPsec tunnel over a network they do not trust'));
  screen.line();
  screen.line(PICTURE);
  screen.line();
}
