// What a Telnet server sends.
import { IAC, SB, SE, type Verb } from './codes.js';

const CR = 13;
const LF = 10;
const NUL = 0;

/** Data for the client's terminal, its IAC doubled, each CR that begins no CR LF followed by NUL (RFC 854). */
export class TelnetEncoder {
  /** The last octet was a CR, and what follows it is still to come. */
  #afterCr = false;

  /** @param binary Whether octets go as they are, but for IAC (RFC 856). */
  data(octets: Uint8Array, binary: boolean): Buffer {
    const sent: number[] = [];
    for (const octet of octets) {
      if (this.#afterCr && octet !== LF) sent.push(NUL);
      this.#afterCr = octet === CR && !binary;
      sent.push(octet);
      if (octet === IAC) sent.push(IAC);
    }
    return Buffer.from(sent);
  }
}

export function negotiation(verb: Verb, option: number): Buffer {
  return Buffer.of(IAC, verb, option);
}

export function subnegotiation(option: number, octets: readonly number[]): Buffer {
  const doubled = octets.flatMap((octet) => (octet === IAC ? [IAC, IAC] : [octet]));
  return Buffer.of(IAC, SB, option, ...doubled, IAC, SE);
}
