// What `sluice lab …` does: functions, for the command line to call.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { isAlive, SluiceError, until } from '@sluice/shared';
import { LabError } from './errors.js';
import { enterNode } from './nodes/node.js';
import { type LabSummary, listLabs, sweep } from './sweep.js';
import { signalProcess } from './system/command.js';
import { nodeDirectory } from './system/paths.js';
import { readHolder, removeLab } from './system/remove.js';

/** How long a lab's owner may take to stop it. */
const OWNER_DEADLINE_MS = 15_000;

export const labCommands = {
  /** `sluice lab list` */
  list: (): LabSummary[] => listLabs(),

  /** `sluice lab sweep`: removes what dead labs have left; returns their ids. */
  sweep: (): string[] => sweep(),

  /**
   * `sluice lab stop ID`: asks the owner to end (SIGTERM), which stops the lab in order, and removes what is left
   * once it has ended, or when it does not. Throws LabError `no-such-lab`, `leftover`.
   */
  async stop(id: string, deadlineMs = OWNER_DEADLINE_MS): Promise<void> {
    const { owner } = find(id);
    if (owner !== null && isAlive(owner) && owner.pid !== process.pid) {
      signalProcess(owner.pid, 'SIGTERM');
      try {
        await until(`the owner of lab ${id}`, () => !isAlive(owner), { deadlineMs, intervalMs: 50 });
      } catch (error) {
        // It does not listen: its lab is removed all the same.
        if (!(error instanceof SluiceError) || error.code !== 'deadline') throw error;
      }
    }
    removeLab(id);
  },

  /**
   * `sluice lab exec ID NODE -- COMMAND`: runs a command in a node, on this terminal. Returns its exit status.
   * Throws LabError `no-such-lab`, and `node-dead` when there is no such node.
   */
  exec(id: string, node: string, argv: readonly string[]): Promise<number> {
    const { nodes } = find(id);
    const holder = readHolder(id, node);
    if (!nodes.includes(node) || holder === null || !isAlive(holder)) {
      throw new LabError(
        'node-dead',
        `lab ${id} has no node "${node}": it has ${nodes.join(', ') || 'none'}`,
      );
    }
    const [program = '', ...rest] = enterNode(holder, nodeDirectory(id, node), argv);
    return new Promise((resolve, reject) => {
      const child = spawn(program, rest, { stdio: 'inherit' });
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
  },
};

function find(id: string): LabSummary {
  const labs = listLabs();
  const lab = labs.find((candidate) => candidate.id === id);
  if (lab) return lab;
  const there = labs.map((candidate) => candidate.id).join(', ') || 'none';
  throw new LabError('no-such-lab', `there is no lab "${id}": there is ${there}`);
}
