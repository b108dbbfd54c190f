// Two charons with the children of a device configuration, loaded by VICI as the bridge does, over IPv4 or IPv6.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import {
  type ConnectionSection,
  type childSection,
  connectionSection,
  type SaSpec,
  until,
} from '@sluice/shared';
import type { z } from 'zod';
import { ifIdsOf, loadConnMessage, toCharon } from '../../src/charon/connections.js';
import { initiate, loadConn, loadShared, rekey, terminate, ViciClient } from '../../src/vici/index.js';
import { CharonPair, type Side } from './charon-pair.js';

export type ChildInput = Omit<z.input<typeof childSection>, 'tunnel'>;
export const CHILD_IF_ID = 43;
const TUNNELS = [{ name: 'tun0', if_id: CHILD_IF_ID }];
const PSK = 'between these two';
const IDS = ['left.example', 'right.example'] as const;
export const LEFT6 = '2001:db8::1';
export const RIGHT6 = '2001:db8::2';

/** What a data plane was told of the SAs of one child. */
export interface Installed {
  in: SaSpec;
  out: SaSpec;
}

export interface Both {
  left: Installed;
  right: Installed;
}

export class ConfiguredPair {
  private readonly clients: ViciClient[] = [];

  private constructor(readonly pair: CharonPair) {}

  /** Both charons know the key of both; no connection yet. */
  static async start(): Promise<ConfiguredPair> {
    const made = new ConfiguredPair(await CharonPair.start());
    try {
      for (const [side, own6] of [
        [made.pair.left, LEFT6],
        [made.pair.right, RIGHT6],
      ] as const) {
        execFileSync('ip', ['-n', side.namespace, 'addr', 'add', `${own6}/64`, 'dev', 'v', 'nodad']);
        const client = new ViciClient({ path: join(side.dir, 'charon.vici') });
        made.clients.push(client);
        client.start();
        await until('charon answers', () => client.up);
        await loadShared(client, { id: 'psk', type: 'IKE', data: Buffer.from(PSK), owners: [...IDS] });
      }
    } catch (error) {
      await made.stop();
      throw error;
    }
    return made;
  }

  /**
   * Loads the connection with the child alone on both sides, because a responder goes by traffic selectors, not by
   * names; initiates it from the left, and waits until both data planes have both SAs with their selectors.
   */
  async bringUp(
    connection: 'four' | 'six',
    child: ChildInput,
    more: { force_udp_encapsulation?: boolean } = {},
  ): Promise<Both> {
    const { left, right } = this.pair;
    const addresses = connection === 'four' ? [left.address, right.address] : [LEFT6, RIGHT6];
    for (const [i, client] of this.clients.entries()) {
      const section: ConnectionSection = connectionSection.parse({
        name: connection,
        local: { address: addresses[i], id: IDS[i] },
        remote: { address: addresses[1 - i], id: IDS[1 - i] },
        psk: { file: '/nonexistent/psk' },
        ...more,
        children: [
          {
            ...child,
            tunnel: 'tun0',
            ...(i === 0 ? {} : { local_ts: child.remote_ts, remote_ts: child.local_ts }),
          },
        ],
      });
      await loadConn(client, loadConnMessage(toCharon(section, ifIdsOf(TUNNELS))));
    }
    await this.clients[0]!.dedicated((own) =>
      initiate(own, { ike: connection, child: child.name, timeoutMs: 8000 }),
    );
    await until('both sides have both SAs with their selectors', () =>
      [left, right].every(
        (side) =>
          side.sink.sas.size === 2 &&
          [...side.sink.sas.values()].every(({ spec }) => spec.selectors !== null),
      ),
    );
    return { left: installed(left), right: installed(right) };
  }

  /** Has the left charon rekey the child; resolves when both data planes have only new SAs, with their selectors. */
  async rekey(connection: 'four' | 'six', child: ChildInput): Promise<Both> {
    const sides = [this.pair.left, this.pair.right];
    const before = new Set(sides.flatMap(({ sink }) => [...sink.sas.keys()]));
    await rekey(this.clients[0]!, { ike: connection, child: child.name });
    await until('both sides have only new SAs', () =>
      sides.every(({ sink }) => sink.sas.size === 2 && ![...sink.sas.keys()].some((key) => before.has(key))),
    );
    return { left: installed(this.pair.left), right: installed(this.pair.right) };
  }

  /** Ends the child, and waits until it is gone on both sides. */
  async end(connection: 'four' | 'six', child: ChildInput): Promise<void> {
    await this.clients[0]!.dedicated((own) =>
      terminate(own, { ike: connection, child: child.name }, { timeoutMs: 5000 }),
    );
    await until('both sides have no SA', () =>
      [this.pair.left, this.pair.right].every(({ sink }) => sink.sas.size === 0),
    );
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.close();
    await this.pair.stop();
  }
}

/** What a data plane has now. */
export function installed(side: Side): Installed {
  const [inbound] = side.sink.specs('in');
  const [outbound] = side.sink.specs('out');
  if (inbound === undefined || outbound === undefined) throw new Error('an SA is missing');
  return { in: inbound, out: outbound };
}
