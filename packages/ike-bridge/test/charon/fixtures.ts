// Configurations and SAs for tests.
import { type ConnectionSection, connectionSection } from '@sluice/shared';
import type { ViciSection, ViciValue } from '../../src/vici/index.js';

/** A connection from 192.0.2.1 to 192.0.2.2 with one child, `net`, of the tunnel `tun0`. */
export function connection(changes: Partial<Record<string, unknown>> = {}): ConnectionSection {
  return connectionSection.parse({
    name: 'office',
    local: { address: '192.0.2.1', id: 'a.example' },
    remote: { address: '192.0.2.2', id: 'b.example' },
    psk: { file: '/nonexistent/psk' },
    children: [{ name: 'net', tunnel: 'tun0' }],
    ...changes,
  });
}

export const TUNNELS = [
  { name: 'tun0', if_id: 7 },
  { name: 'tun1', if_id: 8 },
];

type Tree = { [key: string]: string | string[] | Tree };

/** A section as if it had been received. */
export function section(tree: Tree): ViciSection {
  return new Map(
    Object.entries(tree).map(([key, value]): [string, ViciValue] => {
      if (typeof value === 'string') return [key, Buffer.from(value)];
      if (Array.isArray(value)) return [key, value.map((item) => Buffer.from(item))];
      return [key, section(value)];
    }),
  );
}
