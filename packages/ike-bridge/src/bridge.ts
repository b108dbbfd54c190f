// The IKE bridge: charon on one side, by VICI and XFRM; the data plane and whoever configures on the other.
import { join } from 'node:path';
import {
  type ActorClient,
  type ActorServer,
  connect,
  dataplaneContract,
  type IkeSaReport,
  type IkeState,
  type IkeStatus,
  ikeBridgeContract,
  type Logger,
  messageOf,
  SluiceError,
  serve,
} from '@sluice/shared';
import { AddressKeeper } from './address-keeper.js';
import { CHARON_EVENTS, collectSas, ikeEvents, ikeSaReport, logLine, Reconciler } from './charon/index.js';
import { clearIke, clearSas } from './clear.js';
import { DataplaneSink } from './dataplane-sink.js';
import { DebugSessions } from './debug-sessions.js';
import { initiateChild } from './initiate-child.js';
import { peerOf } from './peer.js';
import { policyReports } from './policies.js';
import { Upkeep } from './upkeep.js';
import { terminate, ViciClient } from './vici/index.js';
import { Xfrm, XfrmServer } from './xfrm/index.js';

/** Lifetimes are looked at this often; charon's own are whole seconds. */
const TICK_MS = 1000;
/**
 * After a start, charon's requests wait this long for the data plane to say which SAs it has, so that none is
 * answered "no such SA" meanwhile. A data plane that is not there has none.
 */
const FIRST_SYNC_MS = 1000;
const TERMINATE_MS = 5000;

export interface BridgeOptions {
  runDir: string;
  log: Logger;
}

export class Bridge {
  readonly #log: Logger;
  readonly #dataplane: ActorClient<typeof dataplaneContract>;
  readonly #sink: DataplaneSink;
  readonly #xfrm: Xfrm;
  readonly #vici: ViciClient;
  readonly #upkeep: Upkeep;
  readonly #debug: DebugSessions;
  readonly #addresses: AddressKeeper;
  #server!: ActorServer<typeof ikeBridgeContract>;
  #xfrmServer: XfrmServer | null = null;
  #ticker: NodeJS.Timeout | null = null;
  #desired: IkeState | null = null;
  #loaded: { revision: number; problems: string[]; warnings: string[] } | null = null;
  #failures: string[] = [];
  /** Whether the data plane has a configuration, by which charon's packets find their way. */
  #forwards = false;
  #published = '';

