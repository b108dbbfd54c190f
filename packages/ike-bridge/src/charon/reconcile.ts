// Brings charon from what it has to what the configuration wants, touching nothing that is already right.
import { createHash } from 'node:crypto';
import { type ConnectionSection, connectionWarnings } from '@sluice/shared';
import {
  getConns,
  initiate,
  loadConn,
  terminate,
  unloadConn,
  type ViciConnection,
  ViciError,
  type ViciSender,
} from '../vici/index.js';
import {
  type CharonConnection,
  type DesiredIke,
  type IfIds,
  ifIdsOf,
  loadConnMessage,
  toCharon,
} from './connections.js';
import { Credentials, type Present } from './credentials.js';
import { Pools } from './pools.js';
import { byConnection, collectSas, type ListedSa } from './sas.js';
import { elsewhere, type KnownChange, type StaleSas, staleSas } from './stale.js';

/** What of a ViciClient is needed. */
export interface CharonClient extends ViciSender {
  readonly generation: number;
  dedicated<T>(use: (connection: ViciConnection) => Promise<T>): Promise<T>;
}

export interface ReconcileReport {
  /** Names of connections that were loaded anew or changed, and of those that were removed. */
  loaded: string[];
  unloaded: string[];
  /** Unique ids of the SAs that were ended because they were made by another configuration. */
  ended: string[];
  /** Sentences for the operator; empty when charon is as the configuration wants it. */
  problems: string[];
  /** Sentences about what charon has taken, and is unwise or of no use. */
  warnings: string[];
}

/** What charon was given for a connection. */
interface Loaded {
  /** Without the local address where MOBIKE takes IKE_SAs from one to another. */
  ike: string;
  localAddress: string;
  children: Map<string, string>;
  /** Of the certificates that the connection goes with. */
  certificates: string;
}

/** A connection in charon's terms, which is made once: there may be thousands, and rounds every few seconds. */
interface Made {
  tunnels: DesiredIke['tunnels'];
  wanted: CharonConnection;
  hashes: Omit<Loaded, 'certificates'>;
}

/** What a round knows of charon, and what it is to tell. */
interface Round {
  desired: DesiredIke;
  ifIds: IfIds;
  present: ReadonlySet<string>;
  held: Present;
  /** By connection. */
  sas: ReadonlyMap<string, readonly ListedSa[]>;
  report: ReconcileReport;
}

interface Replacement {
  connection: ConnectionSection;
  /** Children to initiate before the old SAs go. */
  children: string[];
  stale: StaleSas;
}

/** Longest wait for a replacement SA before the old one goes anyway: it is not what the operator wants. */
const REPLACE_MS = 4000;
/** Replacements under way at a time, each on a VICI connection of its own. */
const REPLACE_AT_ONCE = 8;
/** How long charon has to take IKE_SAs to another address of ours by MOBIKE: two exchanges, repeated once. */
const MOVE_MS = 2000;
/** Wait for a peer to confirm a DELETE; after that charon goes on by itself. */
const TERMINATE_MS = 2000;

/**
 * What charon calls an IKE_SA whose peer has not yet said who it is (ike_sa_t.get_name). It is nobody's
 * leftover: ending it would leave the peer to wait out all its retransmissions.
 */
const UNNAMED = '(unnamed)';

export class Reconciler {
  private generation = 0;
  private readonly loaded = new Map<string, Loaded>();
  private readonly credentials = new Credentials();
  private readonly pools = new Pools();
  /** Survives a run that lost charon half-way: nothing else remembers which SAs a loaded change made stale. */
  private pending: Replacement[] = [];
  /** Connections whose local address has changed, and whose IKE_SAs MOBIKE is to take there: since when. */
  private readonly moving = new Map<string, number>();
  private readonly made = new WeakMap<ConnectionSection, Made>();
  private tail: Promise<unknown> = Promise.resolve();

  /**
   * One at a time; further calls wait. A connection that cannot be loaded is reported and stops no other.
   * @param listed what charon has just said of its SAs; it is asked unless told
   * @throws ViciError `disconnected`, `timeout` or `malformed` when charon is lost on the way: call again
   */
  reconcile(
    client: CharonClient,
    desired: DesiredIke,
    listed?: readonly ListedSa[],
  ): Promise<ReconcileReport> {
    const result = this.tail.then(() => this.run(client, desired, listed));
    this.tail = result.then(
      () => undefined,
      () => undefined, // the caller has the rejection
    );
    return result;
  }

