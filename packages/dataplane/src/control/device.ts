// Takes a Linux device for the data plane, and gives it back: Linux itself must not answer on it.
import { writeFile } from 'node:fs/promises';
import { deviceInfo, deviceSet } from '../native/index.js';
import { ipBatch } from './ip-command.js';

export interface CapturedDevice {
  mac: string;
  macOctets: Uint8Array;
}

/**
 * Prepares a device. What Linux still sees of its traffic (copies under AF_PACKET, everything while the data
 * plane restarts) it must neither answer nor accept: no ARP, no IPv6, and nothing whose way back is another.
 *
 * @throws NativeError when there is no such device; IpCommandError.
 */
export async function captureDevice(device: string, mtu: number): Promise<CapturedDevice> {
  const info = deviceInfo(device);
  if (info.mac === '')
    throw new Error(`${device} has no Ethernet address: only Ethernet devices can be ports`);
  if (info.mtu !== mtu) deviceSet(device, { mtu });
  await ipBatch([`link set dev ${device} arp off up`]);
  await setSysctl(`net/ipv6/conf/${device}/disable_ipv6`, '1');
  await setSysctl(`net/ipv4/conf/${device}/rp_filter`, '1');
  return {
    mac: info.mac,
    macOctets: Uint8Array.from(info.mac.split(':'), (octet) => Number.parseInt(octet, 16)),
  };
}

/** Undoes what captureDevice did, as far as the device is still there. */
export async function releaseDevice(device: string): Promise<void> {
  await ipBatch([`link set dev ${device} arp on`]);
  deviceSet(device, { promiscuous: false });
  await setSysctl(`net/ipv6/conf/${device}/disable_ipv6`, '0');
}

/** Writes a value under /proc/sys; a kernel that has no such setting needs none. */
export async function setSysctl(path: string, value: string): Promise<void> {
  try {
    await writeFile(`/proc/sys/${path}`, value);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
