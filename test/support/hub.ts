// A gateway with many peers, as tests of scale need it: hub-host - hub - peers, which are all in one node.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type Gateway,
  type HubOptions,
  hubConfiguration,
  type Lab,
  type LabNode,
  ManyPeers,
} from '@sluice/lab';
import {
  type ActorClient,
  agentContract,
  connect,
  createLogger,
  dataplaneContract,
  ikeBridgeContract,
  type SaReport,
  until,
} from '@sluice/shared';
import { residentKib } from './memory.js';

const HUB = { wan: '203.0.113.2', lan: '10.2.0.1', id: 'hub.example' };
const HUB_NETWORK = '10.2.0.0/16';
const HUB_HOST = '10.2.0.2';
const PEERS_ROUTER = '203.0.113.1';
/** Built by nobody: it is read from the sources. */
const PING_ALL = fileURLToPath(new URL('../../support/ping-all.py', import.meta.url));
const FLOOD_ALL = fileURLToPath(new URL('../../support/flood-all.py', import.meta.url));
/** For answers about thousands of tunnels on a busy machine. */
const PATIENCE_MS = 60_000;
/** Clock ticks of /proc/PID/stat a second (sysconf(3), _SC_CLK_TCK), on all of Linux's platforms. */
const TICKS_A_SECOND = 100;

export class Hub {
  readonly agent: ActorClient<typeof agentContract>;
  readonly dataplane: ActorClient<typeof dataplaneContract>;
  readonly ikeBridge: ActorClient<typeof ikeBridgeContract>;

  private constructor(
    readonly gateway: Gateway,
    readonly host: LabNode,
    readonly peers: ManyPeers,
    private readonly config: ReturnType<typeof hubConfiguration>,
  ) {
    const options = { runDir: gateway.runDir, log: createLogger({ name: 'test', level: 'silent' }) };
    this.agent = connect(agentContract, options);
    this.dataplane = connect(dataplaneContract, options);
    this.ikeBridge = connect(ikeBridgeContract, options);
  }

  /** Builds the network and starts the peers, which do not call yet. The gateway is not up. */
  static async build(lab: Lab, count: number, start: HubOptions['start'] = 'respond'): Promise<Hub> {
    const [host, gateway, peersNode] = await Promise.all([
      lab.host('hub-host'),
      lab.gateway('hub'),
      lab.host('peers'),
    ]);
    await Promise.all([
      lab.link(host.port('eth0', `${HUB_HOST}/16`), gateway.port('lan0')),
      lab.link(gateway.port('wan0'), peersNode.port('wan', `${PEERS_ROUTER}/24`)),
    ]);
    await host.route('default', HUB.lan);
    const psk = randomBytes(32).toString('base64url');
    const peers = await ManyPeers.start(peersNode, {
      count,
      device: 'wan',
      hub: { address: HUB.wan, id: HUB.id, network: HUB_NETWORK },
      psk,
    });
    const config = hubConfiguration({
      peers: count,
      wan: { device: 'wan0', address: `${HUB.wan}/24`, nextHop: PEERS_ROUTER },
      lan: { device: 'lan0', address: `${HUB.lan}/16`, network: HUB_NETWORK },
      id: HUB.id,
      pskFile: gateway.writeFile('peers.psk', psk),
      ...(start === undefined ? {} : { start }),
    });
    return new Hub(gateway, host, peers, config);
  }

  /** Starts the gateway; resolves when it has converged. */
  async up(deadlineMs: number): Promise<void> {
    await this.gateway.up(this.config, { converged: () => this.converged(), deadlineMs });
  }

  async converged(): Promise<boolean> {
    return (await this.agent.request('status', {}, { deadlineMs: 5000 })).converged;
  }

  /** Tunnels that the data plane has both SAs of, none of which is one of `old`. */
  async tunnels(old: ReadonlySet<number> = new Set()): Promise<number> {
    const ways = new Map<number, Set<string>>();
    for (const { if_id, direction, spi } of await this.sas()) {
      if (!old.has(spi)) ways.set(if_id, (ways.get(if_id) ?? new Set()).add(direction));
    }
    return [...ways.values()].filter(({ size }) => size === 2).length;
  }

  async sas(): Promise<SaReport[]> {
    return (await this.dataplane.request('show-sa', {}, { deadlineMs: PATIENCE_MS })).sas;
  }

  /** How many SAs were installed so far, those again that had gone. */
  installations(): number {
    const log = readFileSync(`${this.gateway.runDir}/ike-bridge.log`, 'utf8');
    return log.split('An SA was installed.').length - 1;
  }

