// What an operator has negotiated anew: IKE_SAs by ending them, CHILD_SAs by rekeying them, which loses no packet.
import type { ClearedIke, ClearedSa, ConnectionSection, IkeState } from '@sluice/shared';
import { collectSas, ikeSaReport } from './charon/index.js';
import { initiateChild } from './initiate-child.js';
import { peerOf } from './peer.js';
import { rekey, terminate, type ViciClient, ViciError } from './vici/index.js';
import type { Xfrm } from './xfrm/index.js';

const TERMINATE_MS = 2000;

/** @throws SluiceError as peerOf; ViciError when charon goes away */
export async function clearIke(vici: ViciClient, desired: IkeState, word: string): Promise<ClearedIke[]> {
  const sas = (await collectSas(vici)).map(ikeSaReport);
  const { names } = peerOf(word, desired.connections, sas);
  const cleared: ClearedIke[] = [];
  for (const connection of desired.connections) {
    if (names.has(connection.name)) cleared.push(await clearConnection(vici, desired, connection));
  }
  return cleared;
}

async function clearConnection(
  vici: ViciClient,
  desired: IkeState,
  connection: ConnectionSection,
): Promise<ClearedIke> {
  const { name, start, children } = connection;
  // Its peer may be the reason: whoever clears does not wait for it to answer.
  const ended = await vici.dedicated((own) =>
    terminate(own, { ike: name }, { timeoutMs: TERMINATE_MS, force: true }),
  );
  if (start !== 'initiate') return { connection: name, ended, outcome: 'waits', reason: null };
  for (const child of children) {
    const reason = await initiateChild(vici, desired, { connection: name, child: child.name });
    if (reason !== null) return { connection: name, ended, outcome: 'failed', reason };
  }
  return { connection: name, ended, outcome: 'up', reason: null };
}

/** An SPI as it is shown: with 0x, or eight hexadecimal digits. */
const SPI = /^(?:0x([0-9a-f]{1,8})|([0-9a-f]{8}))$/i;

/**
 * @param which an SPI, a child, or what peerOf takes; null for all
 * @throws as clearIke
 */
export async function clearSas(
  vici: ViciClient,
  xfrm: Xfrm,
  desired: IkeState,
  which: string | null,
): Promise<{ children: ClearedSa[]; removed: number[] }> {
  const sas = (await collectSas(vici)).map(ikeSaReport);
  const all = sas.flatMap((ike) => ike.children.map((child) => ({ connection: ike.name, ...child })));
  const spi = spiOf(which);
  const known = (value: number): boolean =>
    all.some((child) => child.spi_in === value || child.spi_out === value);
  if (spi !== null && !known(spi)) {
    const strangers = xfrm.sad.all().filter((entry) => entry.spi === spi);
    await xfrm.drop(strangers);
    if (strangers.length > 0) return { children: [], removed: strangers.map((entry) => entry.spi) };
  }
  const meant = all.filter(
    spi !== null
      ? (child) => child.spi_in === spi || child.spi_out === spi
      : meantBy(which, desired, sas, all),
  );
  const children: ClearedSa[] = [];
  for (const { connection, name, unique_id, spi_in, spi_out } of meant)
    children.push({ connection, child: name, spi_in, spi_out, problem: await renew(vici, unique_id) });
  return { children, removed: [] };
}

function spiOf(which: string | null): number | null {
  const match = which === null ? null : SPI.exec(which);
  return match === null ? null : Number.parseInt(match[1] ?? match[2] ?? '', 16);
}

interface Named {
  connection: string;
  name: string;
}

function meantBy(
  which: string | null,
  desired: IkeState,
  sas: Parameters<typeof peerOf>[2],
  all: readonly Named[],
): (child: Named) => boolean {
  if (which === null) return () => true;
  if (all.some(({ name }) => name === which)) return ({ name }) => name === which;
  const { names } = peerOf(which, desired.connections, sas);
  return ({ connection }) => names.has(connection);
}

async function renew(vici: ViciClient, uniqueId: string): Promise<string | null> {
  try {
    const matched = await rekey(vici, { childId: uniqueId });
    return matched > 0 ? null : 'it went meanwhile';
  } catch (error) {
    if (!(error instanceof ViciError) || error.code !== 'refused') throw error;
    return error.message;
  }
}
