// The agent: holds the device's configuration at a revision, and keeps every process at its part of it.
import {
  type ActorServer,
  type AgentStatus,
  agentContract,
  type ConfigChange,
  type ConfigProblem,
  type Logger,
  serve,
} from '@sluice/shared';
import { dataplaneClient, ikeBridgeClient } from './clients.js';
import { type Committed, ConfigStore } from './config-store.js';
import { canonical, diffConfigs } from './diff.js';
import { loadConfig } from './load/load.js';
import { formatProblem } from './load/problem.js';
import { dataplanePart, ikePart } from './split.js';
import { type RetryTimes, Target } from './target.js';

export interface AgentOptions {
  configFile: string;
  /** Where the sockets of the device's processes are. */
  runDir: string;
  /** Where the revision outlives the process. */
  stateDir: string;
  log: Logger;
  /** Between attempts to tell a process its part. */
  retry?: RetryTimes;
}

export interface ReloadResult {
  revision: number;
  changes: ConfigChange[];
  problems: ConfigProblem[];
}

const DEFAULT_RETRY: RetryTimes = { firstMs: 100, maxMs: 5000 };

export class Agent {
  readonly #options: AgentOptions;
  readonly #store: ConfigStore;
  readonly #dataplane: Target<ReturnType<typeof dataplanePart>>;
  readonly #ike: Target<ReturnType<typeof ikePart>>;
  #server: ActorServer<typeof agentContract> | null = null;
  #committed: Committed | null = null;
  #announced = '';
  /** The end of the last reload that was asked for: they run one after the other. */
  #reloads: Promise<unknown> = Promise.resolve();

  private constructor(options: AgentOptions) {
    this.#options = options;
    this.#store = new ConfigStore(options.stateDir);
    const { log, retry: times = DEFAULT_RETRY } = options;
    const shared = { log, times, onChange: () => this.#announce() };
    this.#dataplane = new Target(dataplaneClient(options), shared);
    this.#ike = new Target(ikeBridgeClient(options), shared);
  }

  /**
   * Answers in the run directory, with the file's configuration; with the last valid one when the file is not valid,
   * until a reload finds it so. Errors: those of serve().
   */
  static async start(options: AgentOptions): Promise<Agent> {
    const agent = new Agent(options);
    try {
      agent.#server = await serve(agentContract, {
        runDir: options.runDir,
        log: options.log,
        handlers: {
          status: () => agent.status(),
          reload: () => agent.reload(),
          'show-config': () => ({
            revision: agent.#committed?.revision ?? 0,
            config: agent.#committed?.config ?? null,
          }),
        },
        snapshots: { status: () => agent.status() },
      });
      const { problems } = await agent.reload();
      if (problems.length > 0) agent.#adopt(await agent.#store.last());
    } catch (error) {
      await agent.close();
      throw error;
    }
    return agent;
  }

  /** Reads the file again. With a problem in it, nothing changes. */
  reload(): Promise<ReloadResult> {
    const result = this.#reloads.then(() => this.#reload());
    // A failure is its caller's; the next reload runs all the same.
    this.#reloads = result.catch(() => undefined);
    return result;
  }

  status(): AgentStatus {
    const processes = [this.#dataplane.convergence, this.#ike.convergence];
    return {
      instance: this.#server?.instance ?? '',
      hostname: this.#committed?.config.hostname ?? null,
      revision: this.#committed?.revision ?? 0,
      converged: this.#committed !== null && processes.every((process) => process.converged),
      processes,
    };
  }

  async close(): Promise<void> {
    await this.#server?.close();
    await Promise.all([this.#dataplane.close(), this.#ike.close()]);
  }

  async #reload(): Promise<ReloadResult> {
    const { configFile, log } = this.#options;
    const before = this.#committed;
    const { config, problems } = await loadConfig(configFile);
    if (config === null) {
      log.error({ problems: problems.map((problem) => formatProblem(configFile, problem)) }, 'not applied');
      return { revision: before?.revision ?? 0, changes: [], problems };
    }
    const committed = await this.#store.commit(config);
    const changes = diffConfigs(before?.config ?? null, config);
    log.info({ revision: committed.revision, changes: changes.length }, 'configuration loaded');
    this.#adopt(committed);
    return { revision: committed.revision, changes, problems: [] };
  }

  #adopt(committed: Committed | null): void {
    if (committed === null) return;
    this.#committed = committed;
    this.#dataplane.want(dataplanePart(committed.config, committed.revision));
    this.#ike.want(ikePart(committed.config, committed.revision));
  }

  #announce(): void {
    if (!this.#server) return;
    const status = this.status();
    const text = canonical(status);
    if (text === this.#announced) return;
    this.#announced = text;
    this.#server.publish('status', status);
  }
}
