// Two sites joined by a tunnel, for whatever system makes it: host - gateway - gateway - host, each gateway on a core.
import { Lab, type LabNode } from '@sluice/lab';

export interface SitePlan {
  name: 'branch' | 'hq';
  host: string;
  lan: string;
  network: string;
  wan: string;
}

export const BRANCH: SitePlan = {
  ...{ name: 'branch', host: '10.1.0.2', lan: '10.1.0.1', network: '10.1.0.0/24' },
  wan: '192.0.2.1',
};
export const HQ: SitePlan = {
  ...{ name: 'hq', host: '10.2.0.2', lan: '10.2.0.1', network: '10.2.0.0/24' },
  wan: '192.0.2.2',
};

export const LAN_DEVICE = 'lan0';
export const WAN_DEVICE = 'wan0';
export const HOST_DEVICE = 'eth0';

export interface Site<Node extends LabNode> {
  plan: SitePlan;
  host: LabNode;
  gateway: Node;
  /** The core of this gateway. */
  core: number;
}

export interface Sites<Node extends LabNode> {
  lab: Lab;
  branch: Site<Node>;
  hq: Site<Node>;
}

/** The network without the tunnel. Everything is gone again when it rejects. */
export async function makeSites<Node extends LabNode>(
  name: string,
  cores: readonly number[],
  makeGateway: (lab: Lab, name: string) => Promise<Node>,
): Promise<Sites<Node>> {
  const lab = await Lab.create({ name: `bench-${name}` });
  const build = async (plan: SitePlan, core: number): Promise<Site<Node>> => {
    const [host, gateway] = await Promise.all([lab.host(`${plan.name}-host`), makeGateway(lab, plan.name)]);
    const lan = gateway.rawPorts ? [] : [`${plan.lan}/24`];
    await lab.link(host.port(HOST_DEVICE, `${plan.host}/24`), gateway.port(LAN_DEVICE, ...lan));
    await host.route('default', plan.lan);
    return { plan, host, gateway, core };
  };
  try {
    const [branch, hq] = await Promise.all([build(BRANCH, cores[0]!), build(HQ, cores.at(-1)!)]);
    const wan = ({ plan, gateway }: Site<Node>) =>
      gateway.port(WAN_DEVICE, ...(gateway.rawPorts ? [] : [`${plan.wan}/24`]));
    await lab.link(wan(branch), wan(hq));
    return { lab, branch, hq };
  } catch (error) {
    await lab.stop();
    throw error;
  }
}

/** Waits until host reaches host through the tunnel. */
export async function waitForTunnel({ branch, hq }: Sites<LabNode>): Promise<void> {
  await branch.host.run(['ping', '-c', '2', '-i', '0.2', '-w', '20', hq.plan.host]);
}
