// One session of a connection: a terminal, a command, commands one a line, or files.
import { join } from 'node:path';
import type { Logger } from '@sluice/shared';
import type { ServerChannel, Session } from 'ssh2';
import { LineSession } from '../shell/line-session.js';
import { SessionModes } from '../shell/modes.js';
import type { SessionOutput, SessionUser } from '../shell/session.js';
import { type ScreenSize, TerminalSession } from '../shell/terminal-session.js';
import { serveFiles } from './sftp.js';

export interface SessionSettings {
  runDir: string;
  stateDir: string;
  idleMs: number;
  log: Logger;
}

export interface OpenSession {
  end(): void;
}

const SMALLEST: ScreenSize = { columns: 80, rows: 24 };

/** Takes the requests of a session. @param onEnd Called once, when it is over. */
export function acceptSession(
  session: Session,
  user: SessionUser,
  settings: SessionSettings,
  onEnd: (session: OpenSession) => void,
): OpenSession {
  const { runDir, stateDir, idleMs, log } = settings;
  const place = { user, runDir, captureDir: join(stateDir, 'captures'), filesDir: join(stateDir, 'files') };
  let size: ScreenSize | null = null;
  let terminal: TerminalSession | null = null;
  let interrupt = (): void => undefined;
  let channel: ServerChannel | null = null;
  const open: OpenSession = {
    end: () => {
      interrupt();
      terminal?.end();
      channel?.end();
    },
  };

  session.on('pty', (accept, _reject, info) => {
    size = sizeOf(info);
    accept?.();
  });
  session.on('window-change', (accept, _reject, info) => {
    size = sizeOf(info);
    terminal?.resize(size);
    accept?.();
  });
  session.on('env', (accept) => accept?.());
  session.on('signal', (accept, _reject, { name }) => {
    if (name === 'INT' || name === 'TERM' || name === 'HUP') interrupt();
    accept?.();
  });
  session.on('close', () => {
    interrupt();
    onEnd(open);
  });

  session.on('shell', (accept) => {
    channel = accept();
    if (size === null) void lines(channel);
    else void shell(channel, size);
  });
  session.on('exec', (accept, reject, { command }) => {
    if (/^scp\b/.test(command)) {
      // OpenSSH's scp speaks SFTP unless -O says otherwise.
      return void reject();
    }
    channel = accept();
    void exec(channel, command);
  });
  session.on('sftp', (accept) => {
    const sftp = accept();
    serveFiles(sftp, { stateDir, user, log });
  });

  async function shell(channel: ServerChannel, screen: ScreenSize): Promise<void> {
    const modes = new SessionModes(place, () => terminal?.end());
    await modes.greet();
    terminal = new TerminalSession(channel, place, screen, {
      prompt: () => modes.prompt(),
      program: (environment) => modes.program(environment),
    });
    const idle = idleTimer(idleMs, () => {
      terminal?.announce('nobody has typed for a while: the session ends');
      terminal?.end();
    });
    terminal.on('key', () => idle.reset(() => terminal?.running === true));
    terminal.on('end', () => {
      idle.stop();
      channel.exit(0);
      channel.end();
    });
    interrupt = () => terminal?.interrupt();
    terminal.start('Sluice. "?" says what there is, Tab completes.\n');
  }

  async function lines(channel: ServerChannel): Promise<void> {
    let left = false;
    const modes = new SessionModes(place, () => {
      left = true;
    });
    const session = new LineSession(place, plainOutput(channel), (environment) => modes.program(environment));
    interrupt = () => session.interrupt();
    finish(channel, await session.all(channel, () => left));
  }

  async function exec(channel: ServerChannel, command: string): Promise<void> {
    const modes = new SessionModes(place, () => undefined);
    const session = new LineSession(place, plainOutput(channel), (environment) => modes.program(environment));
    interrupt = () => session.interrupt();
    channel.on('close', () => session.interrupt());
    finish(channel, await session.one(command));
  }
  return open;
}

function finish(channel: ServerChannel, code: number): void {
  channel.exit(code);
  channel.end();
}

function plainOutput(channel: ServerChannel): SessionOutput {
  const write = (stream: { writable: boolean; write(text: string): boolean }, text: string): void => {
    if (stream.writable) stream.write(text);
  };
  return {
    out: (text) => write(channel, text),
    err: (text) => write(channel.stderr, text),
    screen: null,
    binary: channel,
  };
}

/** What a client says may be 0, or absurd. */
function sizeOf({ cols, rows }: { cols: number; rows: number }): ScreenSize {
  const within = (value: number, fallback: number): number =>
    value >= 2 && value <= 1000 ? value : fallback;
  return { columns: within(cols, SMALLEST.columns), rows: within(rows, SMALLEST.rows) };
}

function idleTimer(ms: number, onIdle: () => void) {
  let busy = (): boolean => false;
  const look = (): void => {
    if (busy()) timer = setTimeout(look, ms);
    else onIdle();
  };
  let timer = setTimeout(look, ms);
  return {
    reset: (isBusy: () => boolean): void => {
      busy = isBusy;
      clearTimeout(timer);
      timer = setTimeout(look, ms);
    },
    stop: (): void => clearTimeout(timer),
  };
}
