// Keeps charon as the configuration and the SAD want it: connections loaded, children up, nothing left over.
// Runs after every event, when something has to be tried again, and now and then.
import { type IkeSaReport, type IkeState, messageOf } from '@sluice/shared';
import {
  collectSas,
  ifIdsOf,
  ikeSaReport,
  KeepUp,
  type ListedSa,
  type LogLine,
  type Reconciler,
  type Refusal,
  retransmissionOf,
  type Target,
  writeRetransmission,
} from './charon/index.js';
import { Childless } from './childless.js';
import { detectionIn, tunnelsOnTraffic, wantedIfIds } from './desired.js';
import { type Surplus, surplusSas } from './duplicates.js';
import { attemptChild } from './initiate-child.js';
import { compare, type Differences, type KnownChild } from './orphans.js';
import { RefusedRekeyings } from './refused-rekeyings.js';
import { Rounds } from './rounds.js';
import { StrayPackets } from './stray-packets.js';
import { initiate, rekey, reloadSettings, terminate, type ViciClient, ViciError } from './vici/index.js';
import { nameOf, type Xfrm, type XfrmLog } from './xfrm/index.js';

/**
 * With more IKE_SAs than this, events have a round run after a rest: they come by the thousand when a hub
 * starts, and each would have charon list all SAs, which holds back its negotiations.
 */
const CROWD_SAS = 64;
/** Attempts that wait for their outcome, each with a thread of charon's; others begin, and the next round sees. */
const EXPLAINED_MAX = 8;
/**
 * SAs and policies that charon has not known for this long it has forgotten. In the middle of a regular end they are in
 * the SAD for a moment longer than in charon, and nobody wants them restored.
 */
const FORGOTTEN_MS = 1000;
export interface UpkeepOptions {
  vici: ViciClient;
  xfrm: Xfrm;
  reconciler: Reconciler;
  log: XfrmLog;
  /** File of charon's settings that the configuration decides; strongswan.conf includes it. */
  settingsPath: string;
  /**
   * Whether charon's packets get out: the data plane has its configuration. Whoever says so kicks when it changes.
   * An attempt before would wait for charon's retransmission, a second later.
   */
  forwards(): boolean;
  /** What charon has, at each look. */
  onSas(sas: IkeSaReport[]): void;
  /** The outcome of a round: sentences about what is wrong with the configuration as loaded. */
  onRound(loaded: { revision: number; problems: string[]; warnings: string[] }): void;
  /** What is wrong with single children, by name; an empty map when all is well. */
  onFailures(failures: ReadonlyMap<string, string>): void;
  onRepairs(repairs: string[]): void;
  /** An end has refused a rekeying, or refuses it for another reason than before. */
  onRefusal(refusal: Refusal, sentence: string): void;
}

