// Ethernet II (IEEE 802.3 clause 3.2.6): destination, source, type.

export const ETHERNET_BYTES = 14;
export const ETHERNET_DESTINATION = 0;
export const ETHERNET_SOURCE = 6;
export const ETHERNET_TYPE = 12;

/** IANA's "IEEE 802 Numbers" registry. */
export const ETHERTYPE_IP4 = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_IP6 = 0x86dd;

/** Reads `aa:bb:cc:dd:ee:ff`. */
export function parseMac(text: string): Uint8Array {
  const octets = text.split(':').map((octet) => Number.parseInt(octet, 16));
  if (octets.length !== 6 || octets.some((octet) => !(octet >= 0 && octet <= 255))) {
    throw new Error(`"${text}" is no MAC address such as 02:00:5e:10:00:01`);
  }
  return Uint8Array.from(octets);
}

export function formatMac(mac: Uint8Array): string {
  return Array.from(mac, (octet) => octet.toString(16).padStart(2, '0')).join(':');
}
