// Thousands of peers in one node: Debian's charon with its own ESP (the plugin kernel-libipsec), a connection each.
//
// Every peer has an outer address and an identity of its own, as far as its hub can see; behind it is a network of one
// address. Both addresses are the node's, so whatever is pinged through the hub answers. ESP is in UDP always.
import { LabError } from '../errors.js';
import type { LabNode } from '../nodes/node.js';
import type { NodeProcess } from '../nodes/node-process.js';
import { PEERS_MAX, type PeerNames, peerNames } from './peer-names.js';

const CHARON = '/usr/sbin/charon-systemd';
const PLUGINS = 'random nonce openssl kdf kernel-libipsec kernel-netlink socket-default vici';
/** Loading some thousand connections takes swanctl and charon seconds. */
const COMMAND_MS = 120_000;

export interface ManyPeersOptions {
  count: number;
  /** The node's device towards the hub, which is up. */
  device: string;
  hub: {
    address: string;
    id: string;
    /** What is behind it: `10.2.0.0/16`. */
    network: string;
  };
  /** One for all of them. */
  psk: string;
  /** Of ESP, as swanctl.conf writes it; AES-GCM with 128 bits, and X25519 when it is rekeyed, unless told. */
  esp?: string;
}

export class ManyPeers {
  readonly peers: readonly PeerNames[];

  private constructor(
    private readonly node: LabNode,
    private readonly charon: NodeProcess,
    private readonly options: ManyPeersOptions,
  ) {
    this.peers = Array.from({ length: options.count }, (_, i) => peerNames(i));
  }

  /** Gives the node the peers' addresses and starts their charon, with all connections loaded and none up. */
  static async start(node: LabNode, options: ManyPeersOptions): Promise<ManyPeers> {
    if (options.count > PEERS_MAX) throw new LabError('name', `there are names for ${PEERS_MAX} peers only`);
    const names = Array.from({ length: options.count }, (_, i) => peerNames(i));
    const addresses = names.flatMap(({ outer, inner }) => [outer, inner]);
    const lines = addresses.map((address) => `addr add ${address}/32 dev ${options.device}`);
    await node.run(['ip', '-batch', '-'], { input: `${lines.join('\n')}\n`, deadlineMs: COMMAND_MS });
    const charon = await node.start([CHARON], {
      name: 'charon',
      env: { STRONGSWAN_CONF: node.writeFile('strongswan.conf', strongswanConf(node)) },
    });
    const peers = new ManyPeers(node, charon, options);
    await charon.waitUntilReady(
      async () => (await peers.swanctl(['--stats'], { check: false })).code === 0,
      30_000,
    );
    await peers.load('none');
    return peers;
  }

  /** The number of their charon's process. */
  get pid(): number {
    return this.charon.pid;
  }

  /** Has all of them call their hub, at once. */
  async connect(): Promise<void> {
    await this.load('start');
  }

  private async load(start: 'none' | 'start'): Promise<void> {
    const file = this.node.writeFile('swanctl.conf', swanctlConf(this.options, this.peers, start));
    await this.swanctl(['--load-all', '--noprompt', '--file', file]);
  }

  private swanctl([command = '', ...rest]: readonly string[], { check = true } = {}) {
    const uri = `unix://${this.node.path('charon.vici')}`;
    return this.node.run(['swanctl', command, '--uri', uri, ...rest], { check, deadlineMs: COMMAND_MS });
  }
}

function strongswanConf(node: LabNode): string {
  return `
charon {
  load = ${PLUGINS}
  # As its documentation has it for thousands of IKE_SAs.
  ikesa_table_size = 4096
  ikesa_table_segments = 64
  # As a Sluice gateway asks again.
  retransmit_timeout = 1.0
  retransmit_base = 1.6
  retransmit_limit = 4
  retransmit_tries = 9
  plugins {
    vici { socket = unix://${node.path('charon.vici')} }
    kernel-netlink { roam_events = no }
  }
  filelog { stdout { default = 0 } }
}
charon-systemd { journal { default = -1 } }
swanctl { load = random openssl }
`;
}

function swanctlConf(
  { hub, psk, esp = 'aes128gcm16-x25519' }: ManyPeersOptions,
  peers: readonly PeerNames[],
  start: 'none' | 'start',
): string {
  const connections = peers.map(
    ({ name, id, outer, inner }) => `  ${name} {
    version = 2
    local_addrs = ${outer}
    remote_addrs = ${hub.address}
    proposals = aes128gcm16-prfsha256-x25519
    mobike = no
    keyingtries = 0
    local {
      auth = psk
      id = ${id}
    }
    remote {
      auth = psk
      id = ${hub.id}
    }
    children {
      net {
        local_ts = ${inner}/32
        remote_ts = ${hub.network}
        esp_proposals = ${esp}
        start_action = ${start}
      }
    }
  }`,
  );
  return `connections {
${connections.join('\n')}
}
secrets {
  ike {
    secret = "${psk}"
  }
}
`;
}
