// charon as its commands see it: remembers what it was sent, and answers.
import type { ViciSection, ViciSender } from '../../src/vici/index.js';
import { section } from './fixtures.js';

type Tree = Parameters<typeof section>[0];
type Message = { [key: string]: unknown };

export class FakeSender implements ViciSender {
  /** Commands with their messages; binary values as text, as they were when they were sent. */
  readonly sent: [string, Message][] = [];
  /** Answers by command, instead of success. */
  readonly answers = new Map<string, (message: Message) => Tree>();

  async request(command: string, message: object = {}): Promise<ViciSection> {
    const read = Object.fromEntries(
      Object.entries(message).map(([key, value]) => [
        key,
        value instanceof Uint8Array ? Buffer.from(value).toString() : (value as unknown),
      ]),
    );
    this.sent.push([command, read]);
    return section(this.answers.get(command)?.(read) ?? { success: 'yes' });
  }

  stream(): never {
    throw new Error('nothing here is streamed');
  }

  /** The commands since the last call. */
  commands(): string[] {
    return this.sent.splice(0).map(([command]) => command);
  }
}