export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #keepUp = new KeepUp();
  readonly #strays = new StrayPackets();
  readonly #refused = new RefusedRekeyings();
  readonly #childless = new Childless();
  readonly #failures = new Map<string, string>();
  readonly #initiating = new Set<string>();
  /** Unique ids of CHILD_SAs that a former round found broken: a rekeying looks like that for a moment. */
  #suspects = new Set<string>();
  /** Since when SAs or policies of an interface id have been unknown to charon, on the monotonic clock. */
  #unknownSinceMs = new Map<number, number>();
  /** As the last comparison with charon has it. */
  #carriedSinceMs: ReadonlyMap<string, number> = new Map();
  #warned: ReadonlySet<string> = new Set();
  #desired: IkeState | null = null;
  #generation = 0;
  /** Whether charon has read its settings since this process last wrote them. */
  #settingsRead = false;
  /** Whether there are so many SAs that events are collected. */
  #crowded = false;
  readonly #rounds = new Rounds(async () => ({ soon: await this.#round(), crowded: this.#crowded }));

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  want(desired: IkeState): void {
    this.#desired = desired;
    this.#keepUp.reset();
    this.#refused.want(desired.connections);
    this.kick();
  }

  /** What is wrong, by connection or child. */
  get problems(): ReadonlyMap<string, string> {
    return new Map([...this.#failures, ...this.#refused.problems]);
  }

  /** A line of charon's log. */
  heard(line: LogLine): void {
    const told = this.#refused.heard(line, this.#desired?.connections ?? [], performance.now());
    if (told === null) return;
    const { refusal, sentence } = told;
    if (sentence !== null) {
      this.#options.log.warn({ connection: refusal.connection }, sentence);
      this.#options.onRefusal(refusal, sentence);
      this.#options.onFailures(this.problems);
    }
    this.hint();
  }

  /** A CHILD_SA of the connection was rekeyed. */
  rekeyed(connection: string): void {
    this.#refused.rekeyed(connection);
  }

  /** The data plane received a packet by an SPI that it does not know. */
  stray(packet: { src: string; dst: string; spi: number }): void {
    if (this.#options.xfrm.sad.get(packet) !== undefined) return;
    if (this.#strays.heard(packet, performance.now())) this.kick();
  }

  close(): void {
    this.#rounds.close();
  }

  /** Something has happened to an SA. */
  hint(): void {
    this.#rounds.hint();
  }

  /** Something has happened that no rest is for. */
  kick(): void {
    this.#rounds.kick();
  }

  /** Returns whether another round is wanted soon. */
  async #round(): Promise<boolean> {
    const { vici, reconciler, log } = this.#options;
    const desired = this.#desired;
    // A new charon kicks by coming up; without a configuration, what charon has is nobody's to judge.
    if (!vici.up || desired === null) return false;
    if (vici.generation !== this.#generation) {
      this.#generation = vici.generation;
      this.#keepUp.reset();
      this.#refused.clear();
    }
    try {
      await this.#settle(desired);
      const before = await collectSas(vici);
      const report = await reconciler.reconcile(vici, desired, before);
      this.#warn(report.warnings);
      this.#options.onRound({ revision: desired.revision, ...report });
      const changed = [report.loaded, report.unloaded, report.ended].some(({ length }) => length > 0);
      const sas = changed ? await collectSas(vici) : before;
      this.#crowded = sas.length > CROWD_SAS;
      const reports = sas.map(ikeSaReport);
      this.#options.onSas(reports);
      const children = childrenOf(reports);
      const sad = this.#options.xfrm.sad.all();
      const differences = compare(sad, children, Date.now(), this.#carriedSinceMs);
      this.#carriedSinceMs = differences.carriedSinceMs;
      const noted = this.#noteUnknown(differences, children);
      const missing = this.#options.forwards() && this.#bringUp(desired, sas, children);
      const surplus = surplusSas(reports, detectionIn(desired));
      await this.#rekeyForStrays(children);
      await this.#authenticateAnew(reports);
      const waiting = await this.#repair(desired, differences, surplus);
      const pending = reconciler.isMoving || this.#refused.isPending;
      return missing || waiting || noted || pending || report.problems.length > 0;
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'charon did not answer in the middle of it; it is asked again.');
      return true;
    }
  }

  /** Before connections are loaded: an IKE_SA takes its retransmissions along when it is made. */
  async #settle(desired: IkeState): Promise<void> {
    const { settingsPath, vici } = this.#options;
    if (await writeRetransmission(settingsPath, retransmissionOf(desired.connections)))
      this.#settingsRead = false;
    if (this.#settingsRead) return;
    await reloadSettings(vici);
    this.#settingsRead = true;
  }

  /** Each is logged when it is new. */
  #warn(warnings: readonly string[]): void {
    for (const warning of warnings) if (!this.#warned.has(warning)) this.#options.log.warn({}, warning);
    this.#warned = new Set(warnings);
  }

  #bringUp(desired: IkeState, sas: readonly ListedSa[], children: readonly KnownChild[]): boolean {
    const nowMs = performance.now();
    const forgotten = (ifId: number): boolean =>
      nowMs - (this.#unknownSinceMs.get(ifId) ?? nowMs) >= FORGOTTEN_MS;
    const connections = new Map(desired.connections.map((connection) => [connection.name, connection]));
    const ifIds = ifIdsOf(desired.tunnels);
    const ifIdOf = ({ connection, child }: Target): number | undefined => {
      const section = connections.get(connection)?.children.find(({ name }) => name === child);
      return section === undefined ? undefined : ifIds.get(section.tunnel);
    };
    const due = this.#keepUp.due(
      {
        connections: desired.connections,
        restore: (target) => forgotten(ifIdOf(target) ?? -1),
      },
      sas,
      nowMs,
    );
    for (const target of due) void this.#initiate(target, desired);
    return this.#forgetFailures(desired, children);
  }

  /**
   * Of children that are up by now, whoever initiated them, or that are not configured any more. Returns
   * whether one is not up that ought to be: it may be due again before anything else happens.
   */
  #forgetFailures(desired: IkeState, children: readonly KnownChild[]): boolean {
    const up = new Set(
      children
        .filter(({ state }) => state === 'INSTALLED')
        .map(({ connection, name }) => `${connection}/${name}`),
    );
    const down = desired.connections.flatMap(({ name, start, children }) =>
      children.map((child) => ({ key: `${name}/${child.name}`, start })).filter(({ key }) => !up.has(key)),
    );
    const downKeys = new Set(down.map(({ key }) => key));
    for (const { connection, name, state } of children)
      if (state === 'INSTALLED') this.#childless.up(connection, name);
    for (const key of this.#failures.keys()) if (!downKeys.has(key)) this.#failures.delete(key);
    this.#options.onFailures(this.problems);
    return down.some(({ start }) => start === 'initiate');
  }

  async #initiate(target: Target, desired: IkeState): Promise<void> {
    const key = `${target.connection}/${target.child}`;
    if (this.#initiating.has(key)) return;
    this.#initiating.add(key);
    if (this.#initiating.size > EXPLAINED_MAX) {
      await this.#begin(target);
      this.#initiating.delete(key);
      return;
    }
    const failed = await attemptChild(this.#options.vici, desired, target);
    if (failed?.refusedInside === true) await this.#endChildless(target);
    this.#initiating.delete(key);
    const reason = failed?.reason ?? null;
    const before = this.#failures.get(key);
    if (reason === null) this.#failures.delete(key);
    else this.#failures.set(key, `${key} is not up: ${reason}`);
    if (reason !== null && this.#failures.get(key) !== before) {
      this.#options.log.warn({ connection: target.connection, child: target.child }, reason);
    }
    this.#options.onFailures(this.problems);
    this.hint();
  }

  /** An attempt whose outcome nobody waits for: whether the child is up the next round sees. */
  async #begin({ connection, child }: Target): Promise<void> {
    try {
      await initiate(this.#options.vici, { ike: connection, child, timeoutMs: -1 });
    } catch (error) {
      if (!(error instanceof ViciError)) throw error;
      this.#options.log.warn({ connection, child, error: error.message }, 'A child could not be initiated.');
    }
  }

  /**
   * A policy without CHILD_SA counts as an SA: charon deletes both in the end, and when it dies with the data
   * plane, the SPD is all that remembers the tunnel. Returns whether something may be about to be forgotten.
   */
  #noteUnknown({ unknown }: Differences, children: readonly KnownChild[]): boolean {
    const nowMs = performance.now();
    const before = this.#unknownSinceMs;
    // charon does not list the trap policies of connections that wait for traffic.
    const waiting = tunnelsOnTraffic(this.#desired);
    const known = new Set([...children.map((child) => child.if_id), ...waiting]);
    const policies = this.#options.xfrm.spd.all().filter(({ ifId }) => !known.has(ifId));
    this.#unknownSinceMs = new Map(
      [...unknown, ...policies].map(({ ifId }) => [ifId, before.get(ifId) ?? nowMs]),
    );
    return [...this.#unknownSinceMs.values()].some((sinceMs) => nowMs - sinceMs < FORGOTTEN_MS);
  }

  async #rekeyForStrays(children: readonly KnownChild[]): Promise<void> {
    const { vici, log, onRepairs } = this.#options;
    // The newest of a peer first, which is what is rekeyed.
    const newest = children
      .filter(({ state }) => state === 'INSTALLED')
      .sort((a, b) => Number(b.unique_id) - Number(a.unique_id));
    for (const child of newest) {
      const inbound = this.#options.xfrm.sad.get({ dst: child.local, spi: child.spi_in });
      if (inbound === undefined) continue;
      const nowMs = performance.now();
      const spi = this.#strays.take(child, nowMs, nowMs - (Date.now() - inbound.addedAtMs));
      if (spi === null) continue;
      const repair = `The peer of ${child.connection} sends by SPI ${hex(spi)}, which is not here any more: CHILD_SA ${child.name} is rekeyed.`;
      await rekey(vici, { childId: child.unique_id });
      log.info({}, repair);
      onRepairs([repair]);
    }
  }

  async #endChildless(target: Target): Promise<void> {
    const { vici, log, onRepairs } = this.#options;
    try {
      const repair = await this.#childless.end(vici, target);
      if (repair === null) return;
      log.info({}, repair);
      onRepairs([repair]);
    } catch (error) {
      if (!(error instanceof ViciError)) throw error;
      log.warn(
        { error: error.message },
        'An IKE_SA without CHILD_SAs could not be ended; it is tried again.',
      );
    }
  }

  /** Of connections whose CHILD_SAs cannot be rekeyed, because an end refuses it. */
  async #authenticateAnew(reports: readonly IkeSaReport[]): Promise<void> {
    const { vici, log, onRepairs } = this.#options;
    for (const { ikeId, connection } of this.#refused.due(reports, performance.now())) {
      await rekey(vici, { ikeId }, { reauth: true });
      const repair = `The peer of ${connection} is authenticated anew, because an end refuses to rekey: new SAs are made before the old ones go.`;
      log.info({}, repair);
      onRepairs([repair]);
    }
  }

  async #repair(
    desired: IkeState,
    { broken, unknown, replaced, orphans }: Differences,
    surplus: Surplus[],
  ): Promise<boolean> {
    const { xfrm, vici, log } = this.#options;
    const confirmed = broken.filter(
      ({ unique_id }) => this.#options.forwards() && this.#suspects.has(unique_id),
    );
    this.#suspects = new Set(broken.map(({ unique_id }) => unique_id));
    const repairs: string[] = [];

    for (const child of confirmed) {
      const what = `CHILD_SA ${child.name} of ${child.connection} with SPIs ${hex(child.spi_in)} and ${hex(child.spi_out)}`;
      try {
        await rekey(vici, { childId: child.unique_id });
        repairs.push(`${what} had lost an SA and is rekeyed.`);
      } catch (error) {
        if (!(error instanceof ViciError)) throw error;
        log.warn({ error: error.message }, `${what} could not be rekeyed; it is ended and made again.`);
        await vici.dedicated((own) => terminate(own, { childId: child.unique_id }, { timeoutMs: 2000 }));
        repairs.push(`${what} had lost an SA and was ended; it is initiated again.`);
      }
    }
    for (const { selector, sentence } of surplus) {
      await vici.dedicated((own) => terminate(own, selector, { timeoutMs: 2000 }));
      repairs.push(sentence);
    }
    await xfrm.drop(replaced);
    for (const sa of replaced)
      repairs.push(`SA ${nameOf(sa)}, which charon no longer knows, was removed: another took its place.`);
    // Others carry their tunnel's traffic until another SA does, or to the end of their life.
    const wanted = wantedIfIds(desired);
    const unwanted = orphans.filter(({ ifId }) => !wanted.has(ifId));
    await xfrm.drop(unwanted);
    for (const sa of unwanted)
      repairs.push(
        `SA ${nameOf(sa)}, which charon no longer knows, was removed: no connection is for its tunnel.`,
      );
    for (const repair of repairs) log.info({}, repair);
    if (repairs.length > 0) this.#options.onRepairs(repairs);
    return broken.length > 0 || unknown.length > 0;
  }
}

const hex = (spi: number): string => spi.toString(16).padStart(8, '0');

function childrenOf(reports: readonly IkeSaReport[]): KnownChild[] {
  return reports.flatMap((ike) =>
    ike.children.map((child) => ({
      ...child,
      connection: ike.name,
      local: ike.local_address,
      remote: ike.remote_address,
    })),
  );
}
