// Asks whether a station has an address: by ARP on a link, by ICMP echo behind relays (RFC 2131 section 2.2).
import { foldChecksum, sumWords } from '../wire/checksum.js';

const ECHO_REQUEST = 8;
const ECHO_BYTES = 8;
const AT_CHECKSUM = 2;

/** Addresses that are being asked about at once; more are offered unasked. */
const PROBES_MAX = 1_024;

interface Waiting {
  /** Who is to get it: an answer from the client itself is no conflict. */
  mac: string;
  settle(inUse: boolean): void;
}

export class Prober {
  readonly #waiting = new Map<string, Waiting>();

  get isFull(): boolean {
    return this.#waiting.size >= PROBES_MAX;
  }

  /** Sends the question, and waits for an answer: true when a stranger gave one. */
  probe(vrf: string, address: number, mac: string, waitMs: number, ask: () => void): Promise<boolean> {
    const key = `${vrf} ${address}`;
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(false), waitMs);
      const settle = (inUse: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(key);
        resolve(inUse);
      };
      this.#waiting.set(key, { mac, settle });
      ask();
    });
  }

  /** Somebody has the address; `mac` is null when it answered from behind a router. */
  heard(vrf: string, address: number, mac: string | null): void {
    const waiting = this.#waiting.get(`${vrf} ${address}`);
    if (waiting !== undefined) waiting.settle(mac === null || mac !== waiting.mac);
  }

  close(): void {
    for (const { settle } of [...this.#waiting.values()]) settle(false);
  }
}

export function buildEcho(identifier: number): Buffer {
  const packet = Buffer.alloc(ECHO_BYTES);
  packet[0] = ECHO_REQUEST;
  packet.writeUInt16BE(identifier & 0xffff, 4);
  packet.writeUInt16BE(foldChecksum(sumWords(packet, 0, ECHO_BYTES)), AT_CHECKSUM);
  return packet;
}
