// The command line in a terminal of somebody who has logged in, over whatever carries it.
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Logger } from '@sluice/shared';
import { SessionModes } from '../shell/modes.js';
import type { SessionPlace, SessionUser } from '../shell/session.js';
import { type ScreenSize, TerminalSession } from '../shell/terminal-session.js';

/** What sessions need to know of the gateway that they belong to. */
export interface SessionSettings {
  runDir: string;
  stateDir: string;
  idleMs: number;
  log: Logger;
}

export const SMALLEST: ScreenSize = { columns: 80, rows: 24 };
const SIDE_MIN = 2;
const SIDE_MAX = 1000;

export function placeOf(
  user: SessionUser,
  { runDir, stateDir }: SessionSettings,
): SessionPlace & { filesDir: string } {
  return { user, runDir, captureDir: join(stateDir, 'captures'), filesDir: join(stateDir, 'files') };
}

/** What a client says of its screen may be 0, or absurd. */
export function sizeOf(columns: number, rows: number): ScreenSize {
  const within = (value: number, fallback: number): number =>
    value >= SIDE_MIN && value <= SIDE_MAX ? value : fallback;
  return { columns: within(columns, SMALLEST.columns), rows: within(rows, SMALLEST.rows) };
}

/** Greets, and serves lines until the user leaves, nobody types for a while, or the channel ends. */
export async function openShell(
  channel: Duplex,
  user: SessionUser,
  size: () => ScreenSize,
  settings: SessionSettings,
): Promise<TerminalSession> {
  const place = placeOf(user, settings);
  let terminal: TerminalSession | null = null;
  const modes = new SessionModes(place, () => terminal?.end());
  await modes.greet();
  const opened = new TerminalSession(channel, place, size(), {
    prompt: () => modes.prompt(),
    program: (environment) => modes.program(environment),
  });
  terminal = opened;
  const idle = idleTimer(
    settings.idleMs,
    () => opened.running,
    () => {
      opened.announce('nobody has typed for a while: the session ends');
      opened.end();
    },
  );
  opened.on('key', () => idle.reset());
  opened.on('end', () => idle.stop());
  opened.start('Sluice. "?" says what there is, Tab completes.\n');
  return opened;
}

/** Calls when so long nothing has reset it; while it is busy the time begins again. */
function idleTimer(ms: number, busy: () => boolean, onIdle: () => void) {
  const look = (): void => {
    if (busy()) timer = setTimeout(look, ms);
    else onIdle();
  };
  let timer = setTimeout(look, ms);
  return {
    reset: (): void => {
      clearTimeout(timer);
      timer = setTimeout(look, ms);
    },
    stop: (): void => clearTimeout(timer),
  };
}
