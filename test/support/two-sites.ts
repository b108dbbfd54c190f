// Two sites joined by a tunnel, as tests need them: branch-host - branch - router - hq - hq-host.
import { randomBytes } from 'node:crypto';
import { type Gateway, Lab, type LabNode } from '@sluice/lab';
import {
  type ActorClient,
  agentContract,
  connect,
  createLogger,
  type DeviceConfigInput,
  dataplaneContract,
  type IkeSaReport,
  ikeBridgeContract,
  until,
} from '@sluice/shared';
import { WireRelay } from './wire-relay.js';

export interface SiteNames {
  name: 'branch' | 'hq';
  lan: string;
  lanNetwork: string;
  host: string;
  wan: string;
  router: string;
}

export const BRANCH: SiteNames = {
  name: 'branch',
  lan: '10.1.0.1',
  lanNetwork: '10.1.0.0/24',
  host: '10.1.0.2',
  wan: '198.51.100.2',
  router: '198.51.100.1',
};

export const HQ: SiteNames = {
  name: 'hq',
  lan: '10.2.0.1',
  lanNetwork: '10.2.0.0/24',
  host: '10.2.0.2',
  wan: '203.0.113.2',
  router: '203.0.113.1',
};

/** A gateway with clients of its processes. */
export class Site {
  readonly agent: ActorClient<typeof agentContract>;
  readonly dataplane: ActorClient<typeof dataplaneContract>;
  readonly ikeBridge: ActorClient<typeof ikeBridgeContract>;
  private readonly log = createLogger({ name: 'test', level: 'silent' });

  constructor(
    readonly names: SiteNames,
    readonly gateway: Gateway,
    public config: DeviceConfigInput,
  ) {
    const options = { runDir: gateway.runDir, log: this.log };
    this.agent = connect(agentContract, options);
    this.dataplane = connect(dataplaneContract, options);
    this.ikeBridge = connect(ikeBridgeContract, options);
  }

  /** Starts the gateway and waits until it has converged. */
  async up(): Promise<void> {
    await this.gateway.up(this.config, { converged: () => this.converged() });
  }

  async converged(): Promise<boolean> {
    return (await this.agent.request('status', {}, { deadlineMs: 1000 })).converged;
  }

  /** The IKE_SAs that carry an installed CHILD_SA. */
  async tunnels(): Promise<IkeSaReport[]> {
    const { ike_sas } = await this.ikeBridge.request('show-ike', {});
    return ike_sas.filter(
      (sa) => sa.state === 'ESTABLISHED' && sa.children.some((child) => child.state === 'INSTALLED'),
    );
  }

  /** The pid of one of its processes, which must be alive. */
  pid(process: string): number {
    const pid = this.gateway.processes().get(process);
    if (pid === undefined) throw new Error(`${process} of ${this.names.name} does not run`);
    return pid;
  }

  async close(): Promise<void> {
    await Promise.all([this.agent.close(), this.dataplane.close(), this.ikeBridge.close()]);
  }
}

export interface TwoSites {
  lab: Lab;
  branchHost: LabNode;
  router: LabNode;
  hqHost: LabNode;
  branch: Site;
  hq: Site;
  /** What stands before the branch with `branchBehindNat`. */
  nat: LabNode | null;
  /** The branch's cable to its router with `relayBranch`. */
  wire: WireRelay | null;
  /** Ends clients, processes, namespaces. Keeps logs when `failed`, and returns where. */
  stop(failed?: boolean): Promise<string | null>;
}

export interface TwoSitesOptions {
  name?: string;
  /** Changes each site's configuration before it starts. */
  configure?: (config: DeviceConfigInput, site: SiteNames) => void;
  /** Left out: waits until both sites have their CHILD_SA. */
  waitForTunnel?: boolean;
  /** Called before the gateways start: what else is in the network. */
  prepare?: (router: LabNode) => Promise<unknown>;
  /** Puts a router with source NAT between the branch and the router, which sees the branch as BEHIND_NAT. */
  branchBehindNat?: boolean;
  /** Has the branch's cable to its router be one that can delay, reorder and lose frames. */
  relayBranch?: boolean;
}

/** The outside of the NAT before the branch, on the router's network `branch` then. */
export const BEHIND_NAT = { address: '192.0.2.2', router: '192.0.2.1' };

