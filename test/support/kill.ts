// kill -9 of a gateway's processes, and the wait until they are back.
import { until } from '@sluice/shared';
import type { Site } from './two-sites.js';

export type ProcessName = 'dataplane' | 'agent' | 'ike-bridge' | 'charon';

export const ALL_PROCESSES: readonly ProcessName[] = ['charon', 'ike-bridge', 'dataplane', 'agent'];

/** Kills processes of a site at the same moment, and waits until new ones run and everything has converged. */
export async function killAndRecover(site: Site, ...names: ProcessName[]): Promise<void> {
  const old = new Map(names.map((name) => [name, site.pid(name)]));
  const instances = await instancesOf(site);
  for (const pid of old.values()) process.kill(pid, 'SIGKILL');
  await until(
    `${names.join(', ')} of ${site.names.name} to be back`,
    async () => {
      const same = names.find((name) => site.pid(name) === old.get(name));
      if (same !== undefined) throw new Error(`${same} has not started again`);
      const present = await instancesOf(site);
      const stale = names.find((name) => name !== 'charon' && present.get(name) === instances.get(name));
      if (stale !== undefined) throw new Error(`the old ${stale} is still answered for`);
      return settled(site);
    },
    { deadlineMs: 45_000, intervalMs: 50 },
  );
}

/** Whether every process of a site says, itself, that it is where the agent's revision wants it. */
export async function settled(site: Site): Promise<boolean> {
  const quick = { deadlineMs: 1000 };
  const [agent, dataplane, ike] = await Promise.all([
    site.agent.request('status', {}, quick),
    site.dataplane.request('status', {}, quick),
    site.ikeBridge.request('status', {}, quick),
  ]);
  const processes = [dataplane, ike];
  const problems = [agent.processes, processes].flatMap((list) => list.flatMap((one) => one.problems));
  if (problems.length > 0) throw new Error(problems.join('; '));
  return (
    agent.converged &&
    ike.charon === 'up' &&
    processes.every((one) => one.converged && one.revision === agent.revision)
  );
}

async function instancesOf(site: Site): Promise<Map<string, string>> {
  const quick = { deadlineMs: 1000 };
  const statuses = await Promise.all([
    site.agent.request('status', {}, quick),
    site.dataplane.request('status', {}, quick),
    site.ikeBridge.request('status', {}, quick),
  ]);
  return new Map(['agent', 'dataplane', 'ike-bridge'].map((name, i) => [name, statuses[i]!.instance]));
}
