// Keeps charon as the configuration and the SAD want it: connections loaded, children up, nothing left over.
// Runs after every event, when something has to be tried again, and now and then.
import { type IkeState, messageOf } from '@sluice/shared';
import {
  collectSas,
  dpdOf,
  explainFailure,
  ikeSaReport,
  KeepUp,
  type ListedSa,
  type Reconciler,
  retransmissionOf,
  type Target,
  writeRetransmission,
} from './charon/index.js';
import { type Surplus, surplusSas } from './duplicates.js';
import { compare, type Differences, type KnownChild } from './orphans.js';
import { StrayPackets } from './stray-packets.js';
import { initiate, rekey, reloadSettings, terminate, type ViciClient, ViciError } from './vici/index.js';
import { nameOf, type Xfrm, type XfrmLog } from './xfrm/index.js';

const EVERY_MS = 10_000;
/** While something is being waited for. Rounds take at most a tenth of the time: a hub's are long. */
const SOON_MS = 1000;
const SOON_SHARE = 10;
/**
 * SAs and policies that charon has not known for this long it has forgotten. In the middle of a regular end they are in
 * the SAD for a moment longer than in charon, and nobody wants them restored.
 */
const FORGOTTEN_MS = 1000;
/** charon's own retransmissions take 29 s until it gives up; another attempt follows. */
const INITIATE_MS = 32_000;
/** charon fails an attempt to make a CHILD_SA that is there already: what was asked for is so. */
const DUPLICATE = /not establishing CHILD_SA .* due to existing duplicate/;

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
  /** The outcome of a round: sentences about what is wrong with the configuration as loaded. */
  onRound(loaded: { revision: number; problems: string[]; warnings: string[] }): void;
  /** What is wrong with single children, by name; an empty map when all is well. */
  onFailures(failures: ReadonlyMap<string, string>): void;
  onRepairs(repairs: string[]): void;
}

