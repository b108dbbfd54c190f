// Sockets that listen in a VRF: in this process's network namespace, or in that of the VRF.
import { spawn } from 'node:child_process';
import { createServer, Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { DEFAULT_VRF } from '@sluice/shared';
import { inVrf } from '../commands/linux-program.js';

export interface ListenPlace {
  vrf: string;
  address: string;
}

const HELPER = fileURLToPath(new URL('./listen-main.js', import.meta.url));
/** A process of Node.js, on a busy machine. */
const HELPER_MS = 20_000;

/**
 * A server that calls for each connection. Errors: the system's words for why it cannot listen (EADDRNOTAVAIL while the
 * address is not there yet).
 */
export async function listenIn(
  { vrf, address }: ListenPlace,
  port: number,
  onConnection: OnConnection,
): Promise<Server> {
  if (vrf !== DEFAULT_VRF) return listenThere(vrf, address, port, onConnection);
  return listenHere(address, port, onConnection);
}

type OnConnection = (socket: Socket) => void;

async function listenHere(address: string, port: number, onConnection: OnConnection): Promise<Server> {
  const server = createServer(onConnection);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return server;
}

/** Node.js opens no socket in another namespace, so a process that is there does, and hands it over. */
async function listenThere(
  vrf: string,
  address: string,
  port: number,
  onConnection: OnConnection,
): Promise<Server> {
  const [file = '', ...rest] = await inVrf(vrf, [process.execPath, HELPER, address, `${port}`]);
  const child = spawn(file, rest, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    timeout: HELPER_MS,
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-500);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(said.trim() || `the helper ended with code ${code}`)));
    child.once('message', (message: unknown, handle: unknown) => {
      if (handle instanceof Server) resolve(handle.on('connection', onConnection));
      else reject(new Error(`listen ${(message as { code?: string }).code ?? 'failed'}`));
    });
  });
}
