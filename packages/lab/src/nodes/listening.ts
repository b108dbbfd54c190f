// Whether a port is bound in a process's network namespace, read where ss(8) would read it: /proc/PID/net.
import { readFileSync } from 'node:fs';
import { codeOf } from '@sluice/shared';

/** include/net/tcp_states.h; an unconnected UDP socket is shown as TCP_CLOSE. */
const TCP_LISTEN = '0A';
const TCP_CLOSE = '07';

export function isListening(pid: number, protocol: 'tcp' | 'udp', port: number): boolean {
  const wanted = protocol === 'tcp' ? TCP_LISTEN : TCP_CLOSE;
  return [protocol, `${protocol}6`].some((table) =>
    rows(`/proc/${pid}/net/${table}`).some(([, local = '', , state]) => {
      const localPort = Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16);
      return localPort === port && state === wanted;
    }),
  );
}

/** None when the process has just ended, or its namespace has no IPv6. */
function rows(path: string): string[][] {
  try {
    return readFileSync(path, 'latin1')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/));
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EINVAL') return [];
    throw error;
  }
}
