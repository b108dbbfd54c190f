// Virtual addresses (RFC 7296 section 2.19): those that a connection asks for, and those that its peer is given.
import { type ConnectionSection, canonicalIp } from '@sluice/shared';
import { getPools, loadPool, unloadPool, ViciError, type ViciSender } from '../vici/index.js';

interface Pool {
  name: string;
  addresses: string;
  dns: string[];
}

/** A pool for each address, because a pool of charon is one range. */
function poolsOf({ name, assign_addresses = [], assign_dns = [] }: ConnectionSection): Pool[] {
  return assign_addresses.map((address, i) => ({
    name: `${name}.${i}`,
    addresses: `${address}/${address.includes(':') ? 128 : 32}`,
    dns: assign_dns,
  }));
}

/** What of them the connection itself says to charon. */
export function virtualAddresses(connection: ConnectionSection): Record<string, string[]> {
  const asked: Record<string, string> = { any4: '0.0.0.0', any6: '::' };
  const vips = connection.request_addresses?.map(
    (address) => asked[address] ?? canonicalIp(address) ?? address,
  );
  const pools = poolsOf(connection).map(({ name }) => name);
  return { ...(vips === undefined ? {} : { vips }), ...(pools.length === 0 ? {} : { pools }) };
}

/** Brings charon's pools to what the connections want. */
export class Pools {
  readonly #loaded = new Map<string, string>();
  #asked = false;

  forgetCharon(): void {
    this.#loaded.clear();
    this.#asked = false;
  }

  /** Before the connection is loaded. @throws ViciError, `refused` among its codes while addresses are in use */
  async load(sender: ViciSender, connection: ConnectionSection): Promise<void> {
    for (const pool of poolsOf(connection)) {
      const state = JSON.stringify(pool);
      if (this.#loaded.get(pool.name) === state) continue;
      await loadPool(sender, pool);
      this.#loaded.set(pool.name, state);
    }
  }

  /** After connections have gone: one whose addresses are in use yet goes in a later round. */
  async removeOthers(sender: ViciSender, connections: readonly ConnectionSection[]): Promise<void> {
    const wanted = new Set(connections.flatMap(poolsOf).map(({ name }) => name));
    if (this.#asked && [...this.#loaded.keys()].every((name) => wanted.has(name))) return;
    // What another bridge left is seen when charon is asked once; from then on it has what is loaded here.
    this.#asked = true;
    for (const name of await getPools(sender)) {
      if (wanted.has(name)) continue;
      try {
        await unloadPool(sender, name);
      } catch (error) {
        if (!(error instanceof ViciError) || error.code !== 'refused') throw error;
        this.#asked = false;
        continue;
      }
      this.#loaded.delete(name);
    }
  }
}
