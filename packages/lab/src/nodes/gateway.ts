// A Sluice gateway: the real processes, started by the real command, in a node.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { DeviceConfigInput } from '@sluice/shared';
import { isAlive, type ProcessId } from '@sluice/shared';
import { entriesOf } from '../system/remove.js';
import { LabNode } from './node.js';
import type { NodeProcess } from './node-process.js';

export interface UpOptions {
  /** Whether it does what its configuration says; until then it is not up. */
  converged?: () => boolean | Promise<boolean>;
  /** Milliseconds until it must have converged; 45,000 unless told. */
  deadlineMs?: number;
  /** The `sluice` command; that of this source tree unless told. */
  executable?: string;
  /** Added to its processes' environment. */
  env?: Record<string, string>;
}

/** From dist/src/nodes of this package to the root of the tree. */
const EXECUTABLE = fileURLToPath(new URL('../../../../../bin/sluice.mjs', import.meta.url));
const CONVERGED_DEADLINE_MS = 45_000;

export class Gateway extends LabNode {
  override readonly rawPorts = true;

  /** Where its processes have their sockets and pid files. */
  get runDir(): string {
    return this.path('run');
  }

  get configPath(): string {
    return this.path('config.json');
  }

  /** Writes the device configuration, which the agent reads at its start and when it is told to reload. */
  writeConfig(config: DeviceConfigInput): string {
    return this.writeFile('config.json', `${JSON.stringify(config, null, 2)}\n`);
  }

  /** Starts the gateway with this configuration. The process is that of `sluice up`; its log is sluice.log. */
  up(config: DeviceConfigInput, options: UpOptions = {}): Promise<NodeProcess> {
    const { executable = EXECUTABLE, converged, deadlineMs = CONVERGED_DEADLINE_MS, env = {} } = options;
    const file = this.writeConfig(config);
    return this.start([process.execPath, executable, 'up', '-c', file, '--run-dir', this.runDir], {
      ...{ name: 'sluice', env },
      ...(converged ? { ready: converged, readyMs: deadlineMs } : {}),
    });
  }

  /** The processes of the gateway that are alive, by name: `dataplane`, `ike-bridge`, `charon`, `agent`… */
  processes(): Map<string, number> {
    const alive = entriesOf(this.runDir)
      .filter((file) => file.endsWith('.pid'))
      .map((file) => [file.slice(0, -'.pid'.length), readIdentity(`${this.runDir}/${file}`)] as const)
      .filter(([, identity]) => isAlive(identity));
    return new Map(alive.map(([name, { pid }]) => [name, pid]));
  }
}

/** As the supervisor writes it: `{"pid": …, "startTicks": …}`, renamed into place, so never half there. */
function readIdentity(file: string): ProcessId {
  return JSON.parse(readFileSync(file, 'utf8')) as ProcessId;
}