  /** Whether MOBIKE is waited for: another round is wanted soon. */
  get isMoving(): boolean {
    return this.moving.size > 0;
  }

  private async run(
    client: CharonClient,
    desired: DesiredIke,
    listed: readonly ListedSa[] | undefined,
  ): Promise<ReconcileReport> {
    if (client.generation !== this.generation) {
      // Perhaps the same charon behind a new connection; loading what it has already changes nothing there.
      this.loaded.clear();
      this.moving.clear();
      this.credentials.forgetCharon();
      this.pools.forgetCharon();
      this.pending = [];
      this.generation = client.generation;
    }
    const report: ReconcileReport = { loaded: [], unloaded: [], ended: [], problems: [], warnings: [] };
    const present = new Set(await getConns(client));
    const held = await this.credentials.present(client);
    const sas = listed ?? (await collectSas(client));
    const round: Round = {
      desired,
      ifIds: ifIdsOf(desired.tunnels),
      present,
      held,
      sas: byConnection(sas),
      report,
    };

    await this.removeOthers(client, desired, present, sas, report);
    for (const connection of desired.connections) {
      try {
        const replacement = await this.load(client, connection, round);
        if (replacement) this.pending.push(replacement);
      } catch (error) {
        if (isLost(error)) throw error;
        report.problems.push(`Connection ${connection.name} is not loaded. ${messageOf(error)}`);
      }
    }
    await this.credentials.removeOthers(client, desired.connections, held);
    await this.pools.removeOthers(client, desired.connections);
    await replaceAll(client, this.pending, report);
    return report;
  }

  private async removeOthers(
    client: CharonClient,
    desired: DesiredIke,
    present: ReadonlySet<string>,
    sas: readonly ListedSa[],
    report: ReconcileReport,
  ): Promise<void> {
    const wanted = new Set(desired.connections.map(({ name }) => name));
    for (const name of present) {
      if (wanted.has(name)) continue;
      await unloadConn(client, name);
      this.loaded.delete(name);
      report.unloaded.push(name);
    }

    const orphans: StaleSas = { ike: [], child: [] };
    for (const { connection, section } of sas) {
      const id = section.get('uniqueid');
      if (wanted.has(connection) || connection === UNNAMED) continue;
      if (Buffer.isBuffer(id)) orphans.ike.push(id.toString());
    }
    if (orphans.ike.length > 0) await client.dedicated((own) => end(own, orphans, report));
  }

  /** @returns the SAs that the change makes stale, if any */
  private async load(
    client: CharonClient,
    connection: ConnectionSection,
    { desired, ifIds, present, held, sas, report }: Round,
  ): Promise<Replacement | null> {
    const { name } = connection;
    const { wanted, hashes } = this.make(connection, desired, ifIds);
    const before = this.loaded.get(name);
    // Secrets and pools first: a peer that calls between the commands finds everything or nothing.
    const material = await this.credentials.load(client, connection, held);
    await this.pools.load(client, connection);
    report.warnings.push(...connectionWarnings(connection), ...material.warnings);
    const next = { ...hashes, certificates: material.digest };
    if (before !== undefined && present.has(name)) {
      if (sameConfiguration(before, next) && before.certificates === next.certificates)
        return this.replaceUnmoved(connection, sas.get(name) ?? []);
    }
    if (connection.mobike && before !== undefined && before.localAddress !== next.localAddress)
      this.moving.set(name, performance.now());
    await loadConn(client, loadConnMessage(wanted, material));
    this.loaded.set(name, next);
    report.loaded.push(name);

    const change = before === undefined ? null : difference(before, next);
    const stale = staleSas(connection, ifIds, sas.get(name) ?? [], change);
    if (stale.ike.length + stale.child.length === 0) return null;
    const renewed = new Set(stale.child.map((child) => child.name));
    const children = connection.children
      .map((child) => child.name)
      .filter((child) => stale.ike.length > 0 || renewed.has(child));
    return { connection, children, stale };
  }