  private constructor({ runDir, log }: BridgeOptions) {
    this.#log = log;
    this.#dataplane = connect(dataplaneContract, { runDir, log });
    this.#sink = new DataplaneSink(this.#dataplane);
    this.#xfrm = new Xfrm({ sink: this.#sink, log, spdPath: join(runDir, 'ike-bridge-spd.json') });
    this.#addresses = new AddressKeeper(
      (tunnels) => this.#sink.assign(tunnels),
      (ifId) => this.#xfrm.sad.ofInterface(ifId).length > 0,
      log,
    );
    const viciPath = join(runDir, 'charon.vici');
    this.#debug = new DebugSessions(viciPath, log);
    this.#vici = new ViciClient({
      path: viciPath,
      events: CHARON_EVENTS,
      onEvent: (name, message) => {
        if (name === 'log') {
          this.#upkeep.heard(logLine(message, Date.now()));
          return;
        }
        for (const event of ikeEvents(name, message)) {
          this.#server.publish('ike', event);
          const { kind, ...what } = event;
          log.info(what, kind === 'ike-sa' ? 'an IKE_SA' : 'a CHILD_SA');
          if (name === 'child-rekey') this.#upkeep.rekeyed(event.connection);
        }
        this.#upkeep.hint();
      },
      onUp: () => {
        this.#charonChanged('charon answers');
        this.#debug.charonIsBack();
      },
      onDown: (reason) => this.#charonChanged(`charon no longer answers: ${reason.message}`),
    });
    this.#upkeep = new Upkeep({
      vici: this.#vici,
      xfrm: this.#xfrm,
      reconciler: new Reconciler(),
      log,
      settingsPath: join(runDir, 'charon-settings.conf'),
      forwards: () => this.#forwards,
      onSas: (sas) => this.#addresses.see(sas),
      onRound: (loaded) => {
        this.#loaded = loaded;
        this.#announce();
      },
      onFailures: (failures) => {
        this.#failures = [...failures.values()];
        this.#announce();
      },
      onRepairs: (repairs) => this.#server.publish('ike', { kind: 'reconciled', repairs }),
      onRefusal: ({ connection, by }, sentence) =>
        this.#server.publish('ike', { kind: 'rekey-refused', connection, by, sentence }),
    });
  }

  /** Errors: SluiceError as of serve(), among them `already-running`. */
  static async start(options: BridgeOptions): Promise<Bridge> {
    const bridge = new Bridge(options);
    try {
      await bridge.#start(options);
    } catch (error) {
      await bridge.close();
      throw error;
    }
    return bridge;
  }

  async close(): Promise<void> {
    if (this.#ticker !== null) clearInterval(this.#ticker);
    this.#upkeep.close();
    this.#debug.close();
    this.#vici.close();
    await this.#xfrmServer?.close();
    await this.#server?.close();
    await this.#dataplane.close();
    await this.#xfrm.flush();
  }

  async #start({ runDir, log }: BridgeOptions): Promise<void> {
    // First of all, because it is what tells a second bridge that there is one.
    this.#server = await serve(ikeBridgeContract, {
      runDir,
      log,
      handlers: {
        apply: (state) => this.#apply(state),
        status: () => this.#status(),
        'show-ike': async () => ({
          ike_sas: await this.#ikeSas(),
          problems: [...this.#upkeep.problems.values()],
        }),
        'show-policies': () => ({ policies: policyReports(this.#xfrm, this.#desired) }),
        initiate: ({ child }) => this.#initiate(child),
        terminate: ({ connection }) => this.#terminate(connection),
        'clear-ike': async ({ peer }) => ({
          connections: await clearIke(this.#vici, this.#operable(), peer),
        }),
        'clear-sa': ({ which }) => clearSas(this.#vici, this.#xfrm, this.#operable(), which),
        'debug-start': ({ peer }) => this.#debugStart(peer),
        'debug-read': ({ session }) => this.#debug.read(session),
        'debug-stop': ({ session }) => {
          this.#debug.stop(session);
          return {};
        },
      },
      snapshots: {
        ike: async () => ({ ike_sas: this.#vici.up ? await this.#ikeSas() : [] }),
        status: () => this.#status(),
      },
    });
    await this.#xfrm.load();
    await this.#watchDataplane();
    this.#xfrmServer = await XfrmServer.listen({ path: join(runDir, 'xfrm.sock'), xfrm: this.#xfrm, log });
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    this.#vici.start();
  }

  /** Resolves when the data plane's SAs are known, or are unlikely to become known soon. */
  #watchDataplane(): Promise<void> {
    return new Promise((resolve) => {
      const enough = setTimeout(resolve, FIRST_SYNC_MS);
      this.#dataplane.subscribe('status', {
        onSnapshot: (status) => {
          this.#sink.available = true;
          this.#addresses.dataplaneIsNew();
          this.#forwards = status.revision !== null;
          // It never rejects.
          void this.#sync().then(() => {
            clearTimeout(enough);
            resolve();
          });
          this.#announce();
        },
        onEvent: (status) => {
          // A tunnel that an SA waits for may have been configured.
          this.#tick();
          const before = this.#forwards;
          this.#forwards = status.revision !== null;
          if (this.#forwards !== before) this.#upkeep.kick();
        },
        onDown: () => {
          this.#sink.available = false;
          this.#forwards = false;
          this.#log.warn('the data plane no longer answers; SAs are kept until it is back');
          this.#announce();
        },
      });
      this.#dataplane.subscribe('audit', {
        onSnapshot: () => {},
        onEvent: (event) => {
          if (event.kind === 'refused' && event.reason === 'unknown_spi' && event.outer !== null)
            this.#upkeep.stray({ ...event.outer, spi: event.spi });
        },
      });
      this.#dataplane.subscribe('sa', {
        onSnapshot: () => {},
        onEvent: (event) => {
          if (event.kind === 'acquire') this.#acquire(event);
          else if (event.kind === 'sequence-low') this.#xfrm.sequenceLow(event);
          else this.#xfrm.mapping(event, event.address, event.port);
        },
      });
    });
  }

  /** Lifetimes and whatever waits; nobody waits for it, so what it throws is for the log. */
  #tick(): void {
    this.#xfrm
      .tick()
      .then((disagrees) => (disagrees ? this.#sync() : undefined))
      .catch((error: unknown) =>
        this.#log.error({ err: error }, 'lifetimes of SAs could not be looked at: tried again'),
      );
  }

  async #sync(): Promise<void> {
    try {
      const { adopted, installed, removed } = await this.#xfrm.sync();
      this.#log.info({ adopted, installed, removed }, 'the SAD and the data plane agree');
      const repairs = [
        ...(installed > 0
          ? [`${installed} SAs were installed again in a data plane that had lost them.`]
          : []),
        ...(removed > 0 ? [`${removed} SAs that nobody knows were removed from the data plane.`] : []),
      ];
      if (repairs.length > 0) this.#server.publish('ike', { kind: 'reconciled', repairs });
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'the data plane did not say which SAs it has');
    }
    this.#upkeep.kick();
  }

  #acquire(packet: { if_id: number; src: string; dst: string; protocol: number }): void {
    if (this.#xfrm.acquire(packet)) return;
    // No policy: charon does not know this tunnel. Upkeep initiates what ought to be up.
    // A hint, because packets meet a thousand tunnels once a second each while their peers are away.
    this.#log.debug({ if_id: packet.if_id, dst: packet.dst }, 'a packet met a tunnel that has no policy');
    this.#upkeep.hint();
  }

  #charonChanged(what: string): void {
    this.#log.info(what);
    this.#loaded = null;
    this.#announce();
    this.#upkeep.kick();
  }

  #apply(state: IkeState): IkeStatus {
    this.#desired = state;
    this.#upkeep.want(state);
    return this.#status();
  }

  #status(): IkeStatus {
    const wanted = this.#desired?.revision ?? null;
    const loaded = this.#loaded?.revision === wanted ? this.#loaded : null;
    const problems = [...(loaded?.problems ?? []), ...(loaded?.warnings ?? []), ...this.#failures];
    if (!this.#vici.up) problems.push('charon does not answer; connections are loaded once it does.');
    if (!this.#sink.available)
      problems.push('The data plane does not answer; SAs are installed once it does.');
    return {
      instance: this.#server.instance,
      revision: wanted,
      // A peer that does not answer is a problem to show, but nothing that the configuration waits for.
      converged: this.#vici.up && loaded !== null && loaded.problems.length === 0,
      problems,
      charon: this.#vici.up ? 'up' : 'down',
    };
  }

  #announce(): void {
    if (this.#server === undefined) return;
    const status = this.#status();
    const text = JSON.stringify(status);
    if (text === this.#published) return;
    this.#published = text;
    this.#server.publish('status', status);
  }

  #needCharon(): void {
    if (this.#vici.up) return;
    const why = this.#vici.downReason?.message ?? 'it has not been reached yet';
    throw new SluiceError('charon-down', `charon does not answer: ${why} See whether it runs, and its log.`);
  }

  /** What is configured, of a charon that answers. */
  #operable(): IkeState {
    this.#needCharon();
    return this.#desired ?? { revision: 0, connections: [], tunnels: [] };
  }

  async #debugStart(word: string): Promise<{ session: string; connections: string[] }> {
    const peer = peerOf(word, this.#operable().connections, await this.#ikeSas());
    return { session: await this.#debug.start(peer), connections: [...peer.names] };
  }

  async #ikeSas(): Promise<IkeSaReport[]> {
    this.#needCharon();
    return (await collectSas(this.#vici)).map(ikeSaReport);
  }

  async #initiate(child: string): Promise<{ initiated: boolean; reason: string | null }> {
    this.#needCharon();
    const desired = this.#desired;
    const connection = desired?.connections.find(({ children }) =>
      children.some(({ name }) => name === child),
    );
    if (desired === null || connection === undefined) {
      throw new SluiceError('no-child', `No connection has a child "${child}": see the configuration.`);
    }
    const reason = await initiateChild(this.#vici, desired, { connection: connection.name, child });
    return { initiated: reason === null, reason };
  }

  async #terminate(connection: string): Promise<{ terminated: number }> {
    this.#needCharon();
    return this.#vici.dedicated(async (own) => ({
      terminated: await terminate(own, { ike: connection }, { timeoutMs: TERMINATE_MS }),
    }));
  }
}