export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #keepUp = new KeepUp();
  readonly #strays = new StrayPackets();
  readonly #failures = new Map<string, string>();
  readonly #initiating = new Set<string>();
  /** Unique ids of CHILD_SAs that a former round found broken: a rekeying looks like that for a moment. */
  #suspects = new Set<string>();
  /** Since when SAs or policies of an interface id have been unknown to charon, on the monotonic clock. */
  #unknownSinceMs = new Map<number, number>();
  #warned: ReadonlySet<string> = new Set();
  #desired: IkeState | null = null;
  #generation = 0;
  /** Whether charon has read its settings since this process last wrote them. */
  #settingsRead = false;
  #timer: NodeJS.Timeout | null = null;
  #running = false;
  #again = false;
  #closed = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  want(desired: IkeState): void {
    this.#desired = desired;
    this.#keepUp.reset();
    this.kick();
  }

  /** The data plane received a packet by an SPI that it does not know. */
  stray(packet: { src: string; dst: string; spi: number }): void {
    if (this.#options.xfrm.sad.get(packet) !== undefined) return;
    if (this.#strays.heard(packet, performance.now())) this.kick();
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Has a round run soon: at once, or once more after the one that runs. */
  kick(): void {
    if (this.#closed) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#running = true;
    const begun = performance.now();
    void this.#round().then((soon) => {
      this.#running = false;
      if (this.#closed) return;
      if (this.#again) {
        this.#again = false;
        this.kick();
        return;
      }
      const soonMs = Math.max(SOON_MS, SOON_SHARE * (performance.now() - begun));
      this.#timer = setTimeout(() => this.kick(), soon ? Math.min(soonMs, EVERY_MS) : EVERY_MS);
    });
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
    }
    try {
      await this.#settle(desired);
      const report = await reconciler.reconcile(vici, desired);
      this.#warn(report.warnings);
      this.#options.onRound({ revision: desired.revision, ...report });
      const sas = await collectSas(vici);
      const children = childrenOf(sas);
      const differences = compare(this.#options.xfrm.sad.all(), children, Date.now());
      const noted = this.#noteUnknown(differences, children);
      const missing = this.#options.forwards() && this.#bringUp(desired, sas);
      const surplus = surplusSas(sas.map(ikeSaReport), (name) => detectionOf(desired, name));
      await this.#rekeyForStrays(children);
      const waiting = await this.#repair(desired, differences, surplus);
      return missing || waiting || noted || report.problems.length > 0;
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

  #bringUp(desired: IkeState, sas: readonly ListedSa[]): boolean {
    const nowMs = performance.now();
    const forgotten = (ifId: number): boolean =>
      nowMs - (this.#unknownSinceMs.get(ifId) ?? nowMs) >= FORGOTTEN_MS;
    const ifIdOf = ({ connection, child }: Target): number | undefined => {
      const section = desired.connections
        .find(({ name }) => name === connection)
        ?.children.find(({ name }) => name === child);
      return desired.tunnels.find(({ name }) => name === section?.tunnel)?.if_id;
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
    return this.#forgetFailures(desired, sas);
  }

  /**
   * Of children that are up by now, whoever initiated them, or that are not configured any more. Returns
   * whether one is not up that ought to be: it may be due again before anything else happens.
   */
  #forgetFailures(desired: IkeState, sas: readonly ListedSa[]): boolean {
    const up = new Set(
      childrenOf(sas)
        .filter(({ state }) => state === 'INSTALLED')
        .map(({ connection, name }) => `${connection}/${name}`),
    );
    const down = desired.connections.flatMap(({ name, start, children }) =>
      children.map((child) => ({ key: `${name}/${child.name}`, start })).filter(({ key }) => !up.has(key)),
    );
    const downKeys = new Set(down.map(({ key }) => key));
    for (const key of this.#failures.keys()) if (!downKeys.has(key)) this.#failures.delete(key);
    this.#options.onFailures(this.#failures);
    return down.some(({ start }) => start === 'initiate');
  }

  async #initiate(target: Target, desired: IkeState): Promise<void> {
    const key = `${target.connection}/${target.child}`;
    if (this.#initiating.has(key)) return;
    this.#initiating.add(key);
    const reason = await initiateChild(this.#options.vici, desired, target);
    this.#initiating.delete(key);
    const before = this.#failures.get(key);
    if (reason === null) this.#failures.delete(key);
    else this.#failures.set(key, `${key} is not up: ${reason}`);
    if (reason !== null && this.#failures.get(key) !== before) {
      this.#options.log.warn({ connection: target.connection, child: target.child }, reason);
    }
    this.#options.onFailures(this.#failures);
    this.kick();
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
      const spi = this.#strays.take(child, performance.now());
      if (spi === null) continue;
      const repair = `The peer of ${child.connection} sends by SPI ${hex(spi)}, which is not here any more: CHILD_SA ${child.name} is rekeyed.`;
      await rekey(vici, { childId: child.unique_id });
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

/** Seconds within which charon gives up a dead peer of a connection; null for never, or when there is no such connection. */
function detectionOf(desired: IkeState, name: string): number | null {
  const connection = desired.connections.find((candidate) => candidate.name === name);
  if (connection === undefined) return null;
  const { dpd_delay: delay, dpd_timeout: timeout } = dpdOf(connection);
  return delay === 0 ? null : timeout;
}

/** Interface ids of tunnels that a connection is for. */
function wantedIfIds({ connections, tunnels }: IkeState): Set<number> {
  const names = connections.flatMap(({ children }) => children.map(({ tunnel }) => tunnel));
  return new Set(tunnels.filter(({ name }) => names.includes(name)).map((tunnel) => tunnel.if_id));
}

/** Interface ids of tunnels whose children wait for traffic. */
function tunnelsOnTraffic(desired: IkeState | null): number[] {
  const names = (desired?.connections ?? [])
    .filter(({ start }) => start === 'on-traffic')
    .flatMap(({ children }) => children.map(({ tunnel }) => tunnel));
  return (desired?.tunnels ?? []).filter(({ name }) => names.includes(name)).map((tunnel) => tunnel.if_id);
}

function childrenOf(sas: readonly ListedSa[]): KnownChild[] {
  return sas.map(ikeSaReport).flatMap((ike) =>
    ike.children.map((child) => ({
      ...child,
      connection: ike.name,
      local: ike.local_address,
      remote: ike.remote_address,
    })),
  );
}

/** Null when the child is up; else why not, as a sentence for the operator. */
export async function initiateChild(
  vici: ViciClient,
  desired: IkeState,
  target: Target,
): Promise<string | null> {
  const lines: string[] = [];
  try {
    await vici.dedicated((own) =>
      initiate(own, {
        ike: target.connection,
        child: target.child,
        timeoutMs: INITIATE_MS,
        onLog: ({ message }) => void lines.push(message),
      }),
    );
    return null;
  } catch (error) {
    if (!(error instanceof ViciError)) throw error;
    if (lines.some((line) => DUPLICATE.test(line))) return null;
    const connection = desired.connections.find(({ name }) => name === target.connection);
    return explainFailure([...lines, error.message], connection)?.sentence ?? error.message;
  }
}
