// A gateway's IKE half in a namespace: real charon, real bridge, a data plane in memory.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type ActorClient,
  connect,
  connectionSection,
  createLogger,
  type IkeEvent,
  type IkeState,
  ikeBridgeContract,
  type Logger,
  type SaSpec,
} from '@sluice/shared';
import { Bridge } from '../src/bridge.js';
import { prepareLogFile, strongswanConf } from '../src/charon/index.js';
import { FakeDataplane } from './fake-dataplane.js';

const LIBRARY = fileURLToPath(new URL('../../build/xfrm-redirect.so', import.meta.url));
export const IF_ID = 7;

export class Gateway {
  /** What the bridge and its clients have logged. */
  readonly lines: string[] = [];
  readonly log: Logger = createLogger({
    name: 'test',
    destination: { write: (line) => void this.lines.push(line) },
  });
  readonly events: IkeEvent[] = [];
  dataplane!: FakeDataplane;
  bridge: Bridge | null = null;
  process: ChildProcess | null = null;
  processLog = '';
  client!: ActorClient<typeof ikeBridgeContract>;
  charon: ChildProcess | null = null;

  constructor(
    readonly namespace: string,
    readonly runDir: string,
    readonly address: string,
    readonly peer: string,
  ) {}

  async start(): Promise<void> {
    await mkdir(this.runDir, { mode: 0o700 });
    await writeFile(join(this.runDir, 'psk'), 'between these two\n', { mode: 0o600 });
    this.dataplane = await FakeDataplane.start(this.runDir, this.log);
    await this.startBridge();
    this.client = connect(ikeBridgeContract, { runDir: this.runDir, log: this.log });
    this.client.subscribe('ike', { onSnapshot: () => {}, onEvent: (event) => void this.events.push(event) });
    await this.startCharon();
  }

  async startBridge(): Promise<void> {
    this.bridge = await Bridge.start({ runDir: this.runDir, log: this.log });
  }

  async stopBridge(): Promise<void> {
    await this.bridge?.close();
    this.bridge = null;
  }

  /** The bridge as it is run: a process of its own. */
  spawnBridge(): void {
    const main = fileURLToPath(new URL('../src/main.js', import.meta.url));
    this.process = spawn(process.execPath, [main, '--run-dir', this.runDir], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.process.stderr?.on('data', (bytes) => {
      this.processLog += String(bytes);
    });
  }

  async endBridge(signal: NodeJS.Signals): Promise<void> {
    const { process: child } = this;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  async restartDataplane(): Promise<void> {
    await this.dataplane.stop();
    this.dataplane = await FakeDataplane.start(this.runDir, this.log);
  }

  async startCharon(): Promise<void> {
    const logFile = join(this.runDir, 'charon.log');
    const conf = join(this.runDir, 'strongswan.conf');
    const viciSocket = join(this.runDir, 'charon.vici');
    await writeFile(conf, strongswanConf({ runDir: this.runDir, viciSocket, logFile, level: 1 }));
    await prepareLogFile(logFile);
    const environment = [
      `STRONGSWAN_CONF=${conf}`,
      `SLUICE_XFRM_SOCKET=${join(this.runDir, 'xfrm.sock')}`,
      `LD_PRELOAD=${LIBRARY}`,
    ];
    const command = ['netns', 'exec', this.namespace, 'env', ...environment, '/usr/sbin/charon-systemd'];
    this.charon = spawn('ip', command, { stdio: 'ignore' });
  }

  async killCharon(): Promise<void> {
    if (this.charon === null || this.charon.exitCode !== null || this.charon.signalCode !== null) return;
    const exited = once(this.charon, 'exit');
    this.charon.kill('SIGKILL');
    await exited;
  }

  state(revision: number, start: 'initiate' | 'respond'): IkeState {
    const connection = connectionSection.parse({
      name: 'office',
      local: { address: this.address },
      remote: { address: this.peer },
      psk: { file: join(this.runDir, 'psk') },
      start,
      children: [{ name: 'net', tunnel: 'tun0' }],
    });
    return { revision, connections: [connection], tunnels: [{ name: 'tun0', if_id: IF_ID }] };
  }

  specs(direction: 'in' | 'out'): SaSpec[] {
    return this.dataplane.sink.specs(direction);
  }

  async stop(): Promise<void> {
    await this.killCharon();
    await this.client?.close();
    await this.stopBridge();
    await this.endBridge('SIGKILL');
    await this.dataplane?.stop();
  }
}
