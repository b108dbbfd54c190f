// One session of a connection: a terminal, a command, commands one a line, or files.
import type { ServerChannel, Session } from 'ssh2';
import { openShell, placeOf, type SessionSettings, sizeOf } from '../login/shell.js';
import { LineSession } from '../shell/line-session.js';
import { SessionModes } from '../shell/modes.js';
import type { SessionOutput, SessionUser } from '../shell/session.js';
import type { ScreenSize, TerminalSession } from '../shell/terminal-session.js';
import { serveFiles } from './sftp.js';

export interface OpenSession {
  end(): void;
}

/** Takes the requests of a session. @param onEnd Called once, when it is over. */
export function acceptSession(
  session: Session,
  user: SessionUser,
  settings: SessionSettings,
  onEnd: (session: OpenSession) => void,
): OpenSession {
  const { stateDir, log } = settings;
  const place = placeOf(user, settings);
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
    size = sizeOf(info.cols, info.rows);
    accept?.();
  });
  session.on('window-change', (accept, _reject, info) => {
    size = sizeOf(info.cols, info.rows);
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

  async function shell(channel: ServerChannel, first: ScreenSize): Promise<void> {
    const opened = await openShell(channel, user, () => size ?? first, settings);
    opened.on('end', () => {
      channel.exit(0);
      channel.end();
    });
    terminal = opened;
    interrupt = () => opened.interrupt();
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
