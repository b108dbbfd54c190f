// A process, told apart from another that later gets the same pid.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { codeOf } from './errors.js';

export const processIdSchema = z.object({
  pid: z.int().min(1),
  /** When it started: field 22 of /proc/PID/stat, clock ticks since boot (proc(5)). */
  startTicks: z.number(),
});

export type ProcessId = z.output<typeof processIdSchema>;

/** The process with this pid, or null when there is none, or only what is left of one (a zombie). */
export function processById(pid: number): ProcessId | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
  // Field 2 is the command in parentheses, and may hold both spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  if (state === 'Z' || state === 'X') return null;
  return { pid, startTicks: Number(fields[19]) };
}

export function isAlive(process: ProcessId): boolean {
  return processById(process.pid)?.startTicks === process.startTicks;
}

/** Sends a signal to the process. False when it is gone. */
export function signalProcess(target: ProcessId, signal: NodeJS.Signals): boolean {
  return isAlive(target) && sendSignal(target.pid, signal);
}

/** SIGKILL to what is left of a process group whose leader has just ended. False when nothing is. */
export function killGroup(leader: number): boolean {
  return sendSignal(-leader, 'SIGKILL');
}

function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
    throw error;
  }
}
