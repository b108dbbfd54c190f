// One collector: messages to it by UDP from the network namespace of its VRF, templates again and again (RFC 7011 section
// 8.4), and what is known to be lost of them.
import { statSync } from 'node:fs';
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { type IpfixCollectorSection, messageOf, parseIp4, parseIp6 } from '@sluice/shared';
import { closeFd, udpOpen, udpSend } from '../../native/index.js';
import { IpfixMessage } from './ipfix-message.js';
import { addInterfaceName, addTemplates } from './ipfix-templates.js';

/** While nothing can be sent, or nobody listens, templates show when that has changed. */
const RETRY_MS = 1_000;

const TWO_32 = 2 ** 32;

/** What ICMP may have said of the datagram before. Of the one that is being sent they come again at once. */
const REFUSED: readonly number[] = [
  constants.errno.ECONNREFUSED,
  constants.errno.EHOSTUNREACH,
  constants.errno.ENETUNREACH,
];

export type InterfaceName = readonly [row: number, name: string];

export interface CollectorSettings {
  section: IpfixCollectorSection;
  /** Path of the VRF's network namespace; empty for the process's own. */
  namespace: string;
  domain: number;
  sampling: number;
  refreshMs: number;
}

export class IpfixCollector {
  /** What was given to Linux to send; and records that were not, or whose datagram was refused on its way. */
  messages = 0;
  records = 0;
  lost = 0;
  /** Why the last message was not sent; null when it was. */
  problem: string | null = null;
  private readonly templates = new IpfixMessage();
  private readonly address: Uint8Array;
  private socket: { fd: number; namespace: number } | null = null;
  /** When the last templates were sent, in milliseconds since 1970. */
  private toldAt = Number.NEGATIVE_INFINITY;
  /** Nobody listened there; whoever does next has not seen the templates. */
  private mayBeNew = false;
  /** Data records sent before (RFC 7011 section 3.1). */
  private sequence = 0;
  private names: readonly InterfaceName[] = [];
  /** Records of the last message. */
  private last = 0;

  constructor(private readonly settings: CollectorSettings) {
    this.address = octetsOf(settings.section.host);
    addTemplates(this.templates, settings.sampling);
  }

  get section(): IpfixCollectorSection {
    return this.settings.section;
  }

  /** What interfaces are called, by the numbers that records have: told with the templates, and when they have changed. */
  name(names: readonly InterfaceName[]): void {
    if (names.length === this.names.length && names.every((each, i) => each.join() === this.names[i]!.join()))
      return;
    this.names = names;
    this.mayBeNew = true;
  }

  /** Sends templates when they are due. */
  tick(now: number): void {
    this.checkSocket();
    const { refreshMs } = this.settings;
    const restMs = this.problem === null && !this.mayBeNew ? refreshMs : Math.min(refreshMs, RETRY_MS);
    if (now - this.toldAt >= restMs || now < this.toldAt) this.tell(now);
  }

  /** Sends a message of data records, behind templates when they are due. */
  send(message: IpfixMessage, now: number): void {
    if (this.mayBeNew) this.tell(now);
    this.tick(now);
    this.transmit(message, now);
  }

  close(): void {
    if (this.socket !== null) closeFd(this.socket.fd);
    this.socket = null;
  }

  private tell(now: number): void {
    this.toldAt = now;
    this.mayBeNew = false;
    this.transmit(this.templates, now);
    this.tellNames(now);
  }

  private tellNames(now: number): void {
    const message = new IpfixMessage();
    for (const [row, name] of this.names) {
      if (addInterfaceName(message, row, name)) continue;
      this.transmit(message, now);
      message.clear();
      addInterfaceName(message, row, name);
    }
    if (!message.isEmpty) this.transmit(message, now);
  }

  private transmit(message: IpfixMessage, now: number): void {
    message.finish(now, this.sequence, this.settings.domain);
    // A collector sees by the next number that records are missing.
    this.sequence = (this.sequence + message.records) % TWO_32;
    const error = this.give(message);
    if (error === null) {
      this.messages++;
      this.records += message.records;
    } else {
      this.lost += message.records;
    }
    this.last = error === null ? message.records : 0;
    this.problem = error;
  }

  /** Null, or why it was not sent. */
  private give(message: IpfixMessage): string | null {
    try {
      this.socket ??= this.open();
    } catch (error) {
      return messageOf(error);
    }
    const { fd } = this.socket;
    const { section } = this.settings;
    const once = (): number => udpSend(fd, message.bytes, message.length, this.address, section.port);
    let result = once();
    if (REFUSED.includes(-result)) {
      result = once();
      if (result >= 0) this.refused();
    }
    return result < 0 ? `sending failed with ${getSystemErrorName(result)}` : null;
  }

  /** ICMP said that the datagram before did not arrive. */
  private refused(): void {
    this.records -= this.last;
    this.lost += this.last;
    this.mayBeNew = true;
  }

  private open(): { fd: number; namespace: number } {
    const { namespace } = this.settings;
    return { fd: udpOpen(namespace, this.address.length === 4 ? 4 : 6), namespace: inodeOf(namespace) };
  }

  /** A namespace that was made anew is another one, where the socket is not. */
  private checkSocket(): void {
    if (this.socket !== null && this.socket.namespace !== inodeOf(this.settings.namespace)) this.close();
  }
}

function inodeOf(namespace: string): number {
  if (namespace === '') return 0;
  return statSync(namespace, { throwIfNoEntry: false })?.ino ?? -1;
}

function octetsOf(text: string): Uint8Array {
  const four = parseIp4(text);
  const words = four === null ? parseIp6(text) : [four];
  if (words === null) throw new Error(`"${text}" is no address`);
  const bytes = new Uint8Array(4 * words.length);
  words.forEach((word, i) => {
    new DataView(bytes.buffer).setUint32(4 * i, word);
  });
  return bytes;
}
