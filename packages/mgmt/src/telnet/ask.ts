// A line that somebody types at a prompt, before there is a session: a name, or a password, which is not shown.
import type { TelnetChannel } from './channel.js';

const LINE_MAX = 256;

const CTRL_C = 0x03;
const CTRL_D = 0x04;
const BACKSPACE = 0x08;
const LF = 0x0a;
const CR = 0x0d;
const CTRL_U = 0x15;
const SPACE = 0x20;
const DELETE = 0x7f;

/** The line; null when the client leaves. What was typed behind its end is kept for who reads next. */
export function ask(channel: TelnetChannel, prompt: string, shown: boolean): Promise<string | null> {
  if (channel.destroyed) return Promise.resolve(null);
  channel.write(prompt);
  const typed: number[] = [];
  const echo = (text: string | Buffer): void => {
    if (channel.echoing && channel.writable) channel.write(text);
  };
  return new Promise((resolve) => {
    const end = (line: string | null, rest: Buffer): void => {
      channel.off('data', more);
      channel.off('end', gone);
      channel.off('close', gone);
      channel.pause();
      if (rest.length > 0) channel.unshift(rest);
      echo('\r\n');
      resolve(line);
    };
    const gone = (): void => end(null, Buffer.alloc(0));
    const more = (octets: Buffer): void => {
      for (const [at, octet] of octets.entries()) {
        const rest = octets.subarray(at + 1);
        const left = octet === CTRL_C || (octet === CTRL_D && typed.length === 0);
        if (left || octet === CR || octet === LF) {
          end(left ? null : Buffer.from(typed).toString('utf8'), rest);
          return;
        }
        if (octet === BACKSPACE || octet === DELETE) {
          if (eraseLast(typed) && shown) echo('\b \b');
        } else if (octet === CTRL_U) {
          while (eraseLast(typed)) if (shown) echo('\b \b');
        } else if (octet >= SPACE && typed.length < LINE_MAX) {
          typed.push(octet);
          if (shown) echo(Buffer.of(octet));
        }
      }
    };
    channel.on('data', more);
    channel.once('end', gone);
    channel.once('close', gone);
    channel.resume();
  });
}

/** A character of UTF-8 has one octet, or a first one and others of 10xxxxxx. False when there is none. */
function eraseLast(typed: number[]): boolean {
  if (typed.length === 0) return false;
  while (((typed.pop() ?? 0) & 0xc0) === 0x80);
  return true;
}