/** Builds the network and starts both gateways. Everything is gone again when it rejects. */
export async function twoSites(options: TwoSitesOptions = {}): Promise<TwoSites> {
  const lab = await Lab.create({ name: options.name ?? 'test' });
  const sites: Site[] = [];
  let nat: LabNode | null = null;
  let wire: WireRelay | null = null;
  const stop = async (failed = false): Promise<string | null> => {
    lab.keepLogs = failed;
    await Promise.all(sites.map((site) => site.close()));
    return lab.stop();
  };
  try {
    const [branchHost, branchGateway, router, hqGateway, hqHost] = await Promise.all([
      lab.host('branch-host'),
      lab.gateway('branch'),
      lab.router('router'),
      lab.gateway('hq'),
      lab.host('hq-host'),
    ]);
    const psk = randomBytes(32).toString('base64url');
    const build = async (
      local: SiteNames,
      remote: SiteNames,
      host: LabNode,
      gateway: Gateway,
    ): Promise<Site> => {
      const behindNat = options.branchBehindNat === true && local.name === 'branch';
      if (behindNat) nat = await lab.nat('nat');
      const relayed = options.relayBranch === true && local.name === 'branch';
      const wan = async (): Promise<void> => {
        const outside = router.port(local.name, `${local.router}/24`);
        if (behindNat && nat !== null) await linkByNat(lab, local, gateway, nat, router);
        else if (relayed) wire = await WireRelay.between(lab, gateway.port('wan0'), outside);
        else await lab.link(gateway.port('wan0'), outside);
      };
      await Promise.all([lab.link(host.port('eth0', `${local.host}/24`), gateway.port('lan0')), wan()]);
      await host.route('default', local.lan);
      const config = siteConfig(local, remote, gateway.writeFile('tunnel.psk', psk));
      options.configure?.(config, local);
      const site = new Site(local, gateway, config);
      sites.push(site);
      return site;
    };
    const [hq, branch] = await Promise.all([
      build(HQ, BRANCH, hqHost, hqGateway),
      build(BRANCH, HQ, branchHost, branchGateway),
    ]);
    await options.prepare?.(router);
    await hq.up();
    await branch.up();
    const made: TwoSites = { lab, branchHost, router, hqHost, branch, hq, nat, wire, stop };
    if (options.waitForTunnel !== false) await tunnelUp(made);
    return made;
  } catch (error) {
    const logs = await stop(true);
    throw new Error(`the two sites did not come up; logs: ${logs}`, { cause: error });
  }
}

/** Joins a gateway to the router through a NAT, which is the gateway's router. */
async function linkByNat(
  lab: Lab,
  local: SiteNames,
  gateway: LabNode,
  nat: LabNode,
  router: LabNode,
): Promise<void> {
  await Promise.all([
    lab.link(gateway.port('wan0'), nat.port('inside', `${local.router}/24`)),
    lab.link(nat.port('wan', `${BEHIND_NAT.address}/24`), router.port(local.name, `${BEHIND_NAT.router}/24`)),
  ]);
  await nat.route('default', BEHIND_NAT.router);
}

/** Waits until both sites have an installed CHILD_SA. */
export async function tunnelUp({ branch, hq }: TwoSites): Promise<void> {
  await until(
    'both sites to have an installed CHILD_SA',
    async () => (await branch.tunnels()).length > 0 && (await hq.tunnels()).length > 0,
    { deadlineMs: 40_000 },
  );
}

/** The last octet of the address that a gateway changes to. */
const OTHER = '.9';

/** Configures another WAN address, or the first one again; resolves when the agent has it. Returns the address. */
export async function moveWan({ agent, config, gateway, names }: Site): Promise<string> {
  const [wan] = config.interfaces ?? [];
  const [connection] = config.ike?.connections ?? [];
  if (wan === undefined || connection === undefined) throw new Error('the site has no WAN or no connection');
  const address = connection.local.address === names.wan ? names.wan.replace(/\.\d+$/, OTHER) : names.wan;
  wan.addresses = [`${address}/24`];
  connection.local.address = address;
  gateway.writeConfig(config);
  const { problems } = await agent.request('reload', {});
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return address;
}

/** The branch initiates, headquarters responds. */
export function siteConfig(local: SiteNames, remote: SiteNames, pskFile: string): DeviceConfigInput {
  const tunnel = remote.name;
  return {
    schema: 1,
    hostname: local.name,
    interfaces: [
      { name: 'wan', device: 'wan0', addresses: [`${local.wan}/24`] },
      { name: 'lan', device: 'lan0', addresses: [`${local.lan}/24`] },
    ],
    tunnels: [{ name: tunnel }],
    routes: [
      { prefix: '0.0.0.0/0', next_hop: local.router },
      { prefix: remote.lanNetwork, interface: tunnel },
    ],
    ike: {
      connections: [
        {
          name: tunnel,
          local: { address: local.wan, id: `${local.name}.example` },
          remote: { address: remote.wan, id: `${remote.name}.example` },
          psk: { file: pskFile },
          start: local.name === 'branch' ? 'initiate' : 'respond',
          children: [{ name: tunnel, tunnel, local_ts: [local.lanNetwork], remote_ts: [remote.lanNetwork] }],
        },
      ],
    },
  };
}
