// Numbers on the command line.
import { InvalidArgumentError } from 'commander';

/** IP protocols by name (IANA, protocol-numbers). */
const PROTOCOLS: Record<string, number> = {
  icmp: 1,
  tcp: 6,
  udp: 17,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  ospf: 89,
  sctp: 132,
};

export function parseProtocol(text: string): number {
  const number = PROTOCOLS[text.toLowerCase()] ?? (/^\d{1,3}$/.test(text) ? Number(text) : 256);
  if (number > 255)
    throw new InvalidArgumentError(`Give a number to 255, or one of ${Object.keys(PROTOCOLS).join(', ')}.`);
  return number;
}

/** The name of a protocol; its number where it has none here. */
export function protocolName(protocol: number): string {
  return Object.entries(PROTOCOLS).find(([, number]) => number === protocol)?.[0] ?? `${protocol}`;
}

export function parsePositive(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('Give a whole number from 1.');
  return Number(text);
}
