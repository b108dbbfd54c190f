// What tests must not leave behind: processes, namespaces, and the folders of labs whose owner is gone.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { run } from './run.mjs';

/** The name of a lab's namespaces starts so. */
const NAMESPACE_PREFIX = 'sl-';

/** Each lab has a folder here, with its owner's record in owner.json. */
const LAB_DIR = '/run/sluice-lab';

/** Set for the test processes, and so for whatever they start: it tells their processes from all others. */
export const RUN_MARK = 'SLUICE_TEST_RUN';

/**
 * @typedef {object} Baseline
 * @property {Set<string>} namespaces
 * @property {Set<string>} labs
 */

/** What is there already, and so is not of this run. */
export async function takeBaseline() {
  return { namespaces: new Set(await labNamespaces()), labs: new Set(labFolders()) };
}

/**
 * What this run has left, a sentence each; none when it is clean.
 * @param {Baseline} baseline
 * @param {string} mark The value of RUN_MARK that its processes carry.
 * @returns {Promise<string[]>}
 */
export async function findLeftovers(baseline, mark) {
  const left = [];
  for (const { pid, command } of markedProcesses(mark)) left.push(`process ${pid} still runs: ${command}`);

  const alive = labFolders().filter((lab) => ownerAlive(lab));
  for (const lab of labFolders()) {
    if (!baseline.labs.has(lab) && !alive.includes(lab)) {
      left.push(`${LAB_DIR}/${lab} is still there, and its owner is gone`);
    }
  }
  for (const name of await labNamespaces()) {
    const owned = alive.some((lab) => name.startsWith(`${NAMESPACE_PREFIX}${lab}-`));
    if (!baseline.namespaces.has(name) && !owned) left.push(`namespace ${name} is still there`);
  }
  return left;
}

async function labNamespaces() {
  const { output } = await run('ip', ['netns', 'list'], { capture: true });
  return output
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => name.startsWith(NAMESPACE_PREFIX));
}

function labFolders() {
  // A dot starts the name of one that is being made.
  return existsSync(LAB_DIR) ? readdirSync(LAB_DIR).filter((name) => !name.startsWith('.')) : [];
}

/**
 * True while the process that made a lab runs: its record holds its process id and its start time, in clock ticks
 * after boot (proc_pid_stat(5), field 22), because ids are used again.
 * @param {string} lab
 */
function ownerAlive(lab) {
  const file = `${LAB_DIR}/${lab}/owner.json`;
  if (!existsSync(file)) return false;
  const { pid, startTicks } = JSON.parse(readFileSync(file, 'utf8'));
  const stat = readProc(pid, 'stat');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]) === startTicks;
}

/**
 * @param {string} mark
 * @returns {{ pid: number, command: string }[]}
 */
export function markedProcesses(mark) {
  const found = [];
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const environment = readProc(pid, 'environ');
    if (!environment.split('\0').includes(`${RUN_MARK}=${mark}`)) continue;
    // A zombie holds nothing: it is its parent's to collect.
    if (/^State:\s+Z/m.test(readProc(pid, 'status'))) continue;
    found.push({ pid, command: readProc(pid, 'cmdline').split('\0').join(' ').trim() });
  }
  return found;
}

/**
 * @param {number} pid
 * @param {string} name
 */
function readProc(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return ''; // it has ended since the folder was listed
  }
}
