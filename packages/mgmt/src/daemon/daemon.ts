// The management process: offers what the configuration's management section says.
//
// It follows the agent: at each new revision it asks for the configuration and converges. What cannot be done (an
// address that is not there yet) is said once and tried again.
import {
  type ActorClient,
  type ActorServer,
  agentContract,
  connect,
  type DeviceConfig,
  interfaceList,
  type Logger,
  managementContract,
  messageOf,
  type SnmpSection,
  serve,
  TELNET_PORT,
  type TelnetSection,
} from '@sluice/shared';
import { GuessLimit } from '../login/guess-limit.js';
import { LOGINS, Passwords } from '../login/passwords.js';
import { SnmpAgent, type SnmpReport } from '../snmp/agent.js';
import { engineId } from '../snmp/engine-id.js';
import { InterfaceIndexes } from '../snmp/indexes.js';
import { SshServer } from '../ssh/server.js';
import { Syslog } from '../syslog/syslog.js';
import type { ListenPlace } from '../telnet/listen.js';
import { TelnetServer } from '../telnet/server.js';
import { FigureSource } from './figures.js';
import type { LoginService } from './login-metrics.js';
import { renderMetrics } from './metrics.js';
import { MetricsServer } from './metrics-server.js';

const RETRY_MS = 2_000;

/** A service that listens, as the section that it was made of says. */
interface Running {
  section: string;
  service: { close(): Promise<void> };
}

export class ManagementDaemon {
  private readonly agent: ActorClient<typeof agentContract>;
  private readonly figures: FigureSource;
  private readonly passwords: Passwords;
  private readonly subscription: { close(): void };
  private readonly syslog: Syslog;
  private server: ActorServer<typeof managementContract> | null = null;
  private revision = -1;
  private config: DeviceConfig | null = null;
  private readonly running = new Map<string, Running>();
  private queue: Promise<void> = Promise.resolve();
  private retry: NodeJS.Timeout | null = null;
  private said = '';
  private closed = false;

