// The agent: holds the device's configuration at a revision, and keeps every process at its part of it.
import {
  type ActorServer,
  type AgentStatus,
  agentContract,
  type ConfigOutcome,
  type ConfigProblem,
  configWarnings,
  type DeviceConfig,
  type Logger,
  managementWarnings,
  type RequestOf,
  type RevisionReport,
  SluiceError,
  serve,
} from '@sluice/shared';
import { dataplaneClient, dhcpdClient, ikeBridgeClient } from './clients.js';
import { type Committed, ConfigStore } from './config-store.js';
import { Confirmation, type Pending } from './confirmation.js';
import { canonical, diffConfigs } from './diff.js';
import { Learnt } from './learnt.js';
import { checkConfig } from './load/load.js';
import { fileProblem, formatProblem } from './load/problem.js';
import { readConfigFile } from './load/read-file.js';
import { Revisions } from './revisions.js';
import { dataplanePart, dhcpPart, ikePart } from './split.js';
import { type RetryTimes, Target } from './target.js';
import { withLeases } from './with-leases.js';
import { withLeases6 } from './with-leases6.js';
import { writeDurably } from './write-durably.js';

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

const DEFAULT_RETRY: RetryTimes = { firstMs: 100, maxMs: 5000 };

type CommitRequest = RequestOf<typeof agentContract, 'commit'>;

function overtaken(base: number, now: number): string {
  return `the configuration is at revision ${now}, and this was made from revision ${base}: look at what changed, and make it again from there`;
}

export class Agent {
  readonly #options: AgentOptions;
  readonly #store: ConfigStore;
  readonly #revisions: Revisions;
  readonly #confirmation: Confirmation;
  readonly #dataplane: Target<ReturnType<typeof dataplanePart>>;
  readonly #ike: Target<ReturnType<typeof ikePart>>;
  readonly #dhcp: Target<ReturnType<typeof dhcpPart>>;
  readonly #learnt: Learnt;
  #server: ActorServer<typeof agentContract> | null = null;
  #committed: Committed | null = null;
  /** What is in force, as it was written; null when that is not kept. */
  #text: string | null = null;
  #announced = '';
  /** The end of the last change that was asked for: they run one after the other. */
  #changes: Promise<unknown> = Promise.resolve();

