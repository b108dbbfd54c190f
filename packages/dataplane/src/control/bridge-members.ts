// Which interfaces are members of which bridge, as workers read it: a list in the interface table.
//
// Changed in place while workers walk along it: at each moment it leads to every member that stays. A member that left
// still leads on to those behind it.
import type { InterfaceTable } from '../tables/interfaces.js';

/** Rows of a bridge's members, in the order of the list. */
export function membersOf(table: InterfaceTable, bridge: number): number[] {
  const members: number[] = [];
  for (let row = table.nextMember[bridge]!; row !== 0; row = table.nextMember[row]!) members.push(row);
  return members;
}

/** Brings a bridge's members to these rows, which must be in no other bridge; returns those that left. */
export function setMembers(table: InterfaceTable, bridge: number, rows: readonly number[]): number[] {
  const gone = membersOf(table, bridge).filter((row) => !rows.includes(row));
  for (const row of gone) removeMember(table, row);
  for (const row of rows) {
    if (table.bridge[row] === bridge) continue;
    table.nextMember[row] = 0;
    Atomics.store(table.bridge, row, bridge);
    Atomics.store(table.nextMember, membersOf(table, bridge).at(-1) ?? bridge, row);
  }
  return gone;
}

/** Takes an interface out of its bridge, if it is in one. */
export function removeMember(table: InterfaceTable, row: number): void {
  const bridge = table.bridge[row]!;
  if (bridge === 0) return;
  const members = membersOf(table, bridge);
  const at = members.indexOf(row);
  Atomics.store(table.bridge, row, 0);
  if (at >= 0) Atomics.store(table.nextMember, members[at - 1] ?? bridge, table.nextMember[row]!);
}
