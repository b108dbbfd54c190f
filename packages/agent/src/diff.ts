// The difference between two configurations, for people: by name, not by position in a list.
import type { ConfigChange, DeviceConfig } from '@sluice/shared';

/** What identifies an entry of each list of sections, in the order in which keys are tried. */
const IDENTITIES: readonly (readonly string[])[] = [['vrf', 'prefix'], ['name']];

/**
 * Changes in the order of the sections. A list of sections is compared by what its entries are called, so that moving
 * an entry is no change; a list of values (addresses, proposals) is one value, because its order says something.
 */
export function diffConfigs(before: DeviceConfig | null, after: DeviceConfig): ConfigChange[] {
  return diffValues('', before ?? {}, after);
}

function diffValues(path: string, before: unknown, after: unknown): ConfigChange[] {
  if (isSectionList(before) && isSectionList(after)) return diffLists(path, before, after);
  if (isSection(before) && isSection(after)) return diffSections(path, before, after);
  if (canonical(before) === canonical(after)) return [];
  if (before === undefined) return [{ path, kind: 'added', before: null, after: show(after) }];
  if (after === undefined) return [{ path, kind: 'removed', before: show(before), after: null }];
  return [{ path, kind: 'changed', before: show(before), after: show(after) }];
}

function diffSections(path: string, before: Section, after: Section): ConfigChange[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) =>
    diffValues(path === '' ? key : `${path}.${key}`, before[key], after[key]),
  );
}

function diffLists(path: string, before: Section[], after: Section[]): ConfigChange[] {
  const old = byIdentity(before);
  const new_ = byIdentity(after);
  return [...new Set([...old.keys(), ...new_.keys()])].flatMap((id) =>
    diffValues(`${path}[${id}]`, old.get(id), new_.get(id)),
  );
}

type Section = Record<string, unknown>;

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for a list of entries that can be told apart by name; also for an empty list, which fits any. */
function isSectionList(value: unknown): value is Section[] {
  return Array.isArray(value) && value.every((entry) => isSection(entry) && identityOf(entry) !== null);
}

function identityOf(entry: Section): string | null {
  for (const keys of IDENTITIES) {
    if (keys.every((key) => typeof entry[key] === 'string')) return keys.map((key) => entry[key]).join(' ');
  }
  return null;
}

/** Two entries of the same name (two routes to one prefix) are told apart by their count. */
function byIdentity(entries: Section[]): Map<string, Section> {
  const found = new Map<string, Section>();
  for (const entry of entries) {
    const base = identityOf(entry) ?? '';
    let id = base;
    for (let n = 2; found.has(id); n++) id = `${base} #${n}`;
    found.set(id, entry);
  }
  return found;
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** JSON with the keys of each object in order and without absent ones: equal exactly when the content is. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) =>
      isSection(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
        : inner,
    ) ?? 'undefined'
  );
}
