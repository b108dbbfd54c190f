// branch-host - branch (ours) - router - peer (strongSwan on Linux) - hq-host.
import { randomBytes } from 'node:crypto';
import type { Lab, LabNode } from '@sluice/lab';
import { until } from '@sluice/shared';
import { BRANCH, HQ, Site, siteConfig } from '../support/two-sites.js';
import { WireRelay } from '../support/wire-relay.js';
import { StockPeer } from './stock-peer.js';

export interface SiteAndPeer {
  lab: Lab;
  branchHost: LabNode;
  branch: Site;
  peer: StockPeer;
  peerNode: LabNode;
  hqHost: LabNode;
  router: LabNode;
  /** The branch's cable to its router with `relayBranch`. */
  wire: WireRelay | null;
}

export interface SiteAndPeerOptions {
  weInitiate: boolean;
  /** Our ESP proposals, and theirs as swanctl.conf writes it. */
  ours: string[];
  theirs: string;
  /** Of our connection; theirs has it always. */
  mobike?: boolean;
  /** Both ends look for a dead peer; ours gives it up within so many seconds. */
  detectFailureWithinS?: number;
  /** Has the branch's cable to its router be one that can delay, reorder and lose frames. */
  relayBranch?: boolean;
}

/** The SPIs of the CHILD_SA that both ends have and no other, as we see them; null when there is none such. */
export async function commonSpis({
  branch,
  peer,
}: SiteAndPeer): Promise<{ spiIn: number; spiOut: number } | null> {
  const { sas } = await branch.dataplane.request('show-sa', {});
  const [their, ...others] = await peer.sas();
  const [inbound, outbound] = ['in', 'out'].map((way) => sas.find(({ direction }) => direction === way));
  if (sas.length !== 2 || others.length > 0 || !inbound || !outbound || !their) return null;
  if (inbound.spi !== their.spiOut || outbound.spi !== their.spiIn) return null;
  return { spiIn: inbound.spi, spiOut: outbound.spi };
}

/** Builds the network and waits for the tunnel. The lab is there also when it rejects: stop it. */
export async function siteAndPeer(lab: Lab, options: SiteAndPeerOptions): Promise<SiteAndPeer> {
  const { weInitiate, ours, theirs } = options;
  const [branchHost, gateway, router, peerNode, hqHost] = await Promise.all([
    lab.host('branch-host'),
    lab.gateway('branch'),
    lab.router('router'),
    lab.router('peer'),
    lab.host('hq-host'),
  ]);
  const outside = router.port('branch', `${BRANCH.router}/24`);
  const relayed = options.relayBranch === true;
  const wire = relayed ? await WireRelay.between(lab, gateway.port('wan0'), outside) : null;
  await Promise.all([
    lab.link(branchHost.port('eth0', `${BRANCH.host}/24`), gateway.port('lan0')),
    relayed ? Promise.resolve() : lab.link(gateway.port('wan0'), outside),
    lab.link(router.port('hq', `${HQ.router}/24`), peerNode.port('wan', `${HQ.wan}/24`)),
    lab.link(peerNode.port('lan', `${HQ.lan}/24`), hqHost.port('eth0', `${HQ.host}/24`)),
  ]);
  // The relay knows nothing of checksums that a kernel leaves to the next one.
  if (relayed) await peerNode.run(['ethtool', '-K', 'wan', 'tx', 'off']);
  await Promise.all([
    branchHost.route('default', BRANCH.lan),
    hqHost.route('default', HQ.lan),
    peerNode.route('default', HQ.router),
  ]);

  const psk = randomBytes(32).toString('base64url');
  const config = siteConfig(BRANCH, HQ, gateway.writeFile('tunnel.psk', psk));
  const connection = config.ike?.connections?.[0];
  if (connection === undefined) throw new Error('the site has no connection');
  connection.start = weInitiate ? 'initiate' : 'respond';
  connection.mobike = options.mobike ?? false;
  const { detectFailureWithinS } = options;
  if (detectFailureWithinS !== undefined) connection.detect_failure_within_s = detectFailureWithinS;
  for (const child of connection.children) child.esp_proposals = ours;

  const peer = await StockPeer.start(peerNode, {
    local: { address: HQ.wan, id: 'hq.example', network: HQ.lanNetwork },
    remote: { address: BRANCH.wan, id: 'branch.example', network: BRANCH.lanNetwork },
    psk,
    esp: theirs,
    detectsFailure: detectFailureWithinS !== undefined,
  });
  const branch = new Site(BRANCH, gateway, config);
  try {
    await branch.up();
    if (!weInitiate) await peer.initiate();
    await until(
      'a CHILD_SA with the peer',
      async () => (await branch.tunnels()).length > 0 && (await peer.sas()).length > 0,
    );
  } catch (error) {
    await branch.close();
    throw error;
  }
  return { lab, branchHost, branch, peer, peerNode, hqHost, router, wire };
}
