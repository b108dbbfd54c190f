import { addon } from './addon.js';

/** A network device of the process's network namespace. */
export interface DeviceInfo {
  /** The kernel's ifindex. */
  index: number;
  /** '02:00:00:00:00:01', or '' for a device without Ethernet header. */
  mac: string;
  /** Bytes, without the Ethernet header. */
  mtu: number;
  /** Administratively up. */
  up: boolean;
  /** Up, with a carrier: what is sent may arrive. */
  running: boolean;
  /** Receive queues in use; 1 when the driver does not say. */
  rxQueues: number;
  txQueues: number;
}

export interface DeviceChange {
  up?: boolean;
  mtu?: number;
  /** Whether Linux itself speaks ARP there. */
  arp?: boolean;
  promiscuous?: boolean;
}

/** @throws NativeError ENODEV when there is no such device. */
export const deviceInfo = addon.deviceInfo as (name: string) => DeviceInfo;

/** Changes what is given, MTU first. @throws NativeError */
export const deviceSet: (name: string, change: DeviceChange) => void = addon.deviceSet;

/**
 * Switches off the receive offloads that merge packets, take their VLAN tag or filter by it (GRO in all forms, LRO, VLAN), as far
 * as they are on and the driver lets them be changed.
 *
 * @returns the features that were switched off, as `ethtool -k` of the kernel names them ('rx-gro').
 * @throws NativeError
 */
export const deviceOffloadsOff: (name: string) => string[] = addon.deviceOffloadsOff;
