// The DHCPv6 server: what comes in goes to the engine, its leases to the disk, and then its answers out.
import {
  DEFAULT_VRF,
  type DelegatedRoute,
  type Dhcp6Network,
  type DhcpLease,
  type DhcpNetworkReport,
  type Logger,
  messageOf,
  namespacePath,
  vrfNamespaceName,
} from '@sluice/shared';
import { isActive } from './engine/lease.js';
import { Engine6 } from './engine6/engine6.js';
import { type Lease6, leaseReport6 } from './engine6/lease6.js';
import type { Outcome6 } from './engine6/outcome6.js';
import { type Datagram6, VrfSocket6 } from './io/vrf6.js';
import { LeaseLog } from './store/lease-log.js';
import { CODEC6 } from './store/record6.js';
import { parseMessage6 } from './wire6/message.js';

export interface Server6Options {
  stateDir: string;
  log: Logger;
  /** The device's own. */
  duid: Buffer;
  /** Of leases that have changed. */
  announce: (lease: DhcpLease) => void;
}

export class Server6 {
  readonly #vrfs = new Map<string, VrfSocket6>();
  #networks: readonly Dhcp6Network[] = [];
  #writeProblem: string | null = null;
  /** Counts changes of prefixes that are delegated. */
  #delegations = 0;

  private constructor(
    private readonly options: Server6Options,
    private readonly engine: Engine6,
    private readonly leaseLog: LeaseLog<Lease6>,
  ) {}

  /** Errors: those of LeaseLog.open(). */
  static async start(options: Server6Options): Promise<Server6> {
    const { stateDir, log, duid } = options;
    const engine = new Engine6(duid);
    const { leases } = engine;
    const leaseLog = await LeaseLog.open(
      {
        path: `${stateDir}/leases6.log`,
        log,
        codec: CODEC6,
        leases: () => leases.all(),
        size: () => leases.size,
      },
      (lease: Lease6) => engine.restore(lease),
    );
    engine.expire(Date.now());
    return new Server6(options, engine, leaseLog);
  }

