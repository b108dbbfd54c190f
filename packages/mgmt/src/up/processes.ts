// The processes of a gateway: their command lines, and in which order they depend on each other.
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, ikeBridgeContract, type Logger, type ProcessSpec, SUPERVISOR_SOCKET } from '@sluice/shared';
import { CliError } from '../cli-error.js';
import { closedPaths } from './closed-paths.js';
import { capabilitiesOf, confined, PROCESS_NAMES, type ProcessName } from './privileges.js';
import type { Rights } from './rights.js';
import { serviceSocket } from './root-service.js';
import { ownStateDir, STATEFUL } from './take-over.js';
import type { Identity } from './users.js';

/** The root of the source tree, from dist/src/up of this package. */
const ROOT = fileURLToPath(new URL('../../../../..', import.meta.url)).replace(/\/$/, '');

const CHARON = '/usr/sbin/charon-systemd';
const XFRM_REDIRECT = `${ROOT}/packages/ike-bridge/build/xfrm-redirect.so`;

export interface GatewayPaths {
  configFile: string;
  runDir: string;
  stateDir: string;
}

/** Paths that processes use and that are closed to them, root's user, without cap_dac_override. */
export function pathsClosedToRoot(
  { configFile, runDir, stateDir }: GatewayPaths,
  own: readonly string[],
): string[] {
  const code = NODE_PROCESSES.map((name) => ['r', entryPoint(name)] as const);
  const written = [configFile, dirname(configFile), runDir, stateDir].map((path) => ['w', path] as const);
  const wanted = [['x', process.execPath], ['r', configFile], ...code, ...written] as const;
  return closedPaths(wanted, (argv) => confined({ capabilities: [], own }, argv));
}

/** Paths that a process uses and that are closed to a user of its own, when its directories are prepared. */
export function pathsClosedTo(
  name: ProcessName,
  { runDir, stateDir }: GatewayPaths,
  identity: Identity,
  own: readonly string[],
): string[] {
  const program = name === 'charon' ? XFRM_REDIRECT : entryPoint(name);
  const state = STATEFUL.includes(name) ? [['w', ownStateDir(stateDir, name)] as const] : [];
  const wanted = [['x', process.execPath], ['r', program], ['w', runDir], ...state] as const;
  return closedPaths(wanted, (argv) => confined({ capabilities: [], own, identity }, argv));
}

/** Files in a gateway's run directory. */
export function runFiles(runDir: string) {
  return {
    strongswanConf: `${runDir}/strongswan.conf`,
    viciSocket: `${runDir}/charon.vici`,
    xfrmSocket: `${runDir}/xfrm.sock`,
    charonLog: `${runDir}/charon.log`,
    upLog: `${runDir}/up.log`,
  };
}

const NODE_PROCESSES = PROCESS_NAMES.filter((name) => name !== 'charon');

/** Says in a sentence what is not there; before anything is started. */
export function checkInstalled(): void {
  if (!existsSync(CHARON))
    throw new CliError(`${CHARON} is not there: install Debian's package charon-systemd`);
  const built = NODE_PROCESSES.map(entryPoint);
  const missing = [...built, XFRM_REDIRECT].find((file) => !existsSync(file));
  // ld.so(8) cuts LD_PRELOAD apart there; without the library charon would give its SAs to the kernel.
  if (/[:\s]/.test(XFRM_REDIRECT))
    throw new CliError(`the path ${ROOT} has a colon or a space in it: move the source tree`);
  if (missing !== undefined) throw new CliError(`${missing} is not built: run "npm run build"`);
}

function entryPoint(name: string): string {
  // The main of mgmt is the sluice command.
  return `${ROOT}/packages/${name}/dist/src/${name === 'mgmt' ? 'daemon/main' : 'main'}.js`;
}

/**
 * In the order of their start. Only charon waits for another: it finds the IKE bridge's XFRM socket when it starts, or
 * ends. They stop the other way round, so that charon can still say goodbye to its peers through the data plane.
 *
 * @param rights What there is to hand on, and as whom each runs.
 */
export function processSpecs(paths: GatewayPaths, rights: Rights, log: Logger): ProcessSpec[] {
  const { runDir, configFile, stateDir } = paths;
  const files = runFiles(runDir);
  const { own, besides, identities, sharedGid } = rights;
  const logGid = identities.get('mgmt')?.gid;
  const confinedSpec = (name: ProcessName, argv: string[], logFile: string): ProcessSpec => {
    const identity = identities.get(name) ?? null;
    const capabilities = [...capabilitiesOf(name), ...(identity === null ? besides : [])];
    const groups = sharedGid === null ? [] : [sharedGid];
    const [command = '', ...args] = confined({ capabilities, own, identity, groups }, argv);
    return {
      ...{ name, command, args, logFile },
      ...(logGid === undefined ? {} : { logAccess: { uid: 0, gid: logGid } }),
      // What it may open no more is opened for it.
      ...(identity === null ? {} : { cwd: '/', env: { [SUPERVISOR_SOCKET]: serviceSocket(runDir, name) } }),
    };
  };
  const node = (name: ProcessName, args: string[]): ProcessSpec =>
    confinedSpec(
      name,
      [process.execPath, '--enable-source-maps', entryPoint(name), ...args, '--run-dir', runDir],
      `${runDir}/${name}.log`,
    );
  return [
    node('dataplane', []),
    node('agent', ['--config', configFile, '--state-dir', ownStateDir(stateDir, 'agent')]),
    node('dhcpd', ['--state-dir', ownStateDir(stateDir, 'dhcpd')]),
    node('mgmt', ['--state-dir', ownStateDir(stateDir, 'mgmt')]),
    { ...node('ike-bridge', []), readyWhen: () => bridgeReady(runDir, log) },
    {
      ...confinedSpec('charon', ['env', `LD_PRELOAD=${XFRM_REDIRECT}`, CHARON], files.charonLog),
      env: { STRONGSWAN_CONF: files.strongswanConf, SLUICE_XFRM_SOCKET: files.xfrmSocket },
    },
  ];
}

/** The socket file alone may be that of a bridge which was killed. */
async function bridgeReady(runDir: string, log: Logger): Promise<boolean> {
  if (!existsSync(runFiles(runDir).xfrmSocket)) return false;
  const client = connect(ikeBridgeContract, { runDir, log });
  try {
    await client.request('status', {}, { deadlineMs: 1000 });
    return true;
  } finally {
    await client.close();
  }
}