  /** Has every CHILD_SA rekeyed, all at once; returns the SPIs of before. */
  async rekeyAll(): Promise<Set<number>> {
    const old = new Set((await this.sas()).map(({ spi }) => spi));
    const { children } = await this.ikeBridge.request(
      'clear-sa',
      { which: null },
      { deadlineMs: PATIENCE_MS },
    );
    const problems = children.filter(({ problem }) => problem !== null);
    if (problems.length > 0) throw new Error(`${problems.length} are not rekeyed: ${problems[0]?.problem}`);
    return old;
  }

  /** Kills the bridge; resolves when the next one has taken back all SAs and has compared them with charon's. */
  async restartBridge(deadlineMs: number): Promise<void> {
    const pid = this.gateway.processes().get('ike-bridge');
    if (pid === undefined) throw new Error('the bridge does not run');
    process.kill(pid, 'SIGKILL');
    await until(
      'a bridge that has reconciled',
      async () => {
        const now = this.gateway.processes().get('ike-bridge');
        if (now === undefined || now === pid) return false;
        return (await this.ikeBridge.request('status', {}, { deadlineMs: 1000 })).converged;
      },
      { deadlineMs, intervalMs: 50 },
    );
  }

  /**
   * Sends datagrams of so many octets through all tunnels in turn, as fast as one sender can up to the rate in packets a
   * second; returns how many were sent and how many the data plane encrypted, a second.
   */
  async flood(seconds: number, rate: number, octets: number): Promise<Flood> {
    const input = this.peers.peers.map(({ inner }) => inner).join('\n');
    const argv = ['/usr/bin/python3', FLOOD_ALL, ...[seconds, rate, octets].map(String)];
    const before = await this.moved();
    const { stdout } = await this.host.run(argv, { input, deadlineMs: (seconds + 30) * 1000 });
    const [sent = 0, took = seconds] = stdout.split(' ').map(Number);
    const after = await this.moved();
    const drops = [...after.drops].map(([name, count]): [string, number] => [
      name,
      (count - (before.drops.get(name) ?? 0)) / took,
    ]);
    return {
      sent: sent / took,
      received: (after.received - before.received) / took,
      encrypted: (after.encrypted - before.encrypted) / took,
      drops: new Map(drops.filter(([, perSecond]) => perSecond > 0)),
    };
  }

  /** Packets so far: by the port to the host, by tunnels, and what was dropped. */
  private async moved(): Promise<Omit<Flood, 'sent'>> {
    const [{ interfaces }, { errors }, sas] = await Promise.all([
      this.dataplane.request('show-interfaces', {}, { deadlineMs: PATIENCE_MS }),
      this.dataplane.request('show-errors', {}, { deadlineMs: PATIENCE_MS }),
      this.sas(),
    ]);
    return {
      received: interfaces.find(({ name }) => name === 'lan')?.rx_packets ?? 0,
      encrypted: sas.reduce((sum, sa) => sum + (sa.direction === 'out' ? sa.counters.packets : 0), 0),
      drops: new Map(
        errors.filter(({ drop }) => drop).map(({ node, reason, count }) => [`${node}/${reason}`, count]),
      ),
    };
  }

  /** Sends through every tunnel until each has brought an answer; returns how many did, and a sentence. */
  async pingAll(seconds: number, requestsASecond: number): Promise<{ answered: number; output: string }> {
    const input = this.peers.peers.map(({ inner }) => inner).join('\n');
    const argv = ['/usr/bin/python3', PING_ALL, String(seconds), String(requestsASecond)];
    const { stdout } = await this.host.run(argv, { input, deadlineMs: (seconds + 10) * 1000 });
    return { answered: Number(stdout.split(' ')[0]), output: stdout.trim() };
  }

  /** Resident memory in MiB and processor time used so far in seconds, of each process. */
  figures(): Map<string, { mib: number; cpuS: number }> {
    const all = new Map([...this.gateway.processes(), ['peers', this.peers.pid]]);
    return new Map(
      [...all].map(([name, pid]) => [name, { mib: residentKib(pid) / 1024, cpuS: processorTime(pid) }]),
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.agent.close(), this.dataplane.close(), this.ikeBridge.close()]);
  }
}

/** Packets a second, on their way from the host to the peers. */
interface Flood {
  sent: number;
  /** By the gateway's port. */
  received: number;
  encrypted: number;
  /** By the gateway, by `node/reason`. */
  drops: Map<string, number>;
}

/** Seconds of user and system time (proc(5), stat, fields 14 and 15). */
function processorTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}
