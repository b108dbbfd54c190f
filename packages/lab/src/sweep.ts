// Finds the labs on this machine, and removes those whose owner has died without stopping them.
import { readFileSync, rmSync } from 'node:fs';
import { codeOf, isAlive, type ProcessId } from '@sluice/shared';
import { isLabId, LAB_ROOT, makerOf, ownerFile, parseNamespaceName } from './system/paths.js';
import { entriesOf, labNamespaces, removeLab } from './system/remove.js';

/** owner.json: the process that made the lab, and what for. */
export interface OwnerRecord extends ProcessId {
  /** What the lab is called, for people: `demo`. */
  name: string;
  /** Milliseconds since 1970. */
  createdAtMs: number;
}

export interface LabSummary {
  id: string;
  /** Null when the record is gone: the lab is half removed. */
  owner: OwnerRecord | null;
  /** Whether the owner is. */
  alive: boolean;
  nodes: string[];
}

/**
 * Every lab of which anything is left: a directory, or a network namespace. A lab makes its directory, with the
 * owner's record in it, before its first namespace and removes it after the last, so that one without a record
 * is no living lab.
 */
export function listLabs(): LabSummary[] {
  // The namespaces first: a lab made between the two looks then shows its directory, never only namespaces.
  const namespaces = labNamespaces().flatMap((namespace) => parseNamespaceName(namespace) ?? []);
  const ids = new Set([...namespaces.map(({ id }) => id), ...entriesOf(LAB_ROOT).filter(isLabId)]);
  return [...ids].sort().map((id) => {
    const owner = readOwner(id);
    const nodes = namespaces.filter((namespace) => namespace.id === id).map(({ node }) => node);
    return { id, owner, alive: owner !== null && isAlive(owner), nodes };
  });
}

/** Removes every trace of labs whose owner is dead, and never one of a living lab. Returns their ids. */
export function sweep(): string[] {
  const dead = listLabs().filter(({ alive }) => !alive);
  for (const { id } of dead) removeLab(id);
  for (const entry of entriesOf(LAB_ROOT)) {
    const maker = makerOf(entry);
    if (maker && !isAlive(maker)) rmSync(`${LAB_ROOT}/${entry}`, { recursive: true, force: true });
  }
  return dead.map(({ id }) => id);
}

function readOwner(id: string): OwnerRecord | null {
  try {
    return JSON.parse(readFileSync(ownerFile(id), 'utf8')) as OwnerRecord;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
