// The management process: offers what the configuration's management section says.
//
// It follows the agent: at each new revision it asks for the configuration and converges. What cannot be done (an
// address that is not there yet) is said once and tried again.
import {
  type ActorClient,
  type ActorServer,
  agentContract,
  connect,
  DEFAULT_VRF,
  type DeviceConfig,
  isLinkLocal6,
  type Logger,
  managementContract,
  messageOf,
  parseIp6,
  type SnmpSection,
  serve,
  TELNET_PORT,
  type TelnetSection,
  type UserSection,
} from '@sluice/shared';
import { GuessLimit } from '../login/guess-limit.js';
import { LOGINS, Passwords } from '../login/passwords.js';
import { SnmpAgent, type SnmpReport } from '../snmp/agent.js';
import { engineId } from '../snmp/engine-id.js';
import { InterfaceIndexes } from '../snmp/indexes.js';
import { SshServer } from '../ssh/server.js';
import { Syslog } from '../syslog/syslog.js';
import { TelnetServer } from '../telnet/server.js';
import { type ListenPlace, namespaceIdentity, placeName } from '../vrf-sockets.js';
import { FigureSource } from './figures.js';
import type { LoginService } from './login-metrics.js';
import { renderMetrics } from './metrics.js';
import { MetricsServer } from './metrics-server.js';

const RETRY_MS = 2_000;
/** How often addresses are looked for that were learnt, and VRFs that were made anew, where something listens in such. */
const LOOK_MS = 2_000;

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
    this.again(async () => {
      const { config } = await this.agent.request('show-config', {});
      return config as DeviceConfig | null;
    });
  }

  private again(read: () => Promise<DeviceConfig | null>): void {
    this.queue = this.queue.then(async () => {
      if (this.closed) return;
      if (this.retry !== null) clearTimeout(this.retry);
      this.retry = null;
      try {
        this.server ??= await this.answer();
        this.config = await read();
        await this.converge(this.config);
        this.said = '';
        if (!listensWhereThingsMove(this.config) || this.closed) return;
        this.retry = setTimeout(() => this.again(async () => this.config), LOOK_MS);
      } catch (error) {
        this.sayOnce(messageOf(error));
        if (!this.closed) this.retry = setTimeout(() => this.again(read), RETRY_MS);
      }
    });
  }

  /** Every service that can be is brought about, also when another cannot. Errors: the first that could not. */
  private async converge(config: DeviceConfig | null): Promise<void> {
    const { metrics, snmp, ssh, syslog, telnet, users = [] } = config?.management ?? {};
    const hostname = config?.hostname ?? '-';
    const results = await Promise.allSettled([
      this.keep('metrics', metrics, (wanted) => MetricsServer.listen(wanted, async () => this.page())),
      this.syslog.apply(syslog, hostname),
      this.keep('snmp', snmp && { ...snmp, hostname }, (wanted) => this.answerSnmp(wanted)),
      this.keep('ssh', ssh, (wanted) => SshServer.listen(wanted, users, this.settings(), this.passwords)),
      this.keepTelnet(telnet, users),
    ]);
    // Whoever is logged in stays so when others may log in.
    for (const { service } of this.running.values())
      if (service instanceof SshServer || service instanceof TelnetServer) service.admit(users);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /** One service as its section says; a changed section ends it first. */
  private async keep<S extends ListenPlace>(
    name: string,
    wanted: S | undefined,
    listen: (section: S) => Promise<Running['service']>,
  ): Promise<void> {
    const namespace = wanted && (await namespaceIdentity(wanted.vrf));
    const section = JSON.stringify(wanted && [wanted, namespace]) ?? '';
    const before = this.running.get(name);
    if (section === (before?.section ?? '')) return;
    this.running.delete(name);
    await before?.service.close();
    if (wanted === undefined) return;
    try {
      this.running.set(name, { section, service: await listen(wanted) });
    } catch (error) {
      throw new Error(`${name} cannot listen on ${placeName(wanted)}: ${messageOf(error)}`);
    }
    const { address, port, vrf } = wanted;
    this.log.info({ address, port, vrf }, `${name} is served`);
  }

  /** Its sessions stay while addresses come and go. */
  private async keepTelnet(wanted: TelnetSection | undefined, users: readonly UserSection[]): Promise<void> {
    const name = 'telnet';
    const section = wanted === undefined ? '' : String(wanted.idle_timeout_s);
    const before = this.running.get(name);
    if (section !== (before?.section ?? '')) {
      this.running.delete(name);
      await before?.service.close();
    }
    if (wanted === undefined) return;
    const running = this.running.get(name)?.service;
    const idleMs = wanted.idle_timeout_s * 1000;
    const service =
      running instanceof TelnetServer
        ? running
        : new TelnetServer(users, { ...this.settings(), idleMs }, this.passwords);
    this.running.set(name, { section, service });
    await service.serve(await this.telnetPlaces(wanted));
  }

  /** The addresses of the interfaces that Telnet is for, learnt ones too, each in its VRF, but those of the link alone. */
  private async telnetPlaces({ interfaces }: TelnetSection): Promise<Map<string, ListenPlace>> {
    const places = new Map<string, ListenPlace>();
    for (const { name, vrf, addresses } of await this.figures.interfaces()) {
      if (!interfaces.includes(name)) continue;
      const namespace = await namespaceIdentity(vrf);
      for (const prefix of addresses) {
        const [address = ''] = prefix.split('/');
        const words = parseIp6(address);
        if (words !== null && isLinkLocal6(words)) continue;
        places.set(`${namespace} ${address}`, { vrf, address, port: TELNET_PORT });
      }
    }
    return places;
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

/** In a VRF, whose network namespace is another one when the data plane has been restarted; or at addresses that are learnt. */
function listensWhereThingsMove(config: DeviceConfig | null): boolean {
  const { metrics, snmp, ssh, telnet } = config?.management ?? {};
  return (
    telnet !== undefined || [metrics, snmp, ssh].some((each) => (each?.vrf ?? DEFAULT_VRF) !== DEFAULT_VRF)
  );
}

/** Names of interfaces that the configuration has down. */
function switchedOff({ interfaces, vlans, bridges, tunnels }: DeviceConfig): Set<string> {
  const all = [...interfaces, ...vlans, ...bridges, ...tunnels];
  return new Set(all.filter(({ enabled }) => !enabled).map(({ name }) => name));
}
