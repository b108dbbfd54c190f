// The DHCP server: what comes in goes to the engine, its leases to the disk, and then its answers out. Beside it the clients
// of the box's own interfaces.
import {
  type ActorServer,
  type DhcpLease,
  type DhcpState,
  type DhcpStatus,
  dhcpdContract,
  type Logger,
  messageOf,
  parseIp4,
  serve,
} from '@sluice/shared';
import { Announcements } from './announcements.js';
import { DhcpClients } from './client/clients.js';
import { Daemons } from './daemons/daemons.js';
import { dnsmasqSpec } from './daemons/dnsmasq.js';
import { radvdSpec } from './daemons/radvd.js';
import { Delegations } from './delegations.js';
import type { Answer } from './engine/answer.js';
import type { Arrival } from './engine/arrival.js';
import { Engine } from './engine/engine.js';
import type { Lease } from './engine/lease.js';
import type { Outcome, Probe } from './engine/outcome.js';
import { Inbox } from './inbox.js';
import type { Link } from './io/link.js';
import { Prober } from './io/prober.js';
import { Transport } from './io/transport.js';
import { leasedNames } from './leased-names.js';
import { OtherServers } from './other-servers.js';
import { leaseOf, leaseReports, networkReports } from './reports.js';
import { Server6 } from './server6.js';
import { LeaseLog } from './store/lease-log.js';
import { CODEC4 } from './store/record.js';
import { parseArpReply } from './wire/arp.js';
import { ACK, BOOTREPLY, NAK, PORT_CLIENT, PORT_SERVER } from './wire/codes.js';
import { parseFrame } from './wire/frame.js';
import { formatHardware, type Message, parseMessage } from './wire/message.js';
import { buildReply } from './wire/reply.js';

const TICK_MS = 1_000;
/** While something is missing: twins are made right after a configuration is given. */
const SOON_MS = 100;

export interface DhcpServerOptions {
  runDir: string;
  /** Where the lease log is. */
  stateDir: string;
  log: Logger;
}

