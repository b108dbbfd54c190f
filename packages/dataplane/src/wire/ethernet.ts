// Ethernet II (IEEE 802.3 clause 3.2.6): destination, source, type.

export const ETHERNET_BYTES = 14;
export const ETHERNET_SOURCE = 6;
export const ETHERNET_TYPE = 12;

/** IANA's "IEEE 802 Numbers" registry. */
export const ETHERTYPE_IP4 = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_IP6 = 0x86dd;

export function formatMac(mac: Uint8Array): string {
  return Array.from(mac, (octet) => octet.toString(16).padStart(2, '0')).join(':');
}
