// The DHCPv4 server: what comes in goes to the engine, its leases to the disk, and then its answers out.
import {
  type DhcpLease,
  type DhcpNetworkReport,
  type DhcpState,
  formatIp4,
  type Logger,
  messageOf,
  parseIp4,
} from '@sluice/shared';
import type { Answer } from './engine/answer.js';
import type { Arrival } from './engine/arrival.js';
import { Engine } from './engine/engine.js';
import type { Lease } from './engine/lease.js';
import type { Outcome, Probe } from './engine/outcome.js';
import { Inbox } from './inbox.js';
import type { Link } from './io/link.js';
import { Prober } from './io/prober.js';
import { Transport } from './io/transport.js';
import { OtherServers } from './other-servers.js';
import { leaseOf, networkReports } from './reports.js';
import { LeaseLog } from './store/lease-log.js';
import { CODEC4 } from './store/record.js';
import { parseArpReply } from './wire/arp.js';
import { ACK, BOOTREPLY, NAK, PORT_CLIENT, PORT_SERVER } from './wire/codes.js';
import { parseFrame } from './wire/frame.js';
import { formatHardware, type Message, parseMessage } from './wire/message.js';
import { MESSAGE_BYTES_MAX, writeReply } from './wire/reply.js';

/** Of the answer that is being sent: Linux has it when that returns. */
const REPLY = Buffer.alloc(MESSAGE_BYTES_MAX);

export interface Server4Options {
  stateDir: string;
  log: Logger;
  /** Of leases that have changed. */
  announce: (lease: DhcpLease) => void;
}

