// What `sluice up` prints: processes that come and go, and how far the configuration has come.
import { type AgentStatus, agentContract, connect, type Logger, type Supervisor } from '@sluice/shared';

export type Say = (line: string) => void;

/** Prints what the supervisor does. */
export function reportProcesses(supervisor: Supervisor, runDir: string, say: Say): void {
  supervisor.on('started', ({ name, pid }) => say(`${name} started (pid ${pid})`));
  supervisor.on('adopted', ({ name, pid }) => say(`${name} is running already, taken over (pid ${pid})`));
  supervisor.on('exited', ({ name, code, signal, error }) =>
    say(`${name} ended${describeEnd(code, signal, error)}`),
  );
  supervisor.on('restarting', ({ name, delayMs }) =>
    say(`${name} starts again in ${delayMs} ms (its log: ${runDir}/${name}.log)`),
  );
  supervisor.on('late', ({ name, timeoutMs }) =>
    say(`${name} is not ready after ${timeoutMs} ms, going on (its log: ${runDir}/${name}.log)`),
  );
}

function describeEnd(code: number | null, signal: string | null, error: string | null): string {
  if (error !== null) return `: ${error}`;
  if (signal !== null) return ` by ${signal}`;
  return code === null ? '' : ` with exit code ${code}`;
}

/** Prints the agent's state whenever it says something new. Returns what ends it. */
export function reportConvergence(runDir: string, log: Logger, say: Say): () => Promise<void> {
  const client = connect(agentContract, { runDir, log });
  const startedAt = performance.now();
  let last = '';
  const report = (status: AgentStatus): void => {
    // The agent answers before it has read its file.
    if (status.hostname === null) return;
    const line = describeStatus(status);
    if (line === last) return;
    const first = status.converged && !last.includes('converged: all');
    last = line;
    say(first ? `${line} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)` : line);
  };
  client.subscribe('status', { onSnapshot: report, onEvent: report });
  return () => client.close();
}

/** `branch, revision 3: converged` or what keeps it from that. */
function describeStatus(status: AgentStatus): string {
  const name = `${status.hostname}, revision ${status.revision}`;
  if (status.converged) return `${name}: converged: all processes have it`;
  const waiting = status.processes
    .filter((process) => !process.converged)
    .map(({ process, problems }) =>
      problems.length === 0 ? process : `${process} (${problems.join('; ')})`,
    );
  return `${name}: waiting for ${waiting.join(', ')}`;
}
