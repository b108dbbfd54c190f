// What belongs to an interface id, found without a search: a hub has thousands of tunnels, and a request is about one.

export class ByInterface<T extends { readonly ifId: number }> {
  readonly #members = new Map<number, Set<T>>();

  add(member: T): void {
    const members = this.#members.get(member.ifId);
    if (members === undefined) this.#members.set(member.ifId, new Set([member]));
    else members.add(member);
  }

  delete(member: T): void {
    const members = this.#members.get(member.ifId);
    if (members?.delete(member) === true && members.size === 0) this.#members.delete(member.ifId);
  }

  clear(): void {
    this.#members.clear();
  }

  /** A copy, in the order in which they came. */
  of(ifId: number): T[] {
    return [...(this.#members.get(ifId) ?? [])];
  }
}