export class Server4 {
  readonly #log: Logger;
  readonly #prober = new Prober();
  readonly #others = new OtherServers();
  readonly #inbox = new Inbox(
    (message, arrival) => {
      this.#settle(this.engine.receive(message, arrival, Date.now()), message, arrival);
    },
    () => this.engine.counters.add('overloaded'),
  );
  readonly #transport: Transport;
  #state: DhcpState | null = null;
  /** Why leases cannot be written; null while they can. */
  #writeProblem: string | null = null;

  private constructor(
    private readonly options: Server4Options,
    readonly engine: Engine,
    private readonly leaseLog: LeaseLog<Lease>,
  ) {
    this.#log = options.log;
    this.#transport = new Transport({
      onFrame: (link, frame, unchecked) => this.#onFrame(link, frame, unchecked),
      onDatagram: (vrf, payload, source, destination) => this.#onDatagram(vrf, payload, source, destination),
      // Broadcasts come as frames, which say more.
      refuses: (vrf, payload, length, destination) =>
        !this.engine.networks.isOwn(vrf, destination) || this.#refuses(payload, length),
      onEcho: (vrf, address) => this.#prober.heard(vrf, address, null),
    });
  }

  /** Errors: those of LeaseLog.open(). */
  static async start(options: Server4Options): Promise<Server4> {
    const { stateDir, log } = options;
    const engine = new Engine();
    const { leases } = engine;
    const leaseLog = await LeaseLog.open(
      {
        path: `${stateDir}/leases.log`,
        log,
        codec: CODEC4,
        leases: () => leases.all(),
        size: () => leases.size,
      },
      (lease: Lease) => engine.restore(lease),
    );
    engine.expire(Date.now());
    log.info({ leases: leases.size }, 'leases read');
    return new Server4(options, engine, leaseLog);
  }

  async configure(state: DhcpState): Promise<void> {
    await this.#transport.configure(state);
    this.#state = state;
    this.engine.configure(state, Date.now());
    this.#transport.check();
    this.#others.keep(new Set(state.networks.map(({ server }) => server.interface ?? '')));
  }

  /** Looks whether all sockets are there. */
  check(): void {
    this.#transport.check();
  }

  /** Leases whose time is over. */
  expire(): void {
    for (const lease of this.engine.expire(Date.now())) this.#announce(lease);
  }

  /** Sentences about links and sockets that are not there. */
  get missing(): string[] {
    return this.#transport.problems;
  }

  get problems(): string[] {
    return this.#writeProblem === null ? this.missing : [...this.missing, this.#writeProblem];
  }

  networkReports(): DhcpNetworkReport[] {
    return networkReports(this.engine, this.#state, this.#transport, this.#others);
  }

  /** Takes an address back: its client is refused when it renews. */
  async clear(vrf: string, text: string): Promise<boolean> {
    const lease = this.engine.leases.get(vrf, parseIp4(text) ?? -1);
    if (lease === undefined || (lease.state !== 'bound' && lease.state !== 'declined')) return false;
    const cleared = this.engine.free({ ...lease, client: '' }, 'released');
    await this.leaseLog.append(cleared);
    this.#announce(cleared);
    return true;
  }

  /** Nothing comes in any more. */
  stop(): void {
    this.#transport.close();
    this.#prober.close();
  }

  close(): Promise<void> {
    return this.leaseLog.close();
  }

  #onFrame(link: Link, frame: Buffer, udpUnchecked: boolean): void {
    const arp = parseArpReply(frame);
    if (arp !== null) {
      this.#prober.heard(link.vrf, arp.address, formatHardware(arp.mac));
      return;
    }
    const datagram = parseFrame(frame, udpUnchecked);
    if (datagram === null) {
      this.engine.counters.add('malformed');
      return;
    }
    const { payload, source, destination, sourcePort, destinationPort, member } = datagram;
    const sourceMac = formatHardware(datagram.sourceMac);
    if (destinationPort === PORT_CLIENT) {
      if (sourcePort === PORT_SERVER && payload[0] === BOOTREPLY)
        this.#otherServer(link.name, source, sourceMac, member);
      return;
    }
    // What is for one of the box's addresses comes by its UDP socket too, which takes it.
    if (this.engine.networks.isOwn(link.vrf, destination)) return;
    this.#receive(payload, {
      vrf: link.vrf,
      interface: link.name,
      sourceMac,
      member,
      source,
      destination: 0,
    });
  }

  #onDatagram(vrf: string, payload: Buffer, source: number, destination: number): void {
    this.#receive(payload, { vrf, interface: null, sourceMac: null, member: '', source, destination });
  }

  #receive(payload: Buffer, arrival: Arrival): void {
    if (this.#refuses(payload, payload.length)) return;
    const message = parseMessage(payload);
    if (message === null) this.engine.counters.add('malformed');
    else this.#inbox.add(message, arrival);
  }

  #refuses(payload: Buffer, length: number): boolean {
    if (!this.#inbox.refuses(payload, length)) return false;
    this.engine.counters.add('overloaded');
    return true;
  }

  #settle(outcome: Outcome, message: Message, arrival: Arrival): void {
    switch (outcome.kind) {
      case 'drop':
        this.engine.counters.add(outcome.reason);
        return;
      case 'probe':
        void this.#probe(outcome.probe, message, arrival);
        return;
      case 'settled':
        this.#write(outcome.writes, () => this.engine.counters.add(outcome.reason));
        return;
      case 'answer':
        if (outcome.writes.length === 0) this.#send(outcome.answer, arrival);
        else this.#write(outcome.writes, () => this.#send(outcome.answer, arrival));
    }
  }

  /** Goes on with `then` when all are on the disk; never without. */
  #write(leases: readonly Lease[], then: () => void): void {
    this.leaseLog.write(leases, (error) => {
      if (error === null) this.#written(leases, then);
      else this.#notWritten(error);
    });
  }

  #notWritten(error: unknown): void {
    this.engine.counters.add('not_written');
    const problem = `leases cannot be written, so none is given: ${messageOf(error)}`;
    if (problem !== this.#writeProblem) this.#log.error({ err: error }, 'leases cannot be written');
    this.#writeProblem = problem;
  }

  #written(leases: readonly Lease[], then: () => void): void {
    this.#writeProblem = null;
    for (const lease of leases) this.#announce(lease);
    then();
  }

  async #probe(
    { network, address, routed, resume }: Probe,
    message: Message,
    arrival: Arrival,
  ): Promise<void> {
    const { counters } = this.engine;
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
    const { counters } = this.engine;
    const { length, left } = writeReply(REPLY, answer.fields, answer.most);
    if (left.length > 0) counters.add('options_left_out');
    const sent = this.#transport.send(answer, REPLY.subarray(0, length), arrival.vrf, arrival.interface);
    if (!sent) counters.add('not_sent');
    else counters.add(answer.type === ACK ? 'ack' : answer.type === NAK ? 'nak' : 'offer');
  }

  #announce(lease: Lease): void {
    this.options.announce(leaseOf(this.engine, lease));
  }

  #otherServer(name: string, address: number, mac: string, member: string): void {
    this.engine.counters.add('other_server_heard');
    if (this.#others.heard(name, address, mac, member, Date.now()))
      this.#log.warn(
        { interface: name, mac, server: formatIp4(address), member: member || null },
        'another DHCP server answers on this network',
      );
  }
}
