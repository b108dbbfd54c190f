// What a step waits for that the control side does in its own time.
import { until } from '@sluice/shared';
import type { Setting } from './setting.js';

/** A tunnel has an MTU: what was told of its path has come to it. */
export function mtuOf(tunnel: string, mtu: number): (setting: Setting) => Promise<void> {
  return async ({ client }) => {
    await until(`${tunnel} to have an MTU of ${mtu}`, async () => {
      const { interfaces } = await client.request('show-interfaces', {});
      const found = interfaces.find(({ name }) => name === tunnel)?.mtu;
      return found === mtu || Promise.reject(new Error(`its MTU is ${found}`));
    });
  };
}