  async configure(networks: readonly Dhcp6Network[]): Promise<void> {
    const enabled = networks.filter(({ server }) => server.enabled);
    const vrfs = new Set(enabled.map(({ vrf }) => vrf));
    for (const [name, socket] of this.#vrfs) {
      if (vrfs.has(name)) continue;
      socket.close();
      this.#vrfs.delete(name);
    }
    for (const name of vrfs) {
      let socket = this.#vrfs.get(name);
      if (socket === undefined) {
        const namespace = name === DEFAULT_VRF ? '' : namespacePath(await vrfNamespaceName(name));
        socket = new VrfSocket6(name, namespace, (datagram) => this.#receive(datagram));
        this.#vrfs.set(name, socket);
      }
      socket.serve(enabled.filter(({ vrf }) => vrf === name).flatMap(({ server }) => server.interface ?? []));
    }
    this.#networks = networks;
    this.engine.configure(networks, Date.now());
    this.#delegations++;
    this.check();
  }

  /** Looks whether all sockets are there. */
  check(): void {
    for (const socket of this.#vrfs.values()) socket.check();
  }

  /** Leases whose time is over. */
  expire(): void {
    for (const lease of this.engine.expire(Date.now())) this.#announce(lease);
  }

  get problems(): string[] {
    const problems = [...this.#vrfs.values()]
      .map(({ problem }) => problem)
      .filter((problem) => problem !== null);
    if (this.#writeProblem !== null) problems.push(this.#writeProblem);
    return problems;
  }

  get counters() {
    return this.engine.counters;
  }

  /** Another number whenever `delegatedRoutes` may be others. */
  get delegations(): number {
    return this.#delegations;
  }

  /** Where the prefixes are that clients of the links have: behind their link-local addresses. */
  delegatedRoutes(): DelegatedRoute[] {
    const served = new Set(this.engine.networks.flatMap(({ interface: name }) => name ?? []));
    return [...this.engine.leases.all()]
      .filter(({ kind, state, interface: name }) => kind === 'pd' && state === 'bound' && served.has(name))
      .map(({ vrf, address, interface: name, via }) => ({
        vrf,
        prefix: address,
        interface: name,
        next_hop: via,
      }));
  }

  /** Names that clients have told, of addresses that are theirs. */
  leases(): Iterable<Lease6> {
    return this.engine.leases.all();
  }

  leaseReports(vrf: string | undefined): DhcpLease[] {
    return [...this.engine.leases.all()]
      .filter((lease) => (vrf === undefined || lease.vrf === vrf) && isActive(lease))
      .map((lease) => this.#report(lease));
  }

  networkReports(): DhcpNetworkReport[] {
    return this.#networks.map(({ server, vrf, addresses }) => {
      const name = server.interface ?? server.subnet ?? '';
      const network = this.engine.networks.find((one) => one.name === name && one.vrf === vrf);
      const leases = [...this.engine.leases.all()].filter(
        (lease) => network !== undefined && this.engine.networkOfLease(lease) === network,
      );
      const up = this.#vrfs.get(vrf)?.isUp(server.interface ?? null) ?? false;
      return {
        network: name,
        vrf,
        subnets:
          server.subnet === undefined
            ? [...addresses, ...server.delegation.map(({ prefix }) => prefix)]
            : [server.subnet],
        state: !server.enabled ? 'disabled' : up ? 'up' : 'down',
        addresses: network?.capacity ?? 0,
        bound: leases.filter(({ state }) => state === 'bound').length,
        declined: leases.filter(({ state }) => state === 'declined').length,
        other_servers: [],
      };
    });
  }

  /** False when nobody has it. */
  async clear(vrf: string, address: string): Promise<boolean> {
    const lease = this.engine.leases.get(vrf, address);
    if (lease === undefined) return false;
    await this.#write([this.engine.free(lease, 'released')], () => undefined);
    return true;
  }

  async close(): Promise<void> {
    for (const socket of this.#vrfs.values()) socket.close();
    await this.leaseLog.close();
  }

  #receive(datagram: Datagram6): void {
    const received = parseMessage6(datagram.payload);
    if (received === null) {
      this.engine.counters.add('dhcp6_malformed');
      return;
    }
    this.#settle(this.engine.receive(received, datagram, Date.now()), datagram, received.relays.length > 0);
  }

  #settle(outcome: Outcome6, from: Datagram6, relayed: boolean): void {
    if (outcome.kind === 'drop') {
      this.engine.counters.add(outcome.reason);
      return;
    }
    const { answer, writes } = outcome;
    const send = (): void => {
      const to = {
        source: from.destination,
        destination: from.source,
        interface: from.interface,
        relay: relayed,
      };
      const sent = this.#vrfs.get(from.vrf)?.send(answer.payload, to) ?? false;
      this.engine.counters.add(sent ? answer.counter : 'dhcp6_not_sent');
    };
    if (writes.length === 0) send();
    else void this.#write(writes, send);
  }

  /** Goes on with `then` when all are on the disk; never without. */
  async #write(leases: readonly Lease6[], then: () => void): Promise<void> {
    try {
      await Promise.all(leases.map((lease) => this.leaseLog.append(lease)));
    } catch (error) {
      this.engine.counters.add('dhcp6_not_written');
      const problem = `leases of DHCPv6 cannot be written, so none is given: ${messageOf(error)}`;
      if (problem !== this.#writeProblem) this.options.log.error({ err: error }, 'leases cannot be written');
      this.#writeProblem = problem;
      return;
    }
    this.#writeProblem = null;
    for (const lease of leases) this.#announce(lease);
    then();
  }

  #announce(lease: Lease6): void {
    if (lease.kind === 'pd') this.#delegations++;
    this.options.announce(this.#report(lease));
  }

  #report(lease: Lease6): DhcpLease {
    const network = this.engine.networkOfLease(lease);
    return leaseReport6(lease, network?.name ?? null, network?.isReserved(lease.address) ?? false);
  }
}
