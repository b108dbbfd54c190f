// The gateway in the middle: the data plane's own process with one worker, pinned to the core that is measured on.
import type { Gateway } from '@sluice/lab';
import {
  type ActorClient,
  connect,
  createLogger,
  type DataplaneState,
  dataplaneContract,
  dataplaneSection,
  type interfaceDrivers,
  ipfixSection,
} from '@sluice/shared';
import { FIRST } from '../run/first.js';
import { ROOT } from '../run/root.js';
import { GENERATOR, SINK } from './topology.js';

export type Driver = (typeof interfaceDrivers)[number];

const MAIN = `${ROOT}/packages/dataplane/dist/src/main.js`;

export class DataplaneInTheMiddle {
  private constructor(
    readonly client: ActorClient<typeof dataplaneContract>,
    readonly pid: number,
  ) {}

  /** Starts it and has it forward between p0 and p1. Its output is in the lab's logs. */
  static async start(
    gateway: Gateway,
    driver: Driver,
    core: number,
    env: Record<string, string> = {},
  ): Promise<DataplaneInTheMiddle> {
    const runDir = gateway.runDir;
    const running = await gateway.start([...FIRST, process.execPath, MAIN, '--run-dir', runDir], {
      name: 'dataplane',
      env,
    });
    const client = connect(dataplaneContract, {
      runDir,
      log: createLogger({ name: 'bench', level: 'silent' }),
    });
    try {
      const status = await client.request('apply', state(driver, core));
      if (!status.converged)
        throw new Error(`the data plane did not converge: ${status.problems.join('; ')}`);
    } catch (error) {
      await client.close();
      throw error;
    }
    return new DataplaneInTheMiddle(client, running.pid);
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

function state(driver: Driver, core: number): DataplaneState {
  const port = (name: string, device: string, router: string): DataplaneState['interfaces'][number] => ({
    ...{ name, device, driver, vrf: 'default', mtu: 1500, enabled: true, addresses: [`${router}/24`] },
  });
  return {
    revision: 1,
    dataplane: dataplaneSection.parse({ workers: 1, cpus: [core] }),
    vrfs: [{ name: 'default' }],
    interfaces: [port('near', GENERATOR.device, GENERATOR.router), port('far', SINK.device, SINK.router)],
    ...{ vlans: [], bridges: [], loopbacks: [], tunnels: [], routes: [], nodes: [] },
    ipfix: ipfixSection.parse({}),
  };
}