export class DhcpServer {
  readonly #log: Logger;
  readonly #engine = new Engine();
  readonly #prober = new Prober();
  readonly #others = new OtherServers();
  readonly #inbox = new Inbox(
    (message, arrival) => {
      this.#settle(this.#engine.receive(message, arrival, Date.now()), message, arrival);
    },
    () => this.#engine.counters.add('overloaded'),
  );
  readonly #transport: Transport;
  readonly #announcements: Announcements;
  readonly #daemons: Daemons;
  readonly #clients: DhcpClients;
  #leaseLog!: LeaseLog<Lease>;
  #server6!: Server6;
  readonly #delegations: Delegations;
  #server!: ActorServer<typeof dhcpdContract>;
  #state: DhcpState | null = null;
  #ticker: NodeJS.Timeout | null = null;
  /** Why leases cannot be written; null while they can. */
  #writeProblem: string | null = null;
  #published = '';
  #namesChanged = false;
  #applying: Promise<unknown> = Promise.resolve();

  private constructor({ log, runDir }: DhcpServerOptions) {
    this.#log = log;
    this.#daemons = new Daemons(`${runDir}/lan`, log);
    this.#clients = new DhcpClients({ runDir, log });
    this.#delegations = new Delegations({ runDir, log });
    this.#transport = new Transport({
      onFrame: (link, frame, unchecked) => this.#onFrame(link, frame, unchecked),
      onDatagram: (vrf, payload, source, destination) => this.#onDatagram(vrf, payload, source, destination),
      onEcho: (vrf, address) => this.#prober.heard(vrf, address, null),
    });
    this.#announcements = new Announcements((changes) => {
      this.#namesChanged = true;
      this.#server.publish('leases', { changes });
    });
  }

  /** Errors: those of serve() and of LeaseLog.open(). */
  static async start(options: DhcpServerOptions): Promise<DhcpServer> {
    const server = new DhcpServer(options);
    await server.#start(options);
    return server;
  }

  async #start({ runDir, stateDir, log }: DhcpServerOptions): Promise<void> {
    const { leases } = this.#engine;
    // First of all, because it is what tells a second server that there is one.
    this.#server = await serve(dhcpdContract, {
      runDir,
      log,
      handlers: {
        apply: (state) => this.#apply(state),
        status: () => this.#status(),
        'show-leases': (request) => leaseReports(this.#engine, this.#server6, request),
        'show-dhcp': () => ({
          networks: [
            ...networkReports(this.#engine, this.#state, this.#transport, this.#others),
            ...this.#server6.networkReports(),
          ],
          clients: this.#clients.reports,
          counters: [...this.#engine.counters.report(), ...this.#server6.counters.report()],
        }),
        'clear-lease': ({ vrf, address }) => this.#clear(vrf, address),
      },
      snapshots: {
        status: () => this.#status(),
        'client-leases': () => ({ leases: this.#clients.leases }),
        leases: () => ({ leases: leaseReports(this.#engine, this.#server6, { all: false }).leases }),
      },
    });
    try {
      this.#leaseLog = await LeaseLog.open(
        {
          path: `${stateDir}/leases.log`,
          log,
          codec: CODEC4,
          leases: () => leases.all(),
          size: () => leases.size,
        },
        (lease) => this.#engine.restore(lease),
      );
      const announce = (lease: DhcpLease): void => this.#announcements.add({ kind: lease.state, lease });
      this.#server6 = await Server6.start({ stateDir, log, announce });
    } catch (error) {
      await this.#server.close();
      throw error;
    }
    this.#engine.expire(Date.now());
    log.info({ leases: leases.size }, 'leases read');
    this.#tick();
  }

  async close(): Promise<void> {
    if (this.#ticker !== null) clearTimeout(this.#ticker);
    // They say goodbye through the twins.
    await this.#daemons.close();
    this.#transport.close();
    this.#prober.close();
    this.#announcements.close();
    // What is being applied may start a client.
    await this.#applying;
    await this.#clients.close();
    await this.#server.close();
    await Promise.all([this.#leaseLog.close(), this.#server6.close(), this.#delegations.close()]);
  }

  /** One after the other: opening waits for the disk. */
  #apply(state: DhcpState): Promise<DhcpStatus> {
    const applied = this.#applying.then(async () => {
      await this.#transport.configure(state);
      this.#state = state;
      this.#engine.configure(state, Date.now());
      this.#transport.check();
      await this.#server6.configure(state.networks6);
      this.#giveRoutes();
      await this.#convergeDaemons(state);
      this.#others.keep(new Set(state.networks.map(({ server }) => server.interface ?? '')));
      if (await this.#clients.configure(state.clients)) this.#publishClientLeases();
      return this.#status();
    });
    this.#applying = applied.catch(() => undefined);
    return applied;
  }

  #status(): DhcpStatus {
    const problems = [
      ...this.#transport.problems,
      ...this.#server6.problems,
      ...this.#daemons.problems,
      ...this.#clients.problems,
    ];
    if (this.#writeProblem !== null) problems.push(this.#writeProblem);
    return {
      instance: this.#server.instance,
      revision: this.#state?.revision ?? null,
      converged: this.#state !== null && problems.length === 0,
      problems,
    };
  }

  #tick(): void {
    const nowMs = Date.now();
    for (const lease of this.#engine.expire(nowMs)) this.#announce(lease);
    this.#transport.check();
    this.#server6.expire();
    this.#server6.check();
    this.#giveRoutes();
    this.#followNames();
    this.#daemons.check();
    if (this.#clients.check()) this.#publishClientLeases();
    const status = this.#status();
    const text = JSON.stringify(status);
    if (text !== this.#published) this.#server.publish('status', status);
    this.#published = text;
    const missing = this.#transport.problems.length + this.#server6.problems.length;
    const soon = missing > 0 || this.#clients.isAsking;
    this.#ticker = setTimeout(() => this.#tick(), soon ? SOON_MS : TICK_MS);
  }

  #publishClientLeases(): void {
    this.#namesChanged = true;
    const { leases } = this.#clients;
    this.#log.info({ leases }, "leases of the box's own interfaces");
    this.#server.publish('client-leases', { leases });
  }

  async #convergeDaemons({ advertisements, forwarders }: DhcpState): Promise<void> {
    const { runDir } = this.#daemons;
    const names = leasedNames(this.#engine, this.#server6);
    await this.#daemons.converge([
      ...advertisements.map((link) => radvdSpec(link, runDir)),
      ...forwarders.map((forwarder) =>
        dnsmasqSpec(forwarder, this.#clients.dnsServers(forwarder.vrf), names, runDir),
      ),
    ]);
  }

  /** Names follow leases, a second later at most. */
  #followNames(): void {
    const state = this.#state;
    if (!this.#namesChanged || state === null || state.forwarders.length === 0) return;
    this.#namesChanged = false;
    this.#applying = this.#applying
      .then(() => this.#convergeDaemons(state))
      .catch((error: unknown) => {
        this.#namesChanged = true;
        this.#log.error({ error: messageOf(error) }, 'the names of leases could not be written');
      });
  }

  /** Before there is a configuration nothing is known of who has what: routes that were given stay. */
  #giveRoutes(): void {
    if (this.#state === null) return;
    this.#delegations.give(this.#server6.delegations, () => this.#server6.delegatedRoutes());
  }

  #onFrame(link: Link, frame: Buffer, udpUnchecked: boolean): void {
    const arp = parseArpReply(frame);
    if (arp !== null) {
      this.#prober.heard(link.vrf, arp.address, formatHardware(arp.mac));
      return;
    }
    const datagram = parseFrame(frame, udpUnchecked);
    if (datagram === null) {
      this.#engine.counters.add('malformed');
      return;
    }
    const { payload, source, destination, sourcePort, destinationPort } = datagram;
    const sourceMac = formatHardware(datagram.sourceMac);
    if (destinationPort === PORT_CLIENT) {
      if (sourcePort === PORT_SERVER && payload[0] === BOOTREPLY)
        this.#otherServer(link.name, source, sourceMac);
      return;
    }
    // What is for one of the box's addresses comes by its UDP socket too, which takes it.
    if (this.#engine.networks.isOwn(link.vrf, destination)) return;
    this.#receive(payload, { vrf: link.vrf, interface: link.name, sourceMac, source, destination: 0 });
  }

  #onDatagram(vrf: string, payload: Buffer, source: number, destination: number): void {
    // Broadcasts come as frames, which say more.
    if (!this.#engine.networks.isOwn(vrf, destination)) return;
    this.#receive(payload, { vrf, interface: null, sourceMac: null, source, destination });
  }

  #receive(payload: Buffer, arrival: Arrival): void {
    if (this.#inbox.refuses(payload)) {
      this.#engine.counters.add('overloaded');
      return;
    }
    const message = parseMessage(payload);
    if (message === null) this.#engine.counters.add('malformed');
    else this.#inbox.add(message, arrival);
  }

  #settle(outcome: Outcome, message: Message, arrival: Arrival): void {
    switch (outcome.kind) {
      case 'drop':
        this.#engine.counters.add(outcome.reason);
        return;
      case 'probe':
        void this.#probe(outcome.probe, message, arrival);
        return;
      case 'settled':
        void this.#write(outcome.writes, () => this.#engine.counters.add(outcome.reason));
        return;
      case 'answer':
        if (outcome.writes.length === 0) this.#send(outcome.answer, arrival);
        else void this.#write(outcome.writes, () => this.#send(outcome.answer, arrival));
    }
  }

  /** Goes on with `then` when all are on the disk; never without. */
  async #write(leases: readonly Lease[], then: () => void): Promise<void> {
    try {
      await Promise.all(leases.map((lease) => this.#leaseLog.append(lease)));
    } catch (error) {
      this.#engine.counters.add('not_written');
      const problem = `leases cannot be written, so none is given: ${messageOf(error)}`;
      if (problem !== this.#writeProblem) this.#log.error({ err: error }, 'leases cannot be written');
      this.#writeProblem = problem;
      return;
    }
    this.#writeProblem = null;
    for (const lease of leases) this.#announce(lease);
    then();
  }

  async #probe(
    { network, address, routed, resume }: Probe,
    message: Message,
    arrival: Arrival,
  ): Promise<void> {
    const { counters } = this.#engine;
    if (this.#prober.isFull) {
      counters.add('not_probed');
      this.#settle(resume(false, Date.now()), message, arrival);
      return;
    }
    const source = network.subnetOf(address)?.own ?? 0;
    const ask = (): void => {
      if (routed || network.interface === null)
        this.#transport.askByEcho(network.vrf, arrival.destination, address);
      else this.#transport.askByArp(network.interface, source, address);
    };
    const mac = formatHardware(message.chaddr);
    const inUse = await this.#prober.probe(network.vrf, address, mac, network.state.server.probe_ms, ask);
    this.#settle(resume(inUse, Date.now()), message, arrival);
  }

  #send(answer: Answer, arrival: Arrival): void {
    const { counters } = this.#engine;
    const { bytes, left } = buildReply(answer.fields, answer.most);
    if (left.length > 0) counters.add('options_left_out');
    const sent = this.#transport.send(answer, bytes, arrival.vrf, arrival.interface);
    if (!sent) counters.add('not_sent');
    else counters.add(answer.type === ACK ? 'ack' : answer.type === NAK ? 'nak' : 'offer');
  }

  #announce(lease: Lease): void {
    this.#announcements.add({ kind: lease.state, lease: leaseOf(this.#engine, lease) });
  }

  #otherServer(name: string, address: number, mac: string): void {
    this.#engine.counters.add('other_server_heard');
    if (this.#others.heard(name, address, mac, Date.now()))
      this.#log.warn(
        { interface: name, mac, server: address },
        'another DHCP server answers on this network',
      );
  }

  async #clear(vrf: string, text: string): Promise<{ cleared: boolean }> {
    if (text.includes(':')) return { cleared: await this.#server6.clear(vrf, text) };
    const lease = this.#engine.leases.get(vrf, parseIp4(text) ?? -1);
    if (lease === undefined || (lease.state !== 'bound' && lease.state !== 'declined'))
      return { cleared: false };
    // Nobody's any more: who had it is refused when it renews.
    const cleared = this.#engine.free({ ...lease, client: '' }, 'released');
    await this.#leaseLog.append(cleared);
    this.#announce(cleared);
    return { cleared: true };
  }
}