  /** IKE_SAs that are at an address which we no longer have, because the peer has no MOBIKE: they are made anew. */
  private replaceUnmoved(connection: ConnectionSection, sas: readonly ListedSa[]): Replacement | null {
    const since = this.moving.get(connection.name);
    if (since === undefined) return null;
    const ike = elsewhere(connection, sas);
    if (ike.length > 0 && performance.now() - since < MOVE_MS) return null;
    this.moving.delete(connection.name);
    if (ike.length === 0) return null;
    return { connection, children: connection.children.map(({ name }) => name), stale: { ike, child: [] } };
  }

  private make(connection: ConnectionSection, { tunnels }: DesiredIke, ifIds: IfIds): Made {
    const before = this.made.get(connection);
    if (before?.tunnels === tunnels) return before;
    const wanted = toCharon(connection, ifIds);
    const made = { tunnels, wanted, hashes: hashesOf(wanted) };
    this.made.set(connection, made);
    return made;
  }
}

function sha256(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

function hashesOf(wanted: CharonConnection): Omit<Loaded, 'certificates'> {
  const children = new Map([...wanted.children].map(([name, child]) => [name, sha256(child)]));
  const { local_addrs: local, ...others } = wanted.ike;
  const ike = sha256([wanted.ike.mobike === true ? others : wanted.ike, wanted.rounds]);
  return { ike, localAddress: sha256(local), children };
}

function difference(
  before: Omit<Loaded, 'certificates'>,
  next: Omit<Loaded, 'certificates'>,
): NonNullable<KnownChange> {
  const names = new Set([...before.children.keys(), ...next.children.keys()]);
  const children = [...names].filter((name) => before.children.get(name) !== next.children.get(name));
  return { ike: before.ike !== next.ike, children: new Set(children) };
}

function sameConfiguration(
  before: Omit<Loaded, 'certificates'>,
  next: Omit<Loaded, 'certificates'>,
): boolean {
  const change = difference(before, next);
  return !change.ike && change.children.size === 0 && before.localAddress === next.localAddress;
}

/**
 * Make before break: new SAs by the new configuration, then the old ones end, whether or not that worked.
 * Takes from `pending` what is done.
 */
async function replaceAll(
  client: CharonClient,
  pending: Replacement[],
  report: ReconcileReport,
): Promise<void> {
  const worker = async (): Promise<void> => {
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      const { connection, children, stale } = next;
      try {
        await client.dedicated(async (own) => {
          if (connection.start === 'initiate') {
            for (const child of children) await bringUp(own, connection.name, child, report);
          }
          await end(own, stale, report);
        });
      } catch (error) {
        pending.unshift(next);
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(REPLACE_AT_ONCE, pending.length) }, worker));
}

async function bringUp(
  own: ViciConnection,
  ike: string,
  child: string,
  report: ReconcileReport,
): Promise<void> {
  try {
    await initiate(own, { ike, child, timeoutMs: REPLACE_MS });
  } catch (error) {
    if (isLost(error)) throw error;
    report.problems.push(
      `Child ${child} of connection ${ike} is not up by its new configuration. ${messageOf(error)}`,
    );
  }
}

async function end(own: ViciConnection, stale: StaleSas, report: ReconcileReport): Promise<void> {
  for (const ikeId of stale.ike) await endOne(own, { ikeId }, report);
  for (const { id: childId } of stale.child) await endOne(own, { childId }, report);
}

async function endOne(
  own: ViciConnection,
  selector: { ikeId: string } | { childId: string },
  report: ReconcileReport,
): Promise<void> {
  try {
    const ended = await terminate(own, selector, { timeoutMs: TERMINATE_MS, force: 'ikeId' in selector });
    if (ended > 0) report.ended.push('ikeId' in selector ? selector.ikeId : selector.childId);
  } catch (error) {
    // A peer that does not answer the DELETE: charon deletes on its own once its retransmissions are through.
    if (isLost(error)) throw error;
    report.problems.push(messageOf(error));
  }
}

/** The connection to charon is gone, or useless: nothing more can be done now. */
function isLost(error: unknown): boolean {
  return error instanceof ViciError && ['disconnected', 'timeout', 'malformed'].includes(error.code);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
