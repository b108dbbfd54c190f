// The DHCP process: the servers of both families, the clients of the box's own interfaces, and the daemons beside them, by
// what the agent says.
import {
  type ActorServer,
  type DhcpLease,
  type DhcpState,
  type DhcpStatus,
  dhcpdContract,
  type Logger,
  serve,
} from '@sluice/shared';
import { Announcements } from './announcements.js';
import { Clients } from './client/clients.js';
import { LanDaemons } from './daemons/lan-daemons.js';
import { Delegations } from './delegations.js';
import { logLeases } from './lease-lines.js';
import { leasedNames } from './leased-names.js';
import { leaseReports } from './reports.js';
import { Server4 } from './server4.js';
import { Server6 } from './server6.js';
import { deviceDuid } from './store/device-duid.js';

const TICK_MS = 1_000;
/** While something is missing: twins are made right after a configuration is given. */
const SOON_MS = 100;

export interface DhcpServerOptions {
  runDir: string;
  /** Where the lease logs and the device's DUID are. */
  stateDir: string;
  log: Logger;
}

export class DhcpServer {
  readonly #log: Logger;
  readonly #announcements: Announcements;
  readonly #lan: LanDaemons;
  readonly #delegations: Delegations;
  readonly #clients: Clients;
  #server4!: Server4;
  #server6!: Server6;
  #server!: ActorServer<typeof dhcpdContract>;
  #state: DhcpState | null = null;
  #ticker: NodeJS.Timeout | null = null;
  #published = '';
  #applying: Promise<unknown> = Promise.resolve();
  /** Every answer waits for it: leases are read after the name was taken. */
  #started!: Promise<void>;

  private constructor(
    { log, runDir }: DhcpServerOptions,
    private readonly duid: Buffer,
  ) {
    this.#log = log;
    this.#clients = new Clients({ runDir, log }, duid);
    this.#delegations = new Delegations({ runDir, log });
    this.#lan = new LanDaemons(`${runDir}/lan`, log, {
      dnsServers: (vrf) => this.#clients.dnsServers(vrf),
      names: () => leasedNames(this.#server4.engine, this.#server6),
    });
    this.#announcements = new Announcements((changes) => {
      this.#lan.namesChanged();
      this.#server.publish('leases', { changes });
      logLeases(log, changes);
    });
  }

  /** Errors: those of serve(), of LeaseLog.open() and of deviceDuid(). */
  static async start(options: DhcpServerOptions): Promise<DhcpServer> {
    const server = new DhcpServer(options, await deviceDuid(`${options.stateDir}/dhcp6.duid`));
    server.#started = server.#takeName(options).then(() => server.#readLeases(options));
    await server.#started;
    server.#tick();
    return server;
  }

  /** First of all, because it is what tells a second server that there is one. */
  async #takeName({ runDir, log }: DhcpServerOptions): Promise<void> {
    const started =
      <Args extends unknown[], Answer>(answer: (...args: Args) => Answer) =>
      async (...args: Args): Promise<Awaited<Answer>> => {
        await this.#started;
        return await answer(...args);
      };
    this.#server = await serve(dhcpdContract, {
      runDir,
      log,
      handlers: {
        apply: started((state: DhcpState) => this.#apply(state)),
        status: started(() => this.#status()),
        'show-leases': started((request: Parameters<typeof leaseReports>[2]) =>
          leaseReports(this.#server4.engine, this.#server6, request),
        ),
        'show-dhcp': started(() => ({
          networks: [...this.#server4.networkReports(), ...this.#server6.networkReports()],
          ...this.#clients.reports,
          counters: [...this.#server4.engine.counters.report(), ...this.#server6.counters.report()],
        })),
        'clear-lease': started(async ({ vrf, address }: { vrf: string; address: string }) => {
          const server = address.includes(':') ? this.#server6 : this.#server4;
          return { cleared: await server.clear(vrf, address) };
        }),
      },
      snapshots: {
        status: started(() => this.#status()),
        'client-leases': started(() => this.#clients.leases),
        leases: started(() => ({
          leases: leaseReports(this.#server4.engine, this.#server6, { all: false }).leases,
        })),
      },
    });
  }

  async #readLeases({ stateDir, log }: DhcpServerOptions): Promise<void> {
    try {
      const announce = (lease: DhcpLease): void => this.#announcements.add({ kind: lease.state, lease });
      this.#server4 = await Server4.start({ stateDir, log, announce });
      this.#server6 = await Server6.start({ stateDir, log, announce, duid: this.duid });
    } catch (error) {
      await this.#server.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#ticker !== null) clearTimeout(this.#ticker);
    await this.#lan.close();
    this.#server4.stop();
    this.#announcements.close();
    // What is being applied may start a client.
    await this.#applying;
    await this.#clients.close();
    await this.#server.close();
    await Promise.all([this.#server4.close(), this.#server6.close(), this.#delegations.close()]);
  }

  /** One after the other: opening waits for the disk. */
  #apply(state: DhcpState): Promise<DhcpStatus> {
    const applied = this.#applying.then(async () => {
      await this.#server4.configure(state);
      this.#state = state;
      await this.#server6.configure(state.networks6);
      this.#giveRoutes();
      await this.#lan.configure(state);
      if (await this.#clients.configure(state)) this.#publishClientLeases();
      return this.#status();
    });
    this.#applying = applied.catch(() => undefined);
    return applied;
  }

  #status(): DhcpStatus {
    const problems = [
      ...this.#server4.problems,
      ...this.#server6.problems,
      ...this.#lan.problems,
      ...this.#clients.problems,
    ];
    return {
      instance: this.#server.instance,
      revision: this.#state?.revision ?? null,
      converged: this.#state !== null && problems.length === 0,
      problems,
    };
  }

  #tick(): void {
    this.#server4.expire();
    this.#server4.check();
    this.#server6.expire();
    this.#server6.check();
    this.#giveRoutes();
    if (this.#lan.isBehind) this.#applying = this.#applying.then(() => this.#lan.follow());
    this.#lan.check();
    if (this.#clients.check()) this.#publishClientLeases();
    const status = this.#status();
    const text = JSON.stringify(status);
    if (text !== this.#published) this.#server.publish('status', status);
    this.#published = text;
    const missing = this.#server4.missing.length + this.#server6.problems.length;
    const soon = missing > 0 || this.#clients.isAsking;
    this.#ticker = setTimeout(() => this.#tick(), soon ? SOON_MS : TICK_MS);
  }

  #publishClientLeases(): void {
    this.#lan.namesChanged();
    const { leases } = this.#clients;
    this.#log.info(leases, "leases of the box's own interfaces");
    this.#server.publish('client-leases', leases);
  }

  /** Before there is a configuration nothing is known of who has what: routes that were given stay. */
  #giveRoutes(): void {
    if (this.#state === null) return;
    this.#delegations.give(this.#server6.delegations, () => this.#server6.delegatedRoutes());
  }
}