  constructor(
    private readonly runDir: string,
    private readonly stateDir: string,
    private readonly log: Logger,
  ) {
    this.agent = connect(agentContract, { runDir, log });
    this.passwords = new Passwords(new GuessLimit(), log.child(LOGINS));
    this.figures = new FigureSource(runDir, log);
    this.syslog = new Syslog(runDir, log);
    const follow = ({ revision }: { revision: number }): void => this.follow(revision);
    this.subscription = this.agent.subscribe('status', { onSnapshot: follow, onEvent: follow });
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.retry !== null) clearTimeout(this.retry);
    this.subscription.close();
    await Promise.allSettled([this.queue]);
    await Promise.all([...this.running.values()].map(({ service }) => service.close()));
    await Promise.all([this.agent.close(), this.figures.close(), this.server?.close()]);
    // Last, so that what the others had to say still goes.
    await this.syslog.close();
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
        this.server ??= await this.answer();
        const { config } = await this.agent.request('show-config', {});
        await this.converge(config as DeviceConfig | null);
        this.said = '';
      } catch (error) {
        this.sayOnce(messageOf(error));
        this.retry = setTimeout(() => this.again(), RETRY_MS);
      }
    });
  }

  /** Every service that can be is brought about, also when another cannot. Errors: the first that could not. */
  private async converge(config: DeviceConfig | null): Promise<void> {
    this.config = config;
    const { metrics, snmp, ssh, syslog, telnet, users = [] } = config?.management ?? {};
    const hostname = config?.hostname ?? '-';
    const places = telnet === undefined || config === null ? [] : telnetPlaces(config, telnet);
    const results = await Promise.allSettled([
      this.keep('metrics', metrics, async ({ address, port }) =>
        MetricsServer.listen(address, port, async () => this.page()),
      ),
      this.syslog.apply(syslog, hostname),
      this.keep('snmp', snmp && { ...snmp, hostname }, (wanted) => this.answerSnmp(wanted)),
      this.keep('ssh', ssh, (wanted) => SshServer.listen(wanted, users, this.settings(), this.passwords)),
      this.keep(
        'telnet',
        telnet && { ...telnet, address: addressesOf(places), port: TELNET_PORT, places },
        (wanted) =>
          TelnetServer.listen(
            wanted.places,
            users,
            { ...this.settings(), idleMs: wanted.idle_timeout_s * 1000 },
            this.passwords,
          ),
      ),
    ]);
    // Whoever is logged in stays so when others may log in.
    for (const { service } of this.running.values())
      if (service instanceof SshServer || service instanceof TelnetServer) service.admit(users);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /** One service as its section says; a changed section ends it first. */
  private async keep<S extends { address: string; port: number }>(
    name: string,
    wanted: S | undefined,
    listen: (section: S) => Promise<Running['service']>,
  ): Promise<void> {
    const section = JSON.stringify(wanted ?? null);
    const before = this.running.get(name);
    if (section === (before?.section ?? 'null')) return;
    this.running.delete(name);
    await before?.service.close();
    if (wanted === undefined) return;
    const { address, port } = wanted;
    try {
      this.running.set(name, { section, service: await listen(wanted) });
    } catch (error) {
      throw new Error(`${name} cannot listen on ${address} port ${port}: ${messageOf(error)}`);
    }
    this.log.info({ address, port }, `${name} is served`);
  }

  private logins(): LoginService[] {
    return [...this.running].flatMap(([name, { service }]) =>
      service instanceof SshServer || service instanceof TelnetServer
        ? [{ service: name, strangers: service.strangers }]
        : [],
    );
  }

  private answerSnmp(section: SnmpSection & { hostname: string }): Promise<SnmpAgent> {
    const indexes = new InterfaceIndexes(`${this.stateDir}/snmp/interfaces.json`);
    return SnmpAgent.listen(section, {
      hostname: section.hostname,
      engineId: engineId(`${this.stateDir}/snmp/engine-id`),
      interfaces: async () => {
        const reports = await this.figures.interfaces();
        const off = this.config === null ? new Set() : switchedOff(this.config);
        const numbers = indexes.of(reports.map(({ name }) => name));
        return reports.map((report, i) => ({
          index: numbers[i] ?? 0,
          report,
          enabled: !off.has(report.name),
        }));
      },
    });
  }

  private snmp(): SnmpReport | null {
    const service = this.running.get('snmp')?.service;
    return service instanceof SnmpAgent ? service.report : null;
  }

  private answer(): Promise<ActorServer<typeof managementContract>> {
    return serve(managementContract, {
      runDir: this.runDir,
      log: this.log,
      handlers: { 'show-logging': () => ({ servers: this.syslog.report() }) },
      snapshots: {},
    });
  }

  private async page(): Promise<string> {
    return renderMetrics(
      { ...(await this.figures.read()), syslog: this.syslog.report(), snmp: this.snmp() },
      this.logins(),
    );
  }

  private settings(): { runDir: string; stateDir: string; log: Logger } {
    return { runDir: this.runDir, stateDir: this.stateDir, log: this.log };
  }

  private sayOnce(problem: string): void {
    if (problem !== this.said) this.log.error({ problem }, 'the management section is not in force yet');
    this.said = problem;
  }
}

/** The addresses of the interfaces that Telnet is for, each in its VRF. */
function telnetPlaces(config: DeviceConfig, telnet: TelnetSection): ListenPlace[] {
  return interfaceList(config)
    .filter(({ name }) => telnet.interfaces.includes(name))
    .flatMap(({ vrf, addresses }) =>
      addresses.map((address) => ({ vrf, address: address.split('/')[0] ?? address })),
    );
}

function addressesOf(places: readonly ListenPlace[]): string {
  return places.map(({ vrf, address }) => `${address} (VRF ${vrf})`).join(', ');
}

/** Names of interfaces that the configuration has down. */
function switchedOff({ interfaces, vlans, bridges, tunnels }: DeviceConfig): Set<string> {
  const all = [...interfaces, ...vlans, ...bridges, ...tunnels];
  return new Set(all.filter(({ enabled }) => !enabled).map(({ name }) => name));
}
