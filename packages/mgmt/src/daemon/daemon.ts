// The management process: offers what the configuration's management section says.
//
// It follows the agent: at each new revision it asks for the configuration and converges. What cannot be done (an
// address that is not there yet) is said once and tried again.
import {
  type ActorClient,
  agentContract,
  connect,
  type DeviceConfig,
  type Logger,
  type ManagementSection,
  messageOf,
} from '@sluice/shared';
import { FigureSource } from './figures.js';
import { renderMetrics } from './metrics.js';
import { MetricsServer } from './metrics-server.js';

const RETRY_MS = 2_000;

type MetricsSection = NonNullable<ManagementSection['metrics']>;

export class ManagementDaemon {
  private readonly agent: ActorClient<typeof agentContract>;
  private readonly figures: FigureSource;
  private readonly subscription: { close(): void };
  private revision = -1;
  private wanted: MetricsSection | null = null;
  private metrics: { section: MetricsSection; server: MetricsServer } | null = null;
  private queue: Promise<void> = Promise.resolve();
  private retry: NodeJS.Timeout | null = null;
  private said = '';
  private closed = false;

  constructor(
    runDir: string,
    private readonly log: Logger,
  ) {
    this.agent = connect(agentContract, { runDir, log });
    this.figures = new FigureSource(runDir, log);
    const follow = ({ revision }: { revision: number }): void => this.follow(revision);
    this.subscription = this.agent.subscribe('status', { onSnapshot: follow, onEvent: follow });
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.retry !== null) clearTimeout(this.retry);
    this.subscription.close();
    await Promise.allSettled([this.queue]);
    await this.metrics?.server.close();
    await Promise.all([this.agent.close(), this.figures.close()]);
  }

  private follow(revision: number): void {
    if (revision === this.revision) return;
    this.revision = revision;
    this.again();
  }

  private again(): void {
    this.queue = this.queue.then(async () => {
      if (this.closed) return;
      try {
        const { config } = await this.agent.request('show-config', {});
        this.wanted = (config as DeviceConfig | null)?.management.metrics ?? null;
        await this.converge();
        this.said = '';
      } catch (error) {
        this.sayOnce(messageOf(error));
        this.retry = setTimeout(() => this.again(), RETRY_MS);
      }
    });
  }

  private async converge(): Promise<void> {
    const { wanted, metrics } = this;
    if (JSON.stringify(wanted) === JSON.stringify(metrics?.section ?? null)) return;
    this.metrics = null;
    await metrics?.server.close();
    if (wanted === null) return;
    const { address, port } = wanted;
    const server = await MetricsServer.listen(address, port, async () =>
      renderMetrics(await this.figures.read()),
    );
    this.metrics = { section: wanted, server };
    this.log.info({ address, port }, 'metrics are served');
  }

  private sayOnce(problem: string): void {
    if (problem !== this.said) this.log.error({ problem }, 'the management section is not in force yet');
    this.said = problem;
  }
}
