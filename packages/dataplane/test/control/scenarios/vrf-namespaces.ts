// Two data planes on one machine, one of which runs in a namespace whose name starts as the other's VRFs' do. Run with a
// /run/netns of its own: what is removed by mistake must be nobody else's.
//
// With arguments it is one of the two: `ensure VRF` or `list`, whose answer it prints.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LinuxTwins } from '../../../src/control/linux-twins.js';
import { VrfNamespaces } from '../../../src/control/vrf-namespaces.js';

const FILE = fileURLToPath(import.meta.url);
const OTHER = 'sluice-a';

async function asOne(what: string, vrf: string): Promise<void> {
  const namespaces = new VrfNamespaces();
  if (what === 'ensure') await namespaces.ensure(await namespaces.nameOf(vrf));
  process.stdout.write(JSON.stringify(await namespaces.list()));
}

function other(...args: string[]): string[] {
  const text = execFileSync('nsenter', [`--net=/run/netns/${OTHER}`, process.execPath, FILE, ...args]);
  return JSON.parse(text.toString()) as string[];
}

async function bothOnOneMachine(): Promise<void> {
  execFileSync('ip', ['netns', 'add', OTHER]);
  assert.deepEqual(other('ensure', 'blue'), [`${OTHER}-blue`]);

  const twins = new LinuxTwins({ addTwin: async () => undefined, removeTwin: async () => undefined });
  const { namespaces } = twins;
  assert.equal(await namespaces.nameOf('a-blue'), `${OTHER}-blue`, 'names alone do not tell them apart');
  await twins.converge([], [], new Map([['sluice-red', []]]));
  assert.deepEqual(await namespaces.list(), ['sluice-red']);
  assert.deepEqual(other('list'), [`${OTHER}-blue`], "the other's is there yet");

  // A later process of this one, which has made none itself, and a name that the other has.
  assert.deepEqual(await new VrfNamespaces().list(), ['sluice-red']);
  const living = spawn('nsenter', [`--net=/run/netns/${OTHER}`, 'cat'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  await once(living, 'spawn');
  await assert.rejects(twins.converge([], [], new Map([[`${OTHER}-blue`, []]])), /another network namespace/);
  await twins.close();
  assert.deepEqual(readdirSync('/run/netns').sort(), [OTHER, `${OTHER}-blue`]);

  // When the other one is gone for good, nobody else wants what it left.
  const ended = once(living, 'close');
  living.stdin.end();
  await ended;
  execFileSync('ip', ['netns', 'del', OTHER]);
  await twins.converge([], [], new Map([[`${OTHER}-blue`, []]]));
  await twins.close();
  assert.deepEqual(readdirSync('/run/netns'), []);
}

const [what, vrf] = process.argv.slice(2);
if (what === undefined) await bothOnOneMachine();
else await asOne(what, vrf ?? '');