  private constructor(options: AgentOptions) {
    this.#options = options;
    this.#store = new ConfigStore(options.stateDir);
    this.#revisions = new Revisions(options.stateDir);
    this.#confirmation = new Confirmation(options.stateDir, options.log, (pending) => this.#goBack(pending));
    const { log, retry: times = DEFAULT_RETRY } = options;
    const shared = { log, times, onChange: () => this.#announce() };
    this.#dataplane = new Target(dataplaneClient(options), shared);
    this.#ike = new Target(ikeBridgeClient(options), shared);
    this.#dhcp = new Target(dhcpdClient(options), shared);
    this.#learnt = new Learnt(options, () => this.#tell());
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
          check: ({ text }) => agent.check(text),
          commit: (request) => agent.commit(request),
          confirm: () => agent.confirm(),
          history: async () => ({ revisions: await agent.history() }),
          'show-revision': async ({ revision }) => ({ text: await agent.revisionText(revision) }),
          'show-config': () => ({
            revision: agent.#committed?.revision ?? 0,
            config: agent.#committed?.config ?? null,
            text: agent.#text,
          }),
        },
        snapshots: { status: () => agent.status() },
      });
      await agent.#learnt.start();
      const { problems } = await agent.reload();
      if (problems.length > 0) await agent.#fallBack();
      await agent.#confirmation.resume();
    } catch (error) {
      await agent.close();
      throw error;
    }
    return agent;
  }

  /** Reads the file again. With a problem in it, nothing changes. */
  reload(): Promise<ConfigOutcome> {
    return this.#inTurn(async () => {
      const read = await readConfigFile(this.#options.configFile);
      if ('error' in read) return this.#refused([fileProblem(read.error)]);
      const { config, problems } = checkConfig(read.text);
      if (config === null) return this.#refused(problems);
      const outcome = await this.#take(config, read.text, 'file', null);
      // Whoever changes the file by hand is on the box.
      const { pending } = this.#confirmation;
      if (pending !== null && pending.revision !== outcome.revision) await this.#confirmation.settle();
      return outcome;
    });
  }

  /** What committing a text would do. */
  check(text: string): ConfigOutcome {
    const { config, problems } = checkConfig(text);
    if (config === null) return { ...this.#nothing(), problems };
    return {
      ...this.#nothing(),
      changes: diffConfigs(this.#committed?.config ?? null, config),
      warnings: configWarnings(config),
    };
  }

  /**
   * Makes a text the configuration, in its file first. One that waits to be confirmed is confirmed by the next commit,
   * or goes back together with it. Errors: errno of writing.
   */
  commit(request: CommitRequest): Promise<ConfigOutcome> {
    return this.#inTurn(async () => {
      const { text, by, comment, base_revision, confirm_s } = request;
      const { config, problems } = checkConfig(text);
      if (config === null) return { ...this.#nothing(), problems };
      const now = this.#nothing().revision;
      if (base_revision !== now)
        return { ...this.#nothing(), problems: [fileProblem(overtaken(base_revision, now))] };
      if (confirm_s !== null) await this.#await(config, confirm_s);
      await writeDurably(this.#options.configFile, text, 0o644);
      const outcome = await this.#take(config, text, by, comment);
      if (confirm_s === null) await this.#confirmation.settle();
      this.#announce();
      return outcome;
    });
  }

  /** Keeps the commit that waits. */
  confirm(): Promise<{ revision: number | null }> {
    return this.#inTurn(async () => {
      const revision = this.#confirmation.pending?.revision ?? null;
      await this.#confirmation.settle();
      this.#announce();
      return { revision };
    });
  }

  /** The revisions that are kept, newest first. */
  history(): Promise<RevisionReport[]> {
    return this.#revisions.list();
  }

  async revisionText(revision: number): Promise<string | null> {
    return (await this.#revisions.get(revision))?.text ?? null;
  }

  status(): AgentStatus {
    const processes = [this.#dataplane.convergence, this.#ike.convergence, this.#dhcp.convergence];
    return {
      instance: this.#server?.instance ?? '',
      hostname: this.#committed?.config.hostname ?? null,
      revision: this.#committed?.revision ?? 0,
      converged: this.#committed !== null && processes.every((process) => process.converged),
      processes,
      unconfirmed:
        this.#confirmation.pending === null
          ? null
          : {
              revision: this.#confirmation.pending.revision,
              deadline_ms: this.#confirmation.pending.deadline_ms,
            },
      warnings: this.#committed === null ? [] : managementWarnings(this.#committed.config.management),
    };
  }

  async close(): Promise<void> {
    this.#confirmation.stop();
    await this.#server?.close();
    await Promise.all([this.#dataplane.close(), this.#ike.close(), this.#dhcp.close(), this.#learnt.close()]);
  }

  /** One change after the other. */
  #inTurn<T>(body: () => Promise<T>): Promise<T> {
    const result = this.#changes.then(body);
    // A failure is its caller's; the next change runs all the same.
    this.#changes = result.catch(() => undefined);
    return result;
  }

  #nothing(): ConfigOutcome {
    return { revision: this.#committed?.revision ?? 0, changes: [], problems: [], warnings: [] };
  }

  #refused(problems: ConfigProblem[]): ConfigOutcome {
    const { configFile, log } = this.#options;
    log.error({ problems: problems.map((problem) => formatProblem(configFile, problem)) }, 'not applied');
    return { ...this.#nothing(), problems };
  }

  /** Gives a configuration its revision, keeps that, and brings it into force. */
  async #take(
    config: DeviceConfig,
    text: string,
    by: string,
    comment: string | null,
  ): Promise<ConfigOutcome> {
    const before = this.#committed;
    const committed = await this.#store.commit(config);
    if (before?.revision !== committed.revision && (await this.#revisions.get(committed.revision)) === null) {
      const { revision } = committed;
      await this.#revisions.add({ revision, at: new Date().toISOString(), by, comment, text });
    }
    const changes = diffConfigs(before?.config ?? null, config);
    this.#options.log.info(
      { revision: committed.revision, changes: changes.length, by },
      'configuration loaded',
    );
    const warnings = configWarnings(config);
    for (const warning of warnings) this.#options.log.warn({ revision: committed.revision }, warning);
    this.#adopt(committed, text);
    return { revision: committed.revision, changes, problems: [], warnings };
  }

  /** Lets the next revision wait; where one waits already, both go back to what was before it. */
  async #await(config: DeviceConfig, seconds: number): Promise<void> {
    const { pending } = this.#confirmation;
    const { configFile } = this.#options;
    const back = pending ?? {
      back_to: this.#text ?? (await this.revisionText(this.#nothing().revision)),
      back_to_revision: this.#nothing().revision,
    };
    if (back.back_to === null)
      throw new SluiceError(
        'no-revision',
        `there is no valid configuration to go back to: mend ${configFile}, or commit without "confirmed"`,
      );
    const revision = await this.#store.revisionOf(config);
    const { back_to, back_to_revision } = back;
    await this.#confirmation.wait({
      revision,
      back_to,
      back_to_revision,
      deadline_ms: Date.now() + seconds * 1000,
    });
  }

  #goBack(pending: Pending): Promise<void> {
    return this.#inTurn(async () => {
      // Confirmed, or overtaken, while this waited for its turn.
      if (this.#confirmation.pending?.revision !== pending.revision) return;
      const { config, problems } = checkConfig(pending.back_to);
      if (config === null) throw new SluiceError('no-revision', problems[0]?.message ?? 'not valid any more');
      await writeDurably(this.#options.configFile, pending.back_to, 0o644);
      const why = `revision ${pending.revision} was not confirmed in time: back to revision ${pending.back_to_revision}`;
      await this.#take(config, pending.back_to, 'sluice', why);
      await this.#confirmation.settle();
      this.#announce();
    });
  }

  /** To what was in force last, if anything was. */
  async #fallBack(): Promise<void> {
    const last = await this.#store.last();
    if (last !== null) this.#adopt(last, await this.revisionText(last.revision));
  }

  #adopt(committed: Committed, text: string | null): void {
    this.#committed = committed;
    this.#text = text;
    this.#tell();
  }

  /** Gives the processes their parts of what is in force, with what was learnt. */
  #tell(): void {
    if (this.#committed === null) return;
    const { revision } = this.#committed;
    const { leases, leases6 } = this.#learnt;
    const config = withLeases6(withLeases(this.#committed.config, leases), leases6);
    this.#dataplane.want(dataplanePart(config, revision));
    this.#ike.want(ikePart(config, revision));
    this.#dhcp.want(dhcpPart(config, revision, leases6));
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
