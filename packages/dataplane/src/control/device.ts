// Takes a Linux device for the data plane, and gives it back: Linux itself must not answer on it.
import { readFile, writeFile } from 'node:fs/promises';
import { deviceInfo, deviceSet, NativeError } from '../native/index.js';

export interface CapturedDevice {
  mac: string;
  macOctets: Uint8Array;
  /** Linux's index of it: another device of the same name has another. */
  index: number;
}

/** Linux's index of a device; null when there is none of that name. */
export function deviceIndex(device: string): number | null {
  try {
    return deviceInfo(device).index;
  } catch (error) {
    if (error instanceof NativeError && error.code === 'ENODEV') return null;
    throw error;
  }
}

/** True while a device is up and has a carrier. */
export function deviceRunning(device: string): boolean {
  return deviceIndex(device) !== null && deviceInfo(device).running;
}

/**
 * Prepares a device. What Linux still sees of its traffic (copies under AF_PACKET, everything while the data
 * plane restarts) it must neither answer nor accept: no ARP, no IPv6, and nothing whose way back is another.
 *
 * @throws NativeError when there is no such device.
 */
export async function captureDevice(device: string, mtu: number): Promise<CapturedDevice> {
  if (deviceIndex(device) === null)
    throw new Error(`there is no device ${device}: it is taken as soon as it appears`);
  const info = deviceInfo(device);
  if (info.mac === '')
    throw new Error(`${device} has no Ethernet address: only Ethernet devices can be ports`);
  if (info.mtu !== mtu) deviceSet(device, { mtu });
  deviceSet(device, { arp: false, up: true });
  await setSysctl(`net/ipv6/conf/${device}/disable_ipv6`, '1');
  await setSysctl(`net/ipv4/conf/${device}/rp_filter`, '1');
  return {
    mac: info.mac,
    index: info.index,
    macOctets: Uint8Array.from(info.mac.split(':'), (octet) => Number.parseInt(octet, 16)),
  };
}

/** Undoes what captureDevice did, as far as the device is still there: the namespace's defaults hold again. */
export async function releaseDevice(device: string): Promise<void> {
  if (deviceIndex(device) === null) return;
  deviceSet(device, { arp: true, promiscuous: false });
  for (const [family, name] of [
    ['ipv6', 'disable_ipv6'],
    ['ipv4', 'rp_filter'],
  ]) {
    const value = await getSysctl(`net/${family}/conf/default/${name}`);
    if (value !== null) await setSysctl(`net/${family}/conf/${device}/${name}`, value);
  }
}

/** Null where the kernel has no such setting. */
async function getSysctl(path: string): Promise<string | null> {
  try {
    return (await readFile(`/proc/sys/${path}`, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return null;
  }
}

/** Writes a value under /proc/sys; a kernel that has no such setting needs none. */
export async function setSysctl(path: string, value: string): Promise<void> {
  try {
    await writeFile(`/proc/sys/${path}`, value);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
