// The sluice command, as somebody at a terminal of the gateway runs it.
import { fileURLToPath } from 'node:url';
import type { CommandResult, LabNode } from '@sluice/lab';

/** From dist/support of this package. */
export const SLUICE = fileURLToPath(new URL('../../../bin/sluice.mjs', import.meta.url));

/** Runs it in a gateway's node, and never rejects for its exit code. */
export function sluice(node: LabNode & { runDir: string }, ...args: string[]): Promise<CommandResult> {
  return node.run([process.execPath, SLUICE, ...args], {
    check: false,
    env: { SLUICE_RUN_DIR: node.runDir, NODE_OPTIONS: '' },
    deadlineMs: 45_000,
  });
}

/** Why a result is no error as an operator should see it, or null: a sentence, an exit code, and no stack. */
export function notASentence({ code, stdout, stderr }: CommandResult): string | null {
  if (code === 0) return 'it exits with 0';
  if (stdout !== '') return `it prints on standard output: ${stdout}`;
  if (/^ {4}at |node:internal|\bundefined\b|\[object/m.test(stderr)) return `it shows its inside: ${stderr}`;
  const [first = ''] = stderr.split('\n');
  return /^(sluice|error): .{10,}$/.test(first) ? null : `its first line is no sentence: ${first}`;
}
