// The commands of charon's vici plugin that a gateway needs, typed. Each takes anything that can send commands:
// a ViciConnection or a ViciClient.
import type { RequestOptions } from './connection.js';
import { ViciError } from './errors.js';
import { decimal, flag, text, textList, type ViciInput, type ViciSection } from './message.js';

export interface ViciSender {
  request(command: string, message?: ViciInput, options?: RequestOptions): Promise<ViciSection>;
  stream(
    command: string,
    event: string,
    message?: ViciInput,
    options?: RequestOptions,
  ): AsyncGenerator<ViciSection, ViciSection, undefined>;
}

export interface Version {
  daemon: string;
  version: string;
  sysname: string;
  release: string;
  machine: string;
}

/** What picks SAs: by configuration name or by unique id. At least one is needed. */
export interface SaSelector {
  ike?: string;
  child?: string;
  ikeId?: string;
  childId?: string;
}

export interface SharedKey {
  id: string;
  type: 'IKE' | 'EAP' | 'XAUTH' | 'NTLM' | 'PPK';
  /** The caller wipes it; what was sent of it is wiped here. */
  data: Uint8Array;
  owners: readonly string[];
}

export interface InitiateOptions {
  child?: string;
  ike?: string;
  /** How long charon waits for the outcome; -1 answers at once. */
  timeoutMs: number;
  onLog?: (entry: ControlLog) => void;
}

/** A log line of the SA that a command is about. */
export interface ControlLog {
  group: string;
  level: number;
  ikeSaName: string | undefined;
  message: string;
}

/**
 * charon lists an IKE_SA when nothing else works on it, and installing SAs in a data plane that has much to do takes
 * seconds. This is for each of them; also for a command by which it looks for one among thousands, as it lists them.
 */
const BUSY_SA_MS = 20_000;

/** Waited beyond the timeout that charon was given, for its answer to arrive. */
const ANSWER_SLACK_MS = 2000;

export async function version(sender: ViciSender): Promise<Version> {
  const reply = await sender.request('version');
  const read = (key: string): string => text(reply, key) ?? '';
  return {
    daemon: read('daemon'),
    version: read('version'),
    sysname: read('sysname'),
    release: read('release'),
    machine: read('machine'),
  };
}

/** The reply as it is; the protocol's description lists its sections. */
export function stats(sender: ViciSender): Promise<ViciSection> {
  return sender.request('stats');
}

export async function reloadSettings(sender: ViciSender): Promise<void> {
  ensure('reload-settings', await sender.request('reload-settings'));
}

/** `connections`: configurations by name, in the terms of swanctl.conf. All are loaded by one command. */
export async function loadConn(sender: ViciSender, connections: ViciInput): Promise<void> {
  ensure('load-conn', await sender.request('load-conn', connections));
}

export async function unloadConn(sender: ViciSender, name: string): Promise<void> {
  ensure('unload-conn', await sender.request('unload-conn', { name }));
}

/** Names of the connections that were loaded by VICI. */
export async function getConns(sender: ViciSender): Promise<string[]> {
  return textList(await sender.request('get-conns'), 'conns');
}

/** Each yielded section holds one connection under its name. */
export function listConns(sender: ViciSender, ike?: string): AsyncGenerator<ViciSection> {
  return sender.stream('list-conns', 'list-conn', { ike });
}

export async function loadShared(sender: ViciSender, key: SharedKey): Promise<void> {
  const { id, type, data, owners } = key;
  ensure('load-shared', await sender.request('load-shared', { id, type, data, owners }));
}

export async function unloadShared(sender: ViciSender, id: string): Promise<void> {
  ensure('unload-shared', await sender.request('unload-shared', { id }));
}

/** Ids of the shared keys that were loaded by VICI with one. */
export async function getShared(sender: ViciSender): Promise<string[]> {
  return textList(await sender.request('get-shared'), 'keys');
}

/**
 * Initiates a CHILD_SA (or, without `child`, an IKE_SA alone) and waits for the outcome. Use a connection of
 * its own: others wait meanwhile.
 * @throws ViciError `refused` with charon's reason
 */
export async function initiate(sender: ViciSender, options: InitiateOptions): Promise<void> {
  const { child, ike, timeoutMs, onLog } = options;
  const input = { child, ike, timeout: timeoutMs };
  const limit = { deadlineMs: timeoutMs < 0 ? BUSY_SA_MS : timeoutMs + ANSWER_SLACK_MS };
  if (timeoutMs < 0) {
    ensure('initiate', await sender.request('initiate', input, limit));
    return;
  }
  const log = sender.stream('initiate', 'control-log', input, limit);
  for (;;) {
    const next = await log.next();
    if (next.done) {
      ensure('initiate', next.value);
      return;
    }
    onLog?.({
      group: text(next.value, 'group') ?? '',
      level: decimal(next.value, 'level') ?? 0,
      ikeSaName: text(next.value, 'ikesa-name'),
      message: text(next.value, 'msg') ?? '',
    });
  }
}

/**
 * Terminates SAs; with `force`, an IKE_SA goes without waiting for the peer's answer to its DELETE.
 * @returns how many were terminated; none matching is 0, not an error
 */
export async function terminate(
  sender: ViciSender,
  selector: SaSelector,
  options: { timeoutMs: number; force?: boolean },
): Promise<number> {
  const input = {
    ...selectorInput(selector),
    timeout: options.timeoutMs,
    force: options.force ? 'yes' : undefined,
  };
  const limit = { deadlineMs: Math.max(options.timeoutMs, 0) + ANSWER_SLACK_MS };
  const reply = await sender.request('terminate', input, limit);
  if (decimal(reply, 'matches') !== 0) ensure('terminate', reply);
  return decimal(reply, 'terminated') ?? 0;
}

/**
 * Starts a rekeying; of IKE_SAs with `reauth` an authentication in a new IKE_SA, to which the CHILD_SAs go.
 * @returns how many SAs matched
 */
export async function rekey(
  sender: ViciSender,
  selector: SaSelector,
  options: { reauth?: boolean } = {},
): Promise<number> {
  const input = { ...selectorInput(selector), reauth: options.reauth ? 'yes' : undefined };
  const reply = await sender.request('rekey', input, { deadlineMs: BUSY_SA_MS });
  if (decimal(reply, 'matches') !== 0) ensure('rekey', reply);
  return decimal(reply, 'matches') ?? 0;
}

/** Each yielded section holds one IKE_SA, with its CHILD_SAs, under its connection's name. */
export function listSas(sender: ViciSender, selector: SaSelector = {}): AsyncGenerator<ViciSection> {
  return sender.stream('list-sas', 'list-sa', selectorInput(selector), { deadlineMs: BUSY_SA_MS });
}

/** Each yielded section holds one trap, drop or bypass policy under its name. */
export function listPolicies(
  sender: ViciSender,
  kinds: { trap?: boolean; drop?: boolean; pass?: boolean },
): AsyncGenerator<ViciSection> {
  return sender.stream('list-policies', 'list-policy', {
    trap: kinds.trap,
    drop: kinds.drop,
    pass: kinds.pass,
  });
}

function selectorInput(selector: SaSelector): Record<string, string | undefined> {
  const { ike, child, ikeId, childId } = selector;
  return { ike, child, 'ike-id': ikeId, 'child-id': childId };
}

/** @throws ViciError `refused` unless the reply says success */
function ensure(command: string, reply: ViciSection): void {
  if (flag(reply, 'success')) return;
  throw new ViciError(
    'refused',
    `charon refused ${command}: ${text(reply, 'errmsg') ?? 'it gave no reason'}.`,
  );
}
