// What a station of a LAN has of IPv6.
import type { LabNode } from '@sluice/lab';

/** Global addresses on its device, as text. */
export async function addresses6(node: LabNode, device = 'eth0'): Promise<string[]> {
  const { stdout } = await node.run(['ip', '-j', '-6', 'address', 'show', 'dev', device, 'scope', 'global']);
  const links = JSON.parse(stdout || '[]') as { addr_info?: { local?: string; tentative?: boolean }[] }[];
  return links
    .flatMap(({ addr_info: all = [] }) => all)
    .filter(({ tentative }) => tentative !== true)
    .flatMap(({ local }) => local ?? []);
}

/** Its IPv6 routes but those of links, a line each. */
export async function routes6(node: LabNode): Promise<string> {
  return (await node.run(['ip', '-6', 'route', 'show'])).stdout;
}
